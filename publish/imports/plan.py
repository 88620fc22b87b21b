"""Which item of an export becomes which file: slugs, addresses, heads, texts and pictures."""

import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from capture.errors import Refused, short_path
from publish.imports.facts import Export, Item, Note, counted, listed
from publish.imports.markup import cleaned
from publish.imports.pictures import Pictures
from publish.imports.places import Places, is_picture, path_key, split
from publish.imports.text import clean, line
from publish.imports.to_markdown import markdown
from publish.new import TOKEN_BYTES, fitting_slug
from publish.writing.kinds import OLD_PATH, SLUG
from publish.writing.layout import SUFFIXES, Kind
from publish.writing.model import LONGEST_SUMMARY, LONGEST_TITLE, SHORTEST_SUMMARY
from publish.writing.outline import outline_of
from publish.writing.writing import Writing

Value = str | tuple[str, ...] | bool
_ANCHOR: Final = re.compile(r"""href=(?P<q>["'])[^"'#]*#(?P<id>[^"']+)(?P=q)""")
_LINKED: Final = re.compile(r"\]\((?:\{filename\}/(?P<name>[^\s#)]+))?#(?P<id>[^\s)]+)")
_NO_FILES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)
"""Names that some systems keep for devices: a repository that holds them cannot be checked out."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A file to write: its name below the content folder, what its head says, and its text."""

    name: str
    kind: Kind
    item: Item
    slug: str
    head: Mapping[str, Value]
    body: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an import would do."""

    files: tuple[Planned, ...]
    there: tuple[str, ...]
    """Files that were not planned, for theirs are there already."""
    pictures: Mapping[Path, Path]
    """Where each picture goes: its place in the content folder to the file of the export."""
    notes: tuple[Note, ...]


def with_site(export: Export, site: str) -> Export:
    """The export, of a site at this address too. Raises `Refused` if it is none."""
    if not site:
        return export
    host = split(site if "//" in site else f"https://{site}").hostname
    if not host:
        raise Refused(f"--site: `{site}` is no address: write one such as https://www.example.com")
    return replace(export, hosts=export.hosts | {host.removeprefix("www.")})


def plan(export: Export, writing: Writing) -> Plan:
    """Decides all and writes nothing."""
    return _Planning(export, writing).plan()


class _Planning:
    def __init__(self, export: Export, writing: Writing) -> None:
        self._export = export
        self._writing = writing
        self._layout = writing.layout
        self._notes = list(export.notes)
        self._places = Places(export)
        self._pictures = Pictures(self._layout)
        self._names: dict[int, str] = {}
        self._slugs: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        """Items by their files."""
        self._by_path: dict[str, int] = {}
        self._wanted = frozenset(
            unquote(found["id"]) for item in export.items for found in _ANCHOR.finditer(item.html)
        )

    def plan(self) -> Plan:
        self._give_slugs()
        there: list[str] = []
        files: list[Planned] = []
        taken = self._taken_aliases()
        for number, item in enumerate(self._export.items):
            holder = self._holder(number)
            if holder:
                there.append(holder)
                continue
            files.append(self._file(number, item, taken))
        self._unused_files()
        return Plan(
            tuple(self._without_lost_anchors(files)),
            tuple(there),
            self._pictures.copies,
            tuple(dict.fromkeys(self._by_file())),
        )

    # slugs and addresses

    def _give_slugs(self) -> None:
        own = {file.removesuffix("/index.html") for file in self._layout.own_pages}
        folders = {path.name for path in self._layout.static} | {"drafts", "static", "theme"}
        taken = {*own, *folders, *_NO_FILES}
        for number, item in enumerate(self._export.items):
            slug = wished = self._slug(item, number)
            copy = 2
            while slug in taken:
                slug, copy = f"{wished}-{copy}", copy + 1
            if slug != wished:
                told = f"the slug `{wished}` is taken: it is `{slug}` here"
                self._note(item.where, "slug", told)
            elif slug != item.slug and item.slug:
                self._note(item.where, "slug", f"`{item.slug}` is `{slug}` here")
            taken.add(slug)
            self._slugs[number] = slug
            folder = self._layout.folders[item.kind][0].relative_to(self._layout.content)
            self._names[number] = (folder / f"{slug}.md").as_posix()
            self._numbers[self._names[number]] = number
        for number, item in reversed(list(enumerate(self._export.items))):
            for path in (*item.aliases, item.address or f"/{item.slug}/"):
                self._by_path[path_key(path)] = number

    def _by_file(self) -> Iterator[Note]:
        """The notes, with the new file in the place of what the export calls an item."""
        files = {item.where: self._names[n] for n, item in enumerate(self._export.items)}
        for note in self._notes:
            name = files.get(note.where)
            where = short_path(self._layout.content / name) if name else note.where
            yield replace(note, where=where)

    def _slug(self, item: Item, number: int) -> str:
        for wish in (item.slug, item.title):
            made = wish if SLUG.fullmatch(wish) else self._layout.slugify(wish)
            slug = fitting_slug(made)
            if SLUG.fullmatch(slug):
                return slug
        return f"untitled-{number + 1}"

    def _holder(self, number: int) -> str:
        """The file that has the item's name or slug already."""
        path = self._layout.content / self._names[number]
        if path.exists() or path.is_symlink():
            return short_path(path)
        found = self._writing.by_slug.get(self._slugs[number])
        return found.where if found else ""

    def _taken_aliases(self) -> set[str]:
        """Addresses that lead somewhere already."""
        mine = {f"{slug}/" for slug in self._slugs.values()}
        return mine | set(self._writing.by_address)

    def _aliases(self, number: int, item: Item, taken: set[str]) -> Iterator[str]:
        """Old paths that are not the new one, each as a slug if it can be one."""
        for path in (item.address, *item.aliases):
            if not path:
                continue
            old = unquote(split(path).path)
            if old.strip("/") in {self._slugs[number], ""}:
                if split(path).query:
                    told = f"its old address {path} has a `?`: no page can stand there"
                    self._note(item.where, "address", told)
                continue
            name = old.strip("/")
            alias = name if SLUG.fullmatch(name) else f"/{name}" + "/" * old.endswith("/")
            url, file = self._layout.old_address(item.kind, alias, None)
            first = name.split("/", 1)[0]
            reserved = {folder.name for folder in self._layout.static} | {"drafts", "static"}
            if not SLUG.fullmatch(alias) and not OLD_PATH.fullmatch(alias):
                told = f"its old address {path} holds signs that no file here may: lead it by hand"
                self._note(item.where, "address", told)
            elif url in taken or f"{url}/" in taken or file in self._layout.own_pages:
                told = f"its old address {path} is that of another page here: nothing leads on"
                self._note(item.where, "address", told)
            elif first in reserved:
                told = f"its old address {path} lies in a folder of the site: lead it by hand"
                self._note(item.where, "address", told)
            else:
                taken.add(url)
                yield alias

    def _unused_files(self) -> None:
        """What lies in a folder of its own beside a text, and the text does not show."""
        carried = set(self._pictures.sources)
        for number, item in enumerate(self._export.items):
            for path in sorted(item.folder.rglob("*")) if item.folder else ():
                if path.is_file() and path.suffix not in SUFFIXES and path.resolve() not in carried:
                    told = f"{path.name} lies beside it and was not carried: the text shows no such"
                    self.note(number, "file", f"{told} picture")

    # heads

    def _file(self, number: int, item: Item, taken: set[str]) -> Planned:
        slug, name = self._slugs[number], self._names[number]
        carrier = _Carrier(self, number, item)
        body = markdown(cleaned(clean(item.html), carrier, self._wanted), carrier)
        if not body:
            carrier.note("text", "has no text")
        aliases = tuple(self._aliases(number, item, taken))
        head = dict(self._head(item, slug, aliases, carrier))
        return Planned(name, item.kind, item, slug, head, body)

    def _head(
        self, item: Item, slug: str, aliases: tuple[str, ...], carrier: "_Carrier"
    ) -> Iterator[tuple[str, Value]]:
        title = line(item.title)
        if not title:
            carrier.note("title", "has no title: write one")
        elif len(title) > LONGEST_TITLE:
            carrier.note("title", f"has {len(title)} characters: {LONGEST_TITLE} are shown")
        yield "title", title or slug
        yield from self._dates(item, carrier)
        if item.kind == "post":
            yield "category", line(item.category)
            yield "tags", _words(item.tags, item.category)
            yield "author", _words(item.authors)
            yield "series", line(item.series)
        elif item.tags or item.category:
            told = (
                f"a page has no tags here: {listed([*filter(None, [item.category]), *item.tags])}"
            )
            carrier.note("tags", told)
        yield "slug", slug
        yield "summary", self._summary(item, carrier)
        yield "image", (image := self._image(item, carrier))
        yield "image_alt", line(item.image_alt) if image else ""
        if image and not line(item.image_alt):
            carrier.note("alt", f"{image}: say what one sees on it, as `image_alt`")
        yield "aliases", aliases
        yield "canonical", self._canonical(item, carrier)
        yield "noindex", item.noindex
        if item.status != "published":
            yield "status", item.status
        if item.status == "draft" or self._is_to_come(item):
            yield "preview", secrets.token_urlsafe(TOKEN_BYTES)

    def _dates(self, item: Item, carrier: "_Carrier") -> Iterator[tuple[str, Value]]:
        published = self._local(item.date)
        if published:
            yield "date", published
        elif item.kind == "post":
            carrier.note("date", "has no date: write one")
        modified = self._local(item.modified)
        if modified and published and modified[:10] > published[:10]:
            yield "modified", modified[:10]

    def _local(self, when: datetime | date | None) -> str:
        if when is None or not 1900 <= when.year <= 2999:
            return ""
        if isinstance(when, datetime):
            aware = when if when.tzinfo else when.replace(tzinfo=UTC)
            return aware.astimezone(self._layout.zone).strftime("%Y-%m-%d %H:%M")
        return when.isoformat()

    def _is_to_come(self, item: Item) -> bool:
        now = self._writing.now.astimezone(self._layout.zone).strftime("%Y-%m-%d %H:%M")
        return item.kind == "post" and self._local(item.date) > now

    def _summary(self, item: Item, carrier: "_Carrier") -> str:
        offered = [words for words in map(line, item.summaries) if words]
        fits = [s for s in offered if SHORTEST_SUMMARY <= len(s) <= LONGEST_SUMMARY]
        size = f"{SHORTEST_SUMMARY} to {LONGEST_SUMMARY} characters"
        if not offered:
            carrier.note("summary", f"has none: write one of {size}")
        elif not fits:
            carrier.note("summary", f"has {len(offered[0])} characters: make it {size}")
        return (fits or offered or [""])[0]

    def _image(self, item: Item, carrier: "_Carrier") -> str:
        if not item.image:
            return ""
        found = carrier.picture(item.image)
        return found.removeprefix("{static}") if found.startswith("{static}") else ""

    def _canonical(self, item: Item, carrier: "_Carrier") -> str:
        url = line(item.canonical)
        if not url:
            return ""
        if split(url).scheme in {"http", "https"} and split(url).hostname and " " not in url:
            return "" if self._places.path(url, item) is not None else url
        carrier.note("canonical", f"`{url}` is no full address: it was left out")
        return ""

    # links

    def target(self, number: int, item: Item, href: str) -> str | None:
        """The file of this export that a link leads to, as a link to it."""
        path = self._places.path(href, item)
        if path is None or (not path and not split(href).fragment):
            return None
        fragment = split(href).fragment
        ending = f"#{fragment}" if fragment else ""
        if not path:
            return ending
        found = self._by_path.get(path_key(path))
        if found is None or split(href).query:
            return None
        return (
            ending if found == number and ending else f"{{filename}}/{self._names[found]}{ending}"
        )

    def keeps_readers_out(self, item: Item, link: str) -> bool:
        """Whether a link that readers see would lead to a text that they do not."""
        path = link.partition("#")[0].removeprefix("{filename}/")
        if item.status == "draft" or not path:
            return False
        number = self._numbers[path]
        to = self._export.items[number]
        later = self._is_to_come(to) and self._local(to.date) > self._local(item.date)
        return to.status == "draft" or later

    def is_of_the_old_site(self, item: Item, href: str) -> bool:
        return self._places.path(href, item) is not None

    def picture(self, item: Item, source: str) -> str:
        """The address of a picture here; empty if the export does not hold it."""
        found = self._places.file(source, item)
        return self._pictures.place(*found) if found else ""

    def note(self, number: int, kind: str, told: str) -> None:
        self._note(short_path(self._layout.content / self._names[number]), kind, told)

    def _note(self, where: str, kind: str, told: str) -> None:
        self._notes.append(Note(kind, where, told))

    def _without_lost_anchors(self, files: list[Planned]) -> Iterator[Planned]:
        """Links to a part of a text that has no such part lead to the text."""
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
                self.note(self._numbers[here.name], "link", told)
                return f"]({{filename}}/{name}"

            yield replace(file, body=_LINKED.sub(kept, file.body))


class _Carrier:
    """Where the links and pictures of one text lead."""

    def __init__(self, planning: _Planning, number: int, item: Item) -> None:
        self._planning = planning
        self._number = number
        self._item = item

    def note(self, kind: str, told: str) -> None:
        self._planning.note(self._number, kind, told)

    def link(self, href: str) -> str:
        scheme = split(href).scheme
        if scheme not in {"", "http", "https", "mailto", "tel"}:
            self.note("script", f"a link to `{scheme}:` was taken out")
            return ""
        found = self._planning.target(self._number, self._item, href)
        if found is not None and self._planning.keeps_readers_out(self._item, found):
            self.note("link", f"{href} leads to a draft, or to a post to come: it was taken out")
            return ""
        if found is not None:
            return found
        if is_picture(href) and (picture := self._planning.picture(self._item, href)):
            return picture
        if not self._planning.is_of_the_old_site(self._item, href):
            return href
        self.note("link", f"{href} is not in the export: it was left as it is")
        return href

    def picture(self, src: str) -> str:
        if src.startswith("data:") or not src:
            self.note("picture", "one within the text, or without an address, was taken out")
            return ""
        found = self._planning.picture(self._item, src)
        if found:
            return found
        if split(src).scheme in {"http", "https"} or src.startswith(("//", "__GHOST_URL__")):
            self.note("picture", f"{src} is not in the export: put it into images/ by hand")
            return f"https:{src}" if src.startswith("//") else src
        self.note("picture", f"`{src}` is not in the export: it was taken out")
        return ""


def _words(words: tuple[str, ...], *but: str) -> tuple[str, ...]:
    """Each once, none empty."""
    kept = dict.fromkeys(word for word in map(line, words) if word and word not in but)
    return tuple(kept)


def summary_of(plan: Plan) -> str:
    """`12 posts, 2 pages and 5 pictures`."""
    posts = sum(file.kind == "post" for file in plan.files)
    parts = (counted(posts, "post"), counted(len(plan.files) - posts, "page"))
    return f"{', '.join(parts)} and {counted(len(plan.pictures), 'picture')}"
