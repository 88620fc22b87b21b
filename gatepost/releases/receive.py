"""Receives a push: checks it and makes its release before git accepts it; publishes it afterwards.

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

BRANCH: Final = "main"
REF: Final = f"refs/heads/{BRANCH}"


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
    """Publishes the release of the branch's tip. Returns None if no release of it waits.

    It uses the tip, not the pushed commit: of two pushes in a row, the later release stays live.
    """
    with context.store.locked():
        return publish_waiting(context, repository, now)


def republish(context: PublishContext, now: datetime, *, if_due: bool) -> Release | None:
    """Builds the live release's commit again, with today's date and the installed code.

    First publishes the release of a push that was interrupted after git had accepted it. `if_due`
    builds only if a held-back post is due. Returns None if there is nothing to do.
    Raises a `GatepostError`.
    """
    from publish.checks.project import read_published  # noqa: PLC0415 - no push needs the rules

    with context.store.locked():
        for waiting in context.store.all():
            repository = Repository(Path(waiting.repository))
            if waiting.live_at is None and (release := publish_waiting(context, repository, now)):
                return release
        live = context.store.live_release()
        if live is None:
            if if_due:
                return None
            raise Refused("nothing has been published yet: push first")
        due = read_published(context.store.path(live.name) / "output" / "published.json").due
        if if_due and (due is None or due > now):
            return None
        repository = Repository(Path(live.repository))
        release = make_release(
            context, repository, live.commit, repository.entries(live.commit), now
        )
        context.store.publish(release, now)
        context.store.prune(context.settings.keep_releases, now, context.limits.releases)
        return release


def publish_waiting(
    context: PublishContext, repository: Repository, now: datetime
) -> Release | None:
    """Publishes the release of the branch's tip, if one waits. Needs the store's lock."""
    tip = repository.tip(REF)
    waiting = [
        release
        for release in context.store.all()
        if release.live_at is None and release.commit == tip
    ]
    if not waiting:
        return None
    context.store.publish(waiting[-1], now)
    context.store.prune(context.settings.keep_releases, now, context.limits.releases)
    return waiting[-1]


# --- what a push may change ---


@dataclass(frozen=True, slots=True)
class Push:
    """A move of `main` from one commit to another."""

    old: str | None
    """None for the first push."""
    new: str


def read_push(lines: Iterable[str], repository: Repository) -> Push:
    """Reads git's lines for a hook: old commit, new commit and ref name. Raises `Refused`."""
    updates = [line.split(" ", 2) for line in (line.rstrip("\n") for line in lines) if line]
    other_refs = sorted(name for _, _, name in updates if name != REF)
    if other_refs:
        names = ", ".join(name.removeprefix("refs/heads/") for name in other_refs)
        raise Refused(
            f"only the branch `{BRANCH}` is published here, and no tags: push {names} to another "
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
# installed copy. So a writer may push from an older clone, and after merging the installed code.

MAX_LISTED: Final = 10
"""How many changed files the message lists."""
_LINK_MODE: Final = "120000"
_NOT_CHANGED_BY_PUSH: Final = "is code or theme, which a push does not change"
_FIX: Final = (
    "Push only changes in content/, campaigns/ and clients/. The operator installs code and theme "
    "first (deploy/README.md, Upgrade); after that, this push is accepted."
)


def check_outside_changes(old: Sequence[Entry], new: Sequence[Entry], install_dir: Path) -> None:
    """Raises `Refused` if a file outside the three folders changes."""
    old_by_path = {entry.path: entry for entry in old if not is_published(entry)}
    new_by_path = {entry.path: entry for entry in new if not is_published(entry)}
    changed = [
        path
        for path in sorted(old_by_path.keys() | new_by_path.keys())
        if _blob(old_by_path.get(path)) != _blob(new_by_path.get(path))
        and not _is_installed(path, new_by_path.get(path), install_dir)
    ]
    if not changed:
        return
    lines = [f"{show_path(path)}: {_NOT_CHANGED_BY_PUSH}" for path in changed[:MAX_LISTED]]
    if len(changed) > MAX_LISTED:
        lines.append(f"{count_noun(len(changed) - MAX_LISTED, 'more file')}: the same")
    raise Refused("\n".join([*lines, _FIX]))


def _blob(entry: Entry | None) -> str | None:
    return entry.blob if entry else None


def _is_installed(path: str, entry: Entry | None, install_dir: Path) -> bool:
    """Whether the installed copy has the same file, or none if `entry` is None."""
    file = install_dir / path
    try:
        if entry is None:
            return not file.is_symlink() and not file.exists()
        is_link = entry.mode == _LINK_MODE
        content = str(file.readlink()).encode() if is_link else file.read_bytes()
    except (OSError, ValueError):
        return False
    return _blob_hash(content, entry.blob) == entry.blob


def _blob_hash(content: bytes, example: str) -> str:
    """Git's hash of a blob: SHA-1 or SHA-256, whichever `example` is."""
    algorithm = hashlib.sha256 if len(example) == 64 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(content) + content).hexdigest()
