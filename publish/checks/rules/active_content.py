"""The rule `active-content`: no scripts, redirects or foreign forms in texts and files.

The rules `blocked` and `blocked-style`: a text has nothing that the site's policy leaves empty.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from capture.errors import short_path
from publish.checks.active_content import (
    ACTIVE,
    ActivePart,
    active_parts,
    address_problem,
    is_external,
    problems_of_tag,
)
from publish.checks.finding import Finding
from publish.checks.layout import SUFFIXES
from publish.checks.post import Post
from publish.checks.project import Writing

_PROGRAMS: Final = frozenset(
    {".js", ".mjs", ".cjs", ".wasm", ".swf", ".jar", ".class", ".vbs", ".hta", ".htc", ".xsl"}
    | {".xslt", ".mht", ".mhtml", ".svgz"}
)
_PAGES: Final = frozenset({".html", ".htm", ".xhtml", ".xht", ".shtml"})
_XML: Final = frozenset({".svg", ".xml", ".xhtml", ".xht", ".rdf", ".mathml"})


def active_findings(writing: Writing) -> Iterator[Finding]:
    """Active content in texts, and files that are or contain programs."""
    for post in writing.posts:
        for part in dict.fromkeys(_parts_of_post(post, writing.layout.site_url)):
            if part.rule == ACTIVE:
                yield Finding(post.where, part.line, part.message, ACTIVE)  # an error in drafts too
            else:
                yield post.finding(part.rule, part.line, part.message)
    for path in writing.content_files.regular:
        is_text = path.suffix.lower() in SUFFIXES
        if (
            not is_text
            and not path.is_relative_to(writing.gated)
            and (problem := _file_problem(path))
        ):
            yield Finding(short_path(path), None, problem, ACTIVE)


def _parts_of_post(post: Post, site_url: str) -> Iterator[ActivePart]:
    messages = set()
    for part in post.outline.active:
        if not part.address or is_external(part.address, site_url):
            messages.add(part.message)
            yield replace(part, address="")
    for link in post.outline.links:
        problem = address_problem(link.target, is_embedded=link.is_embedded)
        if problem and problem not in messages:
            yield ActivePart(problem, link.line)
    if summary := post.get("summary"):
        line = post.front_matter.line("summary")
        for part in active_parts(summary):
            if not part.address or is_external(part.address, site_url):
                yield replace(part, address="", line=line)


def _file_problem(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in _PROGRAMS:
        return f"is a program ({suffix}): delete it; scripts belong in theme/static"
    problem = ""
    if suffix in _PAGES:
        parts = active_parts(_decoded(path.read_bytes()))
        active = (part for part in parts if part.rule == ACTIVE and not part.address)
        problem = next((part.message for part in active), "")
    if suffix in _XML and not problem:
        problem = next(_messages_about_xml(path), "")
    return f"contains a program: {problem}" if problem else ""


def _decoded(raw: bytes) -> str:
    is_wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    return raw.decode("utf-16" if is_wide else "utf-8-sig", errors="replace")


def _messages_about_xml(path: Path) -> Iterator[str]:
    """Messages for active content in an XML file that a browser opens directly."""
    try:
        for event, node in iterparse(path, events=("start", "pi")):
            if event == "pi":
                is_style = str(node.text).startswith("xml-stylesheet")
                if is_style and "text/css" not in str(node.text):
                    yield "an XML stylesheet can contain scripts: remove it"
                continue
            attributes = ((_local(key), value) for key, value in node.items())
            yield from (
                message
                for message, address in problems_of_tag(_local(node.tag), attributes)
                if not address
            )
    except DefusedXmlException:
        yield "it declares entities, which can hide a script: save it without them"
    except (ParseError, ValueError, LookupError):
        return  # a browser shows an error there


def _local(name: object) -> str:
    return str(name).rpartition("}")[2].lower()
