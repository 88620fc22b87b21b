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
from capture.text import count_noun
from publish.checks.name_slugs import SLUGS_FILE
from publish.checks.notes import Syntax
from publish.checks.outline import outline_of
from publish.checks.project import Writing
from publish.importers.export_files import (
    AddressResolver,
    PictureTargets,
    path_key,
    path_variants,
    split_address,
)
from publish.importers.front_matter import Value, build_front_matter
from publish.importers.links import ItemLinkRewriter, ItemTargets
from publish.importers.markdown import to_markdown
from publish.importers.markup import clean_html
from publish.importers.model import Export, ImportNote, Item, NameSlug, Notes
from publish.importers.name_slugs import choose_name_slugs, slugs_text
from publish.importers.text import clean_text

_ANCHOR_LINK: Final = re.compile(r"""href=(?P<q>["'])[^"'#]*#(?P<id>[^"']+)(?P=q)""")
_MARKDOWN_ANCHOR_LINK: Final = re.compile(
    r"\]\((?:\{filename\}/(?P<name>[^\s#)]+))?#(?P<id>[^\s)]+)"
)
_ADDRESS: Final = re.compile(r"""\b(?:src|href|data-src|data)\s*=\s*["']?([^"'<>]+)""")
_TEXTS: Final = frozenset(
    {".md", ".markdown", ".html", ".org", ".adoc", ".rst", ".ipynb", ".pandoc"}
)
_UNQUOTED: Final = frozenset({"date", "modified", "slug", "status", "preview"})


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file to write. `name` is its path relative to the content folder."""

    name: str
    item: Item
    front_matter: Mapping[str, Value]
    body: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an import will write, skip and report."""

    files: tuple[PlannedFile, ...]
    existing: tuple[str, ...]
    """Paths of existing files. Their items are skipped."""
    pictures: Mapping[Path, Path]
    """Pictures to copy. By path in the content folder: the file of the export."""
    notes: tuple[ImportNote, ...]
    slugs: tuple[NameSlug, ...] = ()
    """The content of a new `slugs.yaml`; empty if there is nothing to write."""

    def __str__(self) -> str:
        posts = sum(file.item.kind == "post" for file in self.files)
        parts = (count_noun(posts, "post"), count_noun(len(self.files) - posts, "page"))
        pictures = count_noun(len(self.pictures), "picture")
        if self.slugs:
            names = count_noun(len(self.slugs), "name")
            return f"{', '.join(parts)}, {pictures} and {SLUGS_FILE} with {names}"
        return f"{', '.join(parts)} and {pictures}"


def with_site(export: Export, site: str) -> Export:
    """The export with `site` as another address of the old site.

    Raises `Refused` if the address is not valid.
    """
    if not site:
        return export
    host = split_address(site if "//" in site else f"https://{site}").hostname
    if not host:
        raise Refused(
            f"`{site}` is not the address of a site: write one such as https://www.example.com"
        )
    return replace(export, hosts=export.hosts | {host.removeprefix("www.")})


def plan_import(export: Export, writing: Writing) -> Plan:
    """Plans the import of an export. Writes nothing."""
    notes = Notes(list(export.notes))
    targets = ItemTargets(export, writing, notes)
    pictures = PictureTargets(writing.layout)
    resolver = AddressResolver(export)
    linked_ids = frozenset(
        unquote(match["id"]) for item in export.items for match in _ANCHOR_LINK.finditer(item.html)
    )
    files: list[PlannedFile] = []
    for item in export.items:
        if item in targets.existing:
            continue
        add_note = notes.for_item(item.where)
        rewriter = ItemLinkRewriter(
            item, targets, resolver, pictures, writing.layout, writing.now, add_note
        )
        html = clean_html(clean_text(item.html), rewriter, linked_ids)
        body = to_markdown(html.soup, html.raw)
        if not body:
            add_note("text", "the text is empty")
        front_matter = {
            **build_front_matter(item, targets.slugs[item], rewriter, writing.layout, writing.now),
            "aliases": tuple(targets.aliases(item, add_note)),
            "canonical": rewriter.canonical(),
        }
        files.append(PlannedFile(targets.names[item], item, front_matter, body))
    notes.notes += _unused_files(export, resolver)
    files = list(_remove_missing_anchors(files, writing.layout.syntax, notes))
    slugs = choose_name_slugs(export, (file.front_matter for file in files), writing, notes)
    if writing.layout.paths.find_file(SLUGS_FILE):
        notes.notes += map(_line_to_add, slugs)
        slugs = ()
    existing = tuple(targets.existing.values())
    merged = tuple(_merge_notes(export, targets, notes))
    return Plan(tuple(files), existing, pictures.copies, merged, slugs)


def _line_to_add(slug: NameSlug) -> ImportNote:
    """The note about a slug that a file of the project lacks: an import changes no file."""
    section, line = slugs_text([slug]).split(":\n")
    return ImportNote("address", SLUGS_FILE, f"add `{line.strip()}` below `{section}:`")


def _remove_missing_anchors(
    files: list[PlannedFile], syntax: Syntax, notes: Notes
) -> Iterator[PlannedFile]:
    """Removes the `#anchor` of each link whose target does not have it, and adds a note."""
    bodies = {file.name: file.body for file in files}
    anchors: dict[str, Collection[str]] = {}
    for file in files:

        def checked_link(match: re.Match[str], source: PlannedFile = file) -> str:
            name = match["name"] or source.name
            if name not in anchors:
                anchors[name] = outline_of(bodies.get(name, ""), syntax=syntax).anchors
            if unquote(match["id"]) in anchors[name]:
                return match[0]
            message = f"{name} has no anchor `#{match['id']}`: the link leads to its top"
            notes.for_item(source.item.where)("link", message)
            return f"]({{filename}}/{name}"

        yield replace(file, body=_MARKDOWN_ANCHOR_LINK.sub(checked_link, file.body))


def _unused_files(export: Export, resolver: AddressResolver) -> Iterator[ImportNote]:
    """Notes for files that are not imported: media that the export lists, then other files."""
    used_keys, used_files = set[str](), set[Path]()
    for item in export.items:
        for address in _addresses(item):
            file = resolver.find_file(address, item)
            if file is not None:
                used_files.add(file[0])
            used_keys |= _path_keys(split_address(address).path)
    media_keys = set[str]()
    for media in export.media:
        keys = _path_keys(split_address(media.address).path)
        media_keys |= keys
        if not keys & used_keys:
            where = media.address or "without an address"
            yield ImportNote(
                "attachment", media.where, f"no text shows it, so it was not imported: {where}"
            )
    for root in export.roots:
        for path in sorted(root.folder.rglob("*")):
            name = path.relative_to(root.folder).as_posix()
            if not path.is_file() or path.name.startswith("."):
                continue
            keys = _path_keys(f"{root.prefix}{name}")
            if path.resolve() in used_files or keys & media_keys or _is_text(export, path):
                continue
            if any((root.folder / other).is_file() for other in list(path_variants(name))[1:]):
                continue  # a resized copy of a picture in the same folder
            reason = "texts link to it" if keys & used_keys else "no text shows it"
            yield ImportNote("file", f"{root.folder.name}/{name}", f"{reason}; not imported")


def _addresses(item: Item) -> Iterator[str]:
    yield from (unescape(match[1]) for match in _ADDRESS.finditer(item.html))
    if item.image:
        yield item.image


def _path_keys(path: str) -> set[str]:
    return {path_key(variant) for variant in path_variants(unquote(path))} - {"/"}


def _is_text(export: Export, path: Path) -> bool:
    """Whether the file is a text in the content folder. The reader imports it or adds a note."""
    return path.suffix.lower() in _TEXTS and any(
        root.prefix == "/" and root.folder.name == "content" and path.is_relative_to(root.folder)
        for root in export.roots
    )


def _merge_notes(export: Export, targets: ItemTargets, notes: Notes) -> Iterator[ImportNote]:
    """Each note once, with its count, and with the new file as its place.

    Notes about existing items are left out.
    """
    items = {item.where: item for item in export.items}
    for note, count in Counter(notes.notes).items():
        if count > 1:
            note = replace(note, message=f"{note.message} ({count} times)")  # noqa: PLW2901
        item = items.get(note.where)
        if item is None:
            yield note
        elif item not in targets.existing:
            yield replace(note, where=targets.file_path(item))


def write_plan(plan: Plan, content: Path) -> None:
    """Writes all files of a plan, or none. Never overwrites a file.

    Raises `Refused` if a file would be outside the content folder or was created meanwhile, and
    `Unavailable` if a file cannot be written. In both cases the files of this run are deleted.
    """
    _check_targets(plan, ConfinedFolder(content))
    new_files: list[Path] = []
    new_folders: list[Path] = []
    path = content
    try:
        for path, source in plan.pictures.items():
            _create_folder(path.parent, new_folders)
            with path.open("xb") as file, source.open("rb") as picture:
                new_files.append(path)
                shutil.copyfileobj(picture, file)
        texts = {planned.name: file_text(planned) for planned in plan.files}
        if plan.slugs:
            texts[SLUGS_FILE] = slugs_text(plan.slugs)
        for name, text in texts.items():
            path = content / name
            _create_folder(path.parent, new_folders)
            with path.open("x", encoding="utf-8", newline="\n") as text_file:
                new_files.append(path)
                text_file.write(text)
    except FileExistsError:
        _delete(new_files, new_folders)
        message = "was created while the import ran; nothing was written: run the import again"
        raise Refused(f"{short_path(path)}: {message}") from None
    except OSError as error:
        _delete(new_files, new_folders)
        raise Unavailable(f"{short_path(path)}: {error.strerror}; nothing was written") from None
    except BaseException:
        _delete(new_files, new_folders)
        raise


def _check_targets(plan: Plan, content: ConfinedFolder) -> None:
    pictures = (os.path.relpath(path, content.folder) for path in plan.pictures)
    for name in (*pictures, *(planned.name for planned in plan.files), SLUGS_FILE):
        if problem := content.why_outside(name):
            where = short_path(content.folder / name)
            raise Refused(
                f"{where}: {problem}; nothing was written: replace the symbolic link by a folder"
            )


def _create_folder(folder: Path, new_folders: list[Path]) -> None:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    folder.mkdir(parents=True, exist_ok=True)
    new_folders += reversed(missing)


def _delete(files: list[Path], folders: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
    for folder in reversed(folders):
        folder.rmdir()


def file_text(file: PlannedFile) -> str:
    """The text of the file: front matter in YAML, then the body."""
    return f"{_yaml_front_matter(file.front_matter)}\n{file.body}"


def _yaml_front_matter(front_matter: Mapping[str, Value]) -> str:
    """Front matter with values as JSON, which is valid YAML. Leaves out empty values."""
    lines = (f"{key}: {_yaml_value(key, value)}" for key, value in front_matter.items() if value)
    return "\n".join(["---", *lines, "---"]) + "\n"


def _yaml_value(key: str, value: Value) -> str:
    if key in _UNQUOTED or value is True:
        return str(value).lower() if value is True else str(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
