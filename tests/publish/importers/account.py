"""An account of an export: each thing in it, and where it went. Nothing may be missing from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.publish.importers.conftest import Move


@dataclass(frozen=True, slots=True)
class Went:
    """Into a file, onto the list under a kind, or nowhere since it says nothing to people."""

    where: str
    said: str
    is_listed: bool = False
    is_nothing: bool = False


def carried(file: str, text: str) -> Went:
    """The file below the content folder, and what stands there for it."""
    return Went(file, text)


def told(kind: str, text: str) -> Went:
    """What the list says of it."""
    return Went(kind, text, is_listed=True)


def inner(reason: str) -> Went:
    """What the old system keeps for itself."""
    return Went("", reason, is_nothing=True)


def missing(
    account: Mapping[str, Went], things: Iterable[str], listed: Mapping[str, list[str]]
) -> list[str]:
    """What the account forgets, what it knows beyond the export, and what went elsewhere."""
    existing = set(things)
    wrong = [f"{thing}: not in the account" for thing in sorted(existing - account.keys())]
    wrong += [f"{thing}: not in the export" for thing in sorted(account.keys() - existing)]
    for thing, went in account.items():
        if went.is_nothing:
            continue
        if went.is_listed:
            text = "\n".join(listed.get(went.where, ()))
        else:
            text = Path("content", went.where).read_text(encoding="utf-8")
        if went.said not in text:
            wrong.append(f"{thing}: `{went.said}` is not in {went.where}")
    return wrong


def secrets_in(move: Move, words: Iterable[str], listed: Mapping[str, list[str]]) -> list[str]:
    """Which of these words stand in any file or on the list."""
    files = [
        path.read_text(encoding="utf-8") for path in (move.site.root / "content").rglob("*.md")
    ]
    return [word for word in words if any(word in text for text in (*files, str(listed)))]


def dead(message: str) -> str:
    """The file of the address that a check's finding quotes."""
    return message.split("`")[1].rsplit("/", 1)[-1]
