"""Where each element of an export must go: into a file, into a note, or nowhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.publish.importers.conftest import ImportProject


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an element goes. `where` is a file, or the kind of a note."""

    where: str
    text: str
    is_note: bool = False
    is_ignored: bool = False


def imported(file: str, text: str) -> Destination:
    """The element is in this file below the content folder, as this text."""
    return Destination(file, text)


def noted(kind: str, text: str) -> Destination:
    """The element is in a note of this kind, with this text."""
    return Destination(kind, text, is_note=True)


def ignored(reason: str) -> Destination:
    """The element is internal to the old system."""
    return Destination("", reason, is_ignored=True)


def wrong_destinations(
    destinations: Mapping[str, Destination], elements: Iterable[str], notes: Mapping[str, list[str]]
) -> list[str]:
    """Elements without a destination, destinations without an element, and wrong destinations."""
    exported = set(elements)
    wrong = [f"{name}: no destination" for name in sorted(exported - destinations.keys())]
    wrong += [f"{name}: not in the export" for name in sorted(destinations.keys() - exported)]
    for name, destination in destinations.items():
        if destination.is_ignored:
            continue
        if destination.is_note:
            text = "\n".join(notes.get(destination.where, ()))
        else:
            text = Path("content", destination.where).read_text(encoding="utf-8")
        if destination.text not in text:
            wrong.append(f"{name}: `{destination.text}` is not in {destination.where}")
    return wrong


def leaked_words(
    project: ImportProject, words: Iterable[str], notes: Mapping[str, list[str]]
) -> list[str]:
    """The words that are in an imported file or in a note."""
    files = [
        path.read_text(encoding="utf-8") for path in (project.site.root / "content").rglob("*.md")
    ]
    return [word for word in words if any(word in text for text in (*files, str(notes)))]


def linked_file(message: str) -> str:
    """The file name in the address that a finding quotes."""
    return message.split("`")[1].rsplit("/", 1)[-1]
