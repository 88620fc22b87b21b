"""Which item of an export becomes which file, with all that it says. Nothing is written here."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from capture.errors import Refused
from publish.imports.addresses import Addresses
from publish.imports.facts import Export, Item, Note, counted
from publish.imports.heads import Value, head_of
from publish.imports.leads_to import LeadsTo
from publish.imports.markup import cleaned
from publish.imports.notes import Notes
from publish.imports.pictures import Pictures
from publish.imports.places import Places, split
from publish.imports.text import clean
from publish.imports.to_markdown import markdown
from publish.imports.unshown import unshown
from publish.writing.outline import outline_of
from publish.writing.writing import Writing

_ANCHOR: Final = re.compile(r"""href=(?P<q>["'])[^"'#]*#(?P<id>[^"']+)(?P=q)""")
_LINKED: Final = re.compile(r"\]\((?:\{filename\}/(?P<name>[^\s#)]+))?#(?P<id>[^\s)]+)")


@dataclass(frozen=True, slots=True)
class Planned:
    """A file to write: its name below the content folder, what its head says, and its text."""

    name: str
    item: Item
    head: Mapping[str, Value]
    body: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an import would do."""

    files: tuple[Planned, ...]
    there: tuple[str, ...]
    """Files that are there already: theirs were not planned."""
    pictures: Mapping[Path, Path]
    """Where each picture goes: its place in the content folder to the file of the export."""
    notes: tuple[Note, ...]

    def __str__(self) -> str:
        posts = sum(file.item.kind == "post" for file in self.files)
        parts = (counted(posts, "post"), counted(len(self.files) - posts, "page"))
        return f"{', '.join(parts)} and {counted(len(self.pictures), 'picture')}"


def with_site(export: Export, site: str) -> Export:
    """The export, of a site at this address too. Raises `Refused` if it is none."""
    if not site:
        return export
    host = split(site if "//" in site else f"https://{site}").hostname
    if not host:
        raise Refused(f"--site: `{site}` is no address: write one such as https://www.example.com")
    return replace(export, hosts=export.hosts | {host.removeprefix("www.")})


def plan(export: Export, writing: Writing) -> Plan:
    """Decides all."""
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
        leads_to = LeadsTo(item, addresses, places, pictures, writing.layout, writing.now, say)
        text = cleaned(clean(item.html), leads_to, wanted)
        body = markdown(text.soup, text.raw)
        if not body:
            say("text", "has none")
        head = {
            **head_of(item, addresses.slugs[item], leads_to, writing.layout, writing.now),
            "aliases": tuple(addresses.aliases(item, say)),
            "canonical": leads_to.canonical(),
        }
        files.append(Planned(addresses.names[item], item, head, body))
    notes.told += unshown(export, places)
    files = list(_without_lost_anchors(files, notes))
    there = tuple(addresses.there.values())
    return Plan(tuple(files), there, pictures.copies, tuple(_by_file(export, addresses, notes)))


def _by_file(export: Export, addresses: Addresses, notes: Notes) -> Iterator[Note]:
    """Each note once, and how often, with the new file for what the export calls an item.

    Of what is there already nothing is told again.
    """
    items = {item.where: item for item in export.items}
    for note, times in Counter(notes.told).items():
        if times > 1:
            note = replace(note, told=f"{note.told} ({times} times)")  # noqa: PLW2901
        item = items.get(note.where)
        if item is None:
            yield note
        elif item not in addresses.there:
            yield replace(note, where=addresses.shown(item))


def _without_lost_anchors(files: list[Planned], notes: Notes) -> Iterator[Planned]:
    """A link to a part of a text that has no such part leads to the whole text."""
    bodies = {file.name: file.body for file in files}
    anchors: dict[str, Collection[str]] = {}
    for file in files:

        def kept(found: re.Match[str], here: Planned = file) -> str:
            name = found["name"] or here.name
            if name not in anchors:
                anchors[name] = outline_of(bodies.get(name, "")).anchors
            if unquote(found["id"]) in anchors[name]:
                return found[0]
            told = f"nothing in {name} is called `#{found['id']}`: the link leads to its top"
            notes.of(here.item.where)("link", told)
            return f"]({{filename}}/{name}"

        yield replace(file, body=_LINKED.sub(kept, file.body))
