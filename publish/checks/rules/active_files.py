"""The rules `active-content`, `blocked` and `drawing` for files: programs, HTML, and drawings.

Of each file the first problem of each rule is reported.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from capture.errors import short_path
from publish.checks.active_content import (
    ACTIVE,
    BLOCKED,
    ActivePart,
    active_parts,
    blocked_by_policy,
    problems_of_tag,
)
from publish.checks.control_characters import without_endless_references
from publish.checks.finding import Finding
from publish.checks.project import Writing
from publish.file_types.xml_files import HasEntities, NotXml, XmlPart, xml_parts

_PROGRAMS: Final = frozenset(
    {".js", ".mjs", ".cjs", ".wasm", ".swf", ".jar", ".class", ".vbs", ".hta", ".htc", ".xsl"}
    | {".xslt", ".mht", ".mhtml", ".svgz"}
)
_PAGES: Final = frozenset({".html", ".htm", ".xhtml", ".xht", ".shtml"})
_DRAWING: Final = ".svg"
_XML: Final = frozenset({_DRAWING, ".xml", ".xhtml", ".xht", ".rdf", ".mathml"})
_FOREIGN: Final = (
    "`<foreignObject>` shows HTML, which many programs leave out of a drawing: "
    "export its text as text of SVG"
)
_LOADED: Final = re.compile(
    r"""(?:url\(|@import)\s*(?:["']\s*)?(?!\#|data:|["')\s])([^"')]+)""", re.IGNORECASE
)
"""The address of another file that a style loads."""
_INSIDE: Final = ("#", "data:")


def active_file_findings(writing: Writing) -> Iterator[Finding]:
    """Files that are published and that are or contain programs, or what browsers leave empty."""
    is_opened = writing.layout.levels["file-content"] == "error"
    for path in writing.content_files.without_texts:
        suffix = path.suffix.lower()
        if path.is_relative_to(writing.gated):
            continue
        rules = set()
        if not os.access(path, os.R_OK):
            continue  # the rule for contents of files reports it
        for part in _parts_of_file(path, is_opened=is_opened):
            if part.rule in rules or part.address:
                continue
            rules.add(part.rule)
            is_inside = part.rule == ACTIVE and suffix not in _PROGRAMS
            message = f"contains a program: {part.message}" if is_inside else part.message
            yield Finding(short_path(path), part.line or None, message, part.rule)


def _parts_of_file(path: Path, *, is_opened: bool) -> Iterator[ActivePart]:
    """`is_opened` is whether `file-content` reports the entities of a drawing."""
    suffix = path.suffix.lower()
    if suffix in _PROGRAMS:
        message = f"is a program ({suffix}): delete it; scripts belong in theme/static"
        yield ActivePart(message, 0)
    if suffix in _PAGES:
        yield from active_parts(without_endless_references(_decoded(path.read_bytes())))
    if suffix in _XML:
        try:
            for part in xml_parts(path):
                yield from _parts_of_xml(part)
                if suffix == _DRAWING:
                    yield from _parts_of_drawing(part)
        except HasEntities as error:
            if suffix != _DRAWING or not is_opened:
                yield ActivePart(str(error), 0)
        except NotXml:
            pass  # a browser shows an error there


def _decoded(raw: bytes) -> str:
    is_wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    return raw.decode("utf-16" if is_wide else "utf-8-sig", errors="replace")


def _parts_of_xml(part: XmlPart) -> Iterator[ActivePart]:
    """Active content in an XML file that a browser opens directly."""
    if not part.is_instruction:
        for message, address in problems_of_tag(part.name, part.attributes.items()):
            yield ActivePart(message, part.line, address)
    elif part.name == "xml-stylesheet" and "text/css" not in part.text:
        yield ActivePart("an XML stylesheet can contain scripts: remove it", part.line)


def _parts_of_drawing(part: XmlPart) -> Iterator[ActivePart]:
    """Parts of a drawing that browsers do not show: HTML, and files that it would load."""
    if part.name == "foreignobject":
        yield ActivePart(_FOREIGN, part.line, rule="drawing")
    for message, rule in blocked_by_policy(part.name, ()):
        if rule == BLOCKED:
            yield ActivePart(message, part.line, rule=BLOCKED)
    for address in _loaded_addresses(part):
        message = (
            f"`{address[:60]}` stays empty, because browsers load no other file for a drawing: "
            "put it into the drawing"
        )
        yield ActivePart(message, part.line, rule=BLOCKED)


def _loaded_addresses(part: XmlPart) -> Iterator[str]:
    """The addresses of other files that a part of a drawing would load."""
    if part.is_instruction:
        if part.name == "xml-stylesheet" and (
            found := re.search(r"href=[\"']([^\"']+)", part.text)
        ):
            yield found[1]
        return
    address = part.attributes.get("href", "").strip()
    if part.name != "a" and address and not address.lower().startswith(_INSIDE):
        yield address
    for text in (part.text, *part.attributes.values()):
        yield from (found[1].strip() for found in _LOADED.finditer(text))
