"""What happens when somebody pushes: before git takes it, and after."""

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

# What a push asks for: one step forward of `main`, or a refusal that says what to do instead.


BRANCH: Final = "main"
REF: Final = f"refs/heads/{BRANCH}"


@dataclass(frozen=True, slots=True)
class Push:
    """`main` shall go from one commit to another."""

    old: str | None
    """None: nothing was pushed here yet."""
    new: str


def read_push(lines: Iterable[str], repository: Repository) -> Push:
    """Reads what git tells a hook: old, new and name of each ref. Raises `Refused`."""
    updates = [line.split(" ", 2) for line in (line.rstrip("\n") for line in lines) if line]
    others = sorted(name for _, _, name in updates if name != REF)
    if others:
        shown = ", ".join(name.removeprefix("refs/heads/") for name in others)
        raise Refused(
            f"only the branch `{BRANCH}` is published here, and no tags: keep {shown} elsewhere, "
            f"and push with `git push live {BRANCH}`"
        )
    if len(updates) != 1:
        raise Refused(f"nothing to publish: push with `git push live {BRANCH}`")
    old, new, _ = updates[0]
    if not new.strip("0"):
        raise Refused(f"`{BRANCH}` is what readers see: it cannot be deleted")
    if not repository.is_commit(new):
        raise Refused(f"`{BRANCH}` must be a branch of commits, and {new[:12]} is none")
    if not old.strip("0"):
        return Push(None, new)
    if not repository.leads_to(old, new):
        raise Refused(
            "this would take back what others have published: run `git pull --rebase live "
            f"{BRANCH}` and push again, without --force. To take back a publication, `git revert` "
            "it, or ask the operator for `gatepost rollback`"
        )
    return Push(old, new)


# Whether a push changes code or theme, which are installed by the operator and never by a push.
#
# A writer's clone holds the whole repository, so most pushes carry all of it. What counts is what
# differs both from what was last pushed and from what is installed: so a writer whose clone is
# older than the installed code may push, and one who has merged the installed code may, too.


NAMED: Final = 10
_LINK: Final = "120000"
_TELL: Final = "is code or theme, which a push does not change"
_FIX: Final = (
    "Push what you wrote alone: content/, campaigns/, clients/. Code and theme are installed by "
    "the operator first (deploy/README.md, Upgrade); then this same push is taken."
)


def check_outside_changes(old: Sequence[Entry], new: Sequence[Entry], installed: Path) -> None:
    """Raises `Refused` if anything but the three folders changes."""
    before = {entry.path: entry for entry in old if not is_published(entry)}
    after = {entry.path: entry for entry in new if not is_published(entry)}
    changed = [
        path
        for path in sorted(before.keys() | after.keys())
        if _blob(before.get(path)) != _blob(after.get(path))
        and not _is_installed(path, after.get(path), installed)
    ]
    if not changed:
        return
    lines = [f"{show_path(path)}: {_TELL}" for path in changed[:NAMED]]
    if len(changed) > NAMED:
        lines.append(f"{count_noun(len(changed) - NAMED, 'more file')}: the same")
    raise Refused("\n".join([*lines, _FIX]))


def _blob(entry: Entry | None) -> str | None:
    return entry.blob if entry else None


def _is_installed(path: str, entry: Entry | None, installed: Path) -> bool:
    """Whether the installed copy has just this file, or just as little has none."""
    there = installed / path
    try:
        if entry is None:
            return not there.is_symlink() and not there.exists()
        is_link = entry.mode == _LINK
        content = str(there.readlink()).encode() if is_link else there.read_bytes()
    except (OSError, ValueError):
        return False
    return _name_of(content, entry.blob) == entry.blob


def _name_of(content: bytes, like: str) -> str:
    """A blob's name as git makes it, SHA-1 or SHA-256 by the length of another."""
    make = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return make(b"blob %d\0" % len(content) + content).hexdigest()


def before_push(
    context: PublishContext, repository: Repository, lines: Iterable[str], now: datetime
) -> Release:
    """Judges the push and makes its release. Raises a `GatepostError`: git then refuses it."""
    push = read_push(lines, repository)
    with context.store.locked(
        lambda: context.report("Another push is being published; waiting for it.")
    ):
        if repository.tip(REF) != push.old:
            raise Refused(
                f"somebody's push was quicker: `git pull --rebase live {BRANCH}`, then push again"
            )
        entries = repository.entries(push.new)
        check_outside_changes(
            repository.entries(push.old) if push.old else [], entries, context.installed
        )
        return make_release(context, repository, push.new, entries, now)


def after_push(context: PublishContext, repository: Repository, now: datetime) -> Release | None:
    """Shows the release of the branch's tip, if it was never shown; None if there is none such.

    The tip and not the push: of two pushes in a row, the later one's release stays.
    """
    with context.store.locked():
        return publish_waiting(context, repository, now)


def publish_waiting(
    context: PublishContext, repository: Repository, now: datetime
) -> Release | None:
    """The same for one who holds the lock."""
    tip = repository.tip(REF)
    waiting = [one for one in context.store.all() if one.live_at is None and one.commit == tip]
    if not waiting:
        return None
    context.store.publish(waiting[-1], now)
    context.store.prune(context.settings.keep_releases, now, context.limits.releases)
    return waiting[-1]


# Publishes again without a push: what a timer does, and the operator after an upgrade.


def republish(context: PublishContext, now: datetime, *, if_due: bool) -> Release | None:
    """Builds the live release's commit again, with today's date and the installed code.

    First shows what a push left that was cut off after git had taken it. With `if_due` builds only
    if a post that was held back is due, and returns None if there is nothing to do.
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
            raise Refused("nothing was published yet: push first")
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
