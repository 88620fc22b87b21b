"""Plans an import and writes the plan.

`plan_import` decides on each file, picture and note without writing. `write_plan` writes all files
or none.
"""

import errno
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from capture.errors import Refused, Unavailable, short_path
from capture.paths import ConfinedFolder
from publish.checks.outline import outline_of
from publish.checks.project import Writing
from publish.importers.front_matter import Value, front_matter_of
from publish.importers.links import Addresses, ItemLinkRewriter
from publish.importers.markdown import markdown
from publish.importers.markup import clean_html
from publish.importers.model import Export, ImportNote, Item, Notes, count_noun
from publish.importers.places import Pictures, Places, path_key, spellings, split
from publish.importers.text import clean

_ADDRESS: Final = re.compile(r"""\b(?:src|href|data-src|data)\s*=\s*["']?([^"'<>]+)""")
_TEXTS: Final = frozenset(
    {".md", ".markdown", ".html", ".org", ".adoc", ".rst", ".ipynb", ".pandoc"}
)


def unreferenced_files(export: Export, places: Places) -> Iterator[ImportNote]:
    """Notes for files that are not imported: media that the export names, then other files."""
    shown, files = set[str](), set[Path]()
    for item in export.items:
        for address in _addresses(item):
            found = places.file(address, item)
            if found is not None:
                files.add(found[0])
            shown |= _keys(split(address).path)
    named = set[str]()
    for media in export.media:
        keys = _keys(split(media.address).path)
        named |= keys
        if not keys & shown:
            where = media.address or "without an address"
            yield ImportNote(
                "attachment", media.where, f"no text shows it, so it was not imported: {where}"
            )
    for root in export.roots:
        for path in sorted(root.folder.rglob("*")):
            name = path.relative_to(root.folder).as_posix()
            if not path.is_file() or path.name.startswith("."):
                continue
            keys = _keys(f"{root.prefix}{name}")
            if path.resolve() in files or keys & named or _is_text(export, path):
                continue
            if any((root.folder / other).is_file() for other in list(spellings(name))[1:]):
                continue  # a resized copy of a picture in the same folder
            reason = "texts link to it" if keys & shown else "no text shows it"
            yield ImportNote("file", f"{root.folder.name}/{name}", f"{reason}; not imported")


def _addresses(item: Item) -> Iterator[str]:
    yield from (unescape(found[1]) for found in _ADDRESS.finditer(item.html))
    if item.image:
        yield item.image


def _keys(path: str) -> set[str]:
    return {path_key(spelt) for spelt in spellings(unquote(path))} - {"/"}


def _is_text(export: Export, path: Path) -> bool:
    """Whether the file is a text of the content folder: its reader imports or notes it."""
    return path.suffix.lower() in _TEXTS and any(
        root.prefix == "/" and root.folder.name == "content" and path.is_relative_to(root.folder)
        for root in export.roots
    )


_ANCHOR: Final = re.compile(r"""href=(?P<q>["'])[^"'#]*#(?P<id>[^"']+)(?P=q)""")
_LINKED: Final = re.compile(r"\]\((?:\{filename\}/(?P<name>[^\s#)]+))?#(?P<id>[^\s)]+)")


@dataclass(frozen=True, slots=True)
class Planned:
    """A file to write: its name below the content folder, its front matter and its body."""

    name: str
    item: Item
    front_matter: Mapping[str, Value]
    body: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an import will do."""

    files: tuple[Planned, ...]
    existing: tuple[str, ...]
    """Existing files, whose items are skipped."""
    pictures: Mapping[Path, Path]
    """Pictures to copy: place in the content folder to file of the export."""
    notes: tuple[ImportNote, ...]

    def __str__(self) -> str:
        posts = sum(file.item.kind == "post" for file in self.files)
        parts = (count_noun(posts, "post"), count_noun(len(self.files) - posts, "page"))
        return f"{', '.join(parts)} and {count_noun(len(self.pictures), 'picture')}"


def with_site(export: Export, site: str) -> Export:
    """The export with a further address of the old site. Raises `Refused` if it is not valid."""
    if not site:
        return export
    host = split(site if "//" in site else f"https://{site}").hostname
    if not host:
        raise Refused(
            f"`{site}` is not the address of a site: write one such as https://www.example.com"
        )
    return replace(export, hosts=export.hosts | {host.removeprefix("www.")})


def plan_import(export: Export, writing: Writing) -> Plan:
    """Plans the import of an export. Writes nothing."""
    notes = Notes(list(export.notes))
    addresses = Addresses(export, writing, notes)
    pictures = Pictures(writing.layout)
    places = Places(export)
    wanted = frozenset(
        unquote(found["id"]) for item in export.items for found in _ANCHOR.finditer(item.html)
    )
    files: list[Planned] = []
    for item in export.items:
        if item in addresses.there:
            continue
        say = notes.of(item.where)
        rewriter = ItemLinkRewriter(
            item, addresses, places, pictures, writing.layout, writing.now, say
        )
        text = clean_html(clean(item.html), rewriter, wanted)
        body = markdown(text.soup, text.raw)
        if not body:
            say("text", "the text is empty")
        front_matter = {
            **front_matter_of(item, addresses.slugs[item], rewriter, writing.layout, writing.now),
            "aliases": tuple(addresses.aliases(item, say)),
            "canonical": rewriter.canonical(),
        }
        files.append(Planned(addresses.names[item], item, front_matter, body))
    notes.notes += unreferenced_files(export, places)
    files = list(_without_lost_anchors(files, notes))
    there = tuple(addresses.there.values())
    return Plan(tuple(files), there, pictures.copies, tuple(_merge_notes(export, addresses, notes)))


def _merge_notes(export: Export, addresses: Addresses, notes: Notes) -> Iterator[ImportNote]:
    """Each note once, with its count, and with the new file instead of the name in the export.

    Notes of existing items are dropped.
    """
    items = {item.where: item for item in export.items}
    for note, times in Counter(notes.notes).items():
        if times > 1:
            note = replace(note, message=f"{note.message} ({times} times)")  # noqa: PLW2901
        item = items.get(note.where)
        if item is None:
            yield note
        elif item not in addresses.there:
            yield replace(note, where=addresses.shown(item))


def _without_lost_anchors(files: list[Planned], notes: Notes) -> Iterator[Planned]:
    """Removes the `#anchor` of links whose target text does not have it, and notes each."""
    bodies = {file.name: file.body for file in files}
    anchors: dict[str, Collection[str]] = {}
    for file in files:

        def kept(found: re.Match[str], here: Planned = file) -> str:
            name = found["name"] or here.name
            if name not in anchors:
                anchors[name] = outline_of(bodies.get(name, "")).anchors
            if unquote(found["id"]) in anchors[name]:
                return found[0]
            text = f"{name} has no anchor `#{found['id']}`: the link leads to its top"
            notes.of(here.item.where)("link", text)
            return f"]({{filename}}/{name}"

        yield replace(file, body=_LINKED.sub(kept, file.body))


_BARE: Final = frozenset({"date", "modified", "slug", "status", "preview"})


def text_of(file: Planned) -> str:
    """The complete file: front matter in YAML, then the body."""
    return f"{_yaml_front_matter(file.front_matter)}\n{file.body}"


def write_plan(plan: Plan, content: Path) -> None:
    """Writes all files of a plan, or none. Never overwrites a file.

    Raises `Refused` if a file would lie outside the content folder or appears during the run,
    `Unavailable` if one cannot be written; then it deletes the files of this run.
    """
    _check_places(plan, ConfinedFolder(content))
    results: list[Path] = []
    folders: list[Path] = []
    where = content
    try:
        for where, source in plan.pictures.items():
            _make_folder(where.parent, folders)
            with where.open("xb") as file, source.open("rb") as picture:
                results.append(where)
                shutil.copyfileobj(picture, file)
        for planned in plan.files:
            where = content / planned.name
            _make_folder(where.parent, folders)
            with where.open("x", encoding="utf-8", newline="\n") as text:
                results.append(where)
                text.write(text_of(planned))
    except FileExistsError:
        _undo(results, folders)
        message = "was created while the import ran; nothing was written: run the import again"
        raise Refused(f"{short_path(where)}: {message}") from None
    except OSError as error:
        _undo(results, folders)
        raise Unavailable(f"{short_path(where)}: {error.strerror}; nothing was written") from None
    except BaseException:
        _undo(results, folders)
        raise


def _check_places(plan: Plan, content: ConfinedFolder) -> None:
    pictures = (os.path.relpath(place, content.folder) for place in plan.pictures)
    for name in (*pictures, *(planned.name for planned in plan.files)):
        if problem := content.why_outside(name):
            where = short_path(content.folder / name)
            raise Refused(
                f"{where}: {problem}; nothing was written: replace the symbolic link by a folder"
            )


def _make_folder(folder: Path, results: list[Path]) -> None:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    folder.mkdir(parents=True, exist_ok=True)
    results += reversed(missing)


def _undo(files: list[Path], folders: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
    for folder in reversed(folders):
        folder.rmdir()


def _yaml_front_matter(front_matter: Mapping[str, Value]) -> str:
    """Front matter with values in JSON syntax, which is valid YAML. Omits empty values."""
    lines = (f"{key}: {_value(key, value)}" for key, value in front_matter.items() if value)
    return "\n".join(["---", *lines, "---"]) + "\n"


def _value(key: str, value: Value) -> str:
    if key in _BARE or value is True:
        return str(value).lower() if value is True else str(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
