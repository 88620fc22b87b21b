"""Checks of JSON-LD, feeds and sitemaps. Each returns its faults as sentences."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import xmlschema

HERE = Path(__file__).parent
SCHEMAS = HERE / "node_modules" / "sitemap" / "schema"
ATOM = "{http://www.w3.org/2005/Atom}"
REQUIRED: Mapping[str, tuple[str, ...]] = {
    # https://developers.google.com/search/docs/appearance/structured-data/search-gallery
    # The required properties; of articles and organisations, which have none, the recommended ones.
    "BlogPosting": ("headline", "datePublished", "dateModified", "author", "image", "publisher"),
    "Organization": ("name", "url", "logo"),
    "WebSite": ("name", "url"),
    "BreadcrumbList": ("itemListElement",),
    "ListItem": ("position", "name", "item"),
    "Person": ("name", "url"),
    "FAQPage": ("mainEntity",),
    "Question": ("name", "acceptedAnswer"),
    "Answer": ("text",),
}


def json_ld(blocks: list[str]) -> Iterator[str]:
    """Faults of a page's JSON-LD: it must be valid JSON of known types with all properties."""
    for block in blocks:
        try:
            document = json.loads(block)
        except ValueError as error:
            yield f"JSON-LD cannot be read: {error}"
            continue
        if document.get("@context") != "https://schema.org":
            yield "JSON-LD has no context"
        for node in document["@graph"]:
            yield from _node(node)


def _node(node: Any) -> Iterator[str]:
    kind = node.get("@type")
    is_reference = "@id" in node and kind in {None, "Organization"} and "url" not in node
    if kind not in REQUIRED and not is_reference:
        yield f"JSON-LD of an unknown type {kind!r}"
    elif not is_reference:
        yield from (f"{kind} lacks {name}" for name in REQUIRED[kind] if not node.get(name))
    for value in node.values():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                yield from _node(inner)


def feed(text: bytes) -> Iterator[str]:
    """Faults of an Atom feed, by the MUSTs of RFC 4287, section 4.1."""
    root = ElementTree.fromstring(text)
    if root.tag != f"{ATOM}feed":
        yield "is no Atom feed"
    yield from _count_faults(root, "feed", "id", "title", "updated")
    if not any(link.get("rel") == "self" for link in root.iterfind(f"{ATOM}link")):
        yield "has no link to itself"
    entries = root.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    if len(ids) != len(set(ids)):
        yield "has an id twice"
    for entry in entries:
        yield from _count_faults(entry, "entry", "id", "title", "updated", "content")
        if entry.find(f"{ATOM}author/{ATOM}name") is None and root.find(f"{ATOM}author") is None:
            yield "has an entry without an author"


def _count_faults(node: ElementTree.Element, parent: str, *names: str) -> Iterator[str]:
    """A fault for each name that is missing or occurs several times."""
    for name in names:
        if len(node.findall(f"{ATOM}{name}")) != 1:
            yield f"{parent} must have exactly one {name}"


def sitemap(text: bytes) -> Iterator[str]:
    """Faults of a sitemap by the published schema; of an index, by our own copy of its rules."""
    is_index = b"<sitemapindex" in text
    source = HERE / "sitemap-index.xsd" if is_index else SCHEMAS / "sitemap.xsd"
    schema = xmlschema.XMLSchema(source, build=False, allow="local")
    if not is_index:
        schema.add_schema((HERE / "sitemap-image.xsd").read_text(), build=False)
    schema.build()
    for error in schema.iter_errors(text.decode()):
        yield f"{error.path}: {error.reason}"
