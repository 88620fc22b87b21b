"""Receives a push: checks it and makes its release before git accepts it, publishes it after.

`before_push` and `after_push` are the two git hooks. `republish` publishes without a push.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from capture.errors import Refused
from capture.text import count_noun
from gatepost.releases.context import PublishContext
from gatepost.releases.git import Entry, Repository, is_published, show_path
from gatepost.releases.make_release import make_release
from gatepost.releases.store import Release
from publish.checks.project import read_published

BRANCH: Final = "main"
REF: Final = f"refs/heads/{BRANCH}"


@dataclass(frozen=True, slots=True)
class Push:
    """A move of `main` from one commit to another."""

    old: str | None
    """None for the first push."""
    new: str


def read_push(lines: Iterable[str], repository: Repository) -> Push:
    """Reads git's lines for a hook: old commit, new commit and ref name. Raises `Refused`."""
    updates = [line.split(" ", 2) for line in (line.rstrip("\n") for line in lines) if line]
    others = sorted(name for _, _, name in updates if name != REF)
    if others:
        shown = ", ".join(name.removeprefix("refs/heads/") for name in others)
        raise Refused(
            f"only the branch `{BRANCH}` is published here, and no tags: push {shown} to another "
            f"remote, and publish with `git push live {BRANCH}`"
        )
    if len(updates) != 1:
        raise Refused(f"nothing to publish: push with `git push live {BRANCH}`")
    old, new, _ = updates[0]
    if not new.strip("0"):
        raise Refused(f"`{BRANCH}` is the published branch: it cannot be deleted")
    if not repository.is_commit(new):
        raise Refused(
            f"`{BRANCH}` must point to a commit, and {new[:12]} is not one: push a branch"
        )
    if not old.strip("0"):
        return Push(None, new)
    if not repository.is_ancestor(old, new):
        raise Refused(
            "this push would remove commits that others have published: run "
            f"`git pull --rebase live {BRANCH}` and push again, without --force. "
            "To undo a publication, `git revert` it, or ask the operator for `gatepost rollback`"
        )
    return Push(old, new)


# A push must not change code or theme: the operator installs them. A push contains the complete
# repository, so a file counts as changed only if it differs from the last push and from the
# installed copy. A writer may thus push from an older clone and after merging the installed code.

NAMED: Final = 10
_LINK: Final = "120000"
_NOT_CHANGED_BY_PUSH: Final = "is code or theme, which a push does not change"
_FIX: Final = (
    "Push only changes in content/, campaigns/ and clients/. The operator installs code and theme "
    "first (deploy/README.md, Upgrade); after that, this push is accepted."
)


def check_outside_changes(old: Sequence[Entry], new: Sequence[Entry], install_dir: Path) -> None:
    """Raises `Refused` if a file outside the three folders changes."""
    before = {entry.path: entry for entry in old if not is_published(entry)}
    after = {entry.path: entry for entry in new if not is_published(entry)}
    changed = [
        path
        for path in sorted(before.keys() | after.keys())
        if _blob(before.get(path)) != _blob(after.get(path))
        and not _is_installed(path, after.get(path), install_dir)
    ]
    if not changed:
        return
    lines = [f"{show_path(path)}: {_NOT_CHANGED_BY_PUSH}" for path in changed[:NAMED]]
    if len(changed) > NAMED:
        lines.append(f"{count_noun(len(changed) - NAMED, 'more file')}: the same")
    raise Refused("\n".join([*lines, _FIX]))


def _blob(entry: Entry | None) -> str | None:
    return entry.blob if entry else None


def _is_installed(path: str, entry: Entry | None, install_dir: Path) -> bool:
    """Whether the installed copy has the same file, or none if `entry` is None."""
    there = install_dir / path
    try:
        if entry is None:
            return not there.is_symlink() and not there.exists()
        is_link = entry.mode == _LINK
        content = str(there.readlink()).encode() if is_link else there.read_bytes()
    except (OSError, ValueError):
        return False
    return _blob_name(content, entry.blob) == entry.blob


def _blob_name(content: bytes, like: str) -> str:
    """The git name of a blob: SHA-1 or SHA-256, by the length of the name `like`."""
    make = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return make(b"blob %d\0" % len(content) + content).hexdigest()


def before_push(
    context: PublishContext, repository: Repository, lines: Iterable[str], now: datetime
) -> Release:
    """Checks the push and makes its release. A raised `GatepostError` refuses the push."""
    push = read_push(lines, repository)
    with context.store.locked(
        lambda: context.report("Another push is being published; waiting for it.")
    ):
        if repository.tip(REF) != push.old:
            raise Refused(
                f"another push came first: run `git pull --rebase live {BRANCH}`, then push again"
            )
        entries = repository.entries(push.new)
        check_outside_changes(
            repository.entries(push.old) if push.old else [], entries, context.install_dir
        )
        return make_release(context, repository, push.new, entries, now)


def after_push(context: PublishContext, repository: Repository, now: datetime) -> Release | None:
    """Publishes the release of the branch's tip; None if no release of it waits.

    It takes the tip, not the pushed commit: of two pushes in a row, the later release stays live.
    """
    with context.store.locked():
        return publish_waiting(context, repository, now)


def publish_waiting(
    context: PublishContext, repository: Repository, now: datetime
) -> Release | None:
    """Publishes the waiting release of the branch's tip, if any. Needs the store's lock."""
    tip = repository.tip(REF)
    waiting = [one for one in context.store.all() if one.live_at is None and one.commit == tip]
    if not waiting:
        return None
    context.store.publish(waiting[-1], now)
    context.store.prune(context.settings.keep_releases, now, context.limits.releases)
    return waiting[-1]


def republish(context: PublishContext, now: datetime, *, if_due: bool) -> Release | None:
    """Builds the live release's commit again, with today's date and the installed code.

    First publishes the release of a push that was interrupted after git had accepted it. `if_due`
    builds only if a held-back post is due. Returns None if there is nothing to do.
    Raises a `GatepostError`.
    """
    with context.store.locked():
        for waiting in context.store.all():
            repository = Repository(Path(waiting.repository))
            if waiting.live_at is None and (shown := publish_waiting(context, repository, now)):
                return shown
        live = context.store.current()
        if live is None:
            if if_due:
                return None
            raise Refused("nothing has been published yet: push first")
        due = read_published(context.store.path(live.name) / "output" / "published.json").due
        if if_due and (due is None or due > now):
            return None
        repository = Repository(Path(live.repository))
        created = make_release(
            context, repository, live.commit, repository.entries(live.commit), now
        )
        context.store.publish(created, now)
        context.store.prune(context.settings.keep_releases, now, context.limits.releases)
        return created
