"""What a push asks for: one step forward of `main`, or a refusal that says what to do instead."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from capture.errors import Refused
from gatepost.releases.git import Repository

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
