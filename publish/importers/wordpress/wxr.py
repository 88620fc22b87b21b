"""Reads WXR 1.0 to 1.2, the export format of WordPress (an extension of RSS 2.0), as a stream."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from capture.errors import Refused, Unavailable, short_path
from publish.importers.export_files import split_address
from publish.importers.text import clean_text, one_line, plain_text

_FORMAT_FIELDS: Final = frozenset(
    {"wxr_version", "pubDate", "lastBuildDate", "generator", "cloud", "ttl", "docs"}
)
_TERM_FIELDS: Final = {
    "tag": ("", "tag_slug", "tag_name", ""),
    "category": ("", "category_nicename", "cat_name", "category_parent"),
    "term": ("term_taxonomy", "term_slug", "term_name", "term_parent"),
}
_DOMAINS: Final = {"tag": "post_tag", "category": "category"}


@dataclass(slots=True)
class Entry:
    """One `<item>`. `texts` are the texts of its tags, by their names."""

    texts: dict[str, str] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    old_slugs: list[str] = field(default_factory=list)
    terms: list[tuple[str, str, str]] = field(default_factory=list)
    """The taxonomy, slug and name of each term."""
    comments: int = 0

    def text(self, name: str) -> str:
        """The text of a tag; empty if the tag is missing."""
        return self.texts.get(name, "")

    @property
    def type(self) -> str:
        """`post`, `page`, `attachment`, or a type of a plugin."""
        return self.text("post_type") or "post"

    @property
    def where(self) -> str:
        """The name of the item in the export, for messages."""
        return (
            f"{self.type} {self.text('post_id')}, {one_line(self.text('title')) or 'without title'}"
        )


@dataclass(frozen=True, slots=True)
class Term:
    """A category, tag or other term of the site."""

    domain: str
    nicename: str
    name: str
    parent: str
    other_fields: tuple[str, ...]
    """Names of fields that are not imported."""


@dataclass(slots=True)
class Wxr:
    """The content of the file."""

    hosts: set[str] = field(default_factory=set)
    authors: dict[str, str] = field(default_factory=dict)
    author_emails: int = 0
    """The number of authors with an e-mail address."""
    entries: list[Entry] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    site_fields: list[str] = field(default_factory=list)
    """Names of the fields about the site."""
    other_tags: Counter[str] = field(default_factory=Counter)
    """The count of each other tag outside the items, such as a plugin's tags."""


def read_wxr(path: Path) -> Wxr:
    """Reads a WXR file. Raises `Refused` if it is not WXR, `Unavailable` if unreadable."""
    wxr = Wxr()
    where = short_path(path)
    depth = 0
    try:
        with path.open("rb") as file:
            for event, tag in iterparse(file, ("start", "end"), forbid_dtd=True):
                depth += 1 if event == "start" else -1
                if event == "start":
                    if depth == 1 and tag.tag != "rss":
                        raise Refused(
                            f"{where}: is not a WordPress export: it does not start with `<rss>`"
                        )
                elif depth == 2:
                    _add_tag(tag, wxr)
                    tag.clear()
    except ParseError as error:
        number, column = error.position
        reason = str(error).split(":", maxsplit=1)[0]
        message = f"is not valid XML ({reason}, column {column}): export it again, or fix that line"
        raise Refused(f"{where}:{number}: {message}") from None
    except DefusedXmlException:
        message = "declares a DTD or entities, which no WordPress export does"
        raise Refused(f"{where}: {message}: export it again") from None
    except OSError as error:
        raise Unavailable(f"{where}: cannot be read: {error.strerror}") from None
    except (ValueError, LookupError) as error:  # LookupError: an unknown encoding
        raise Refused(f"{where}: is not valid XML: {one_line(str(error))}") from None
    return wxr


def _add_tag(tag: Element, wxr: Wxr) -> None:
    """Adds the content of a tag below `<channel>`."""
    name = _name(tag)
    match name:
        case "link" | "base_site_url" | "base_blog_url":
            host = split_address(tag.text or "").hostname
            if host:
                wxr.hosts.add(host.removeprefix("www."))
        case "author":
            texts = _texts(tag)
            login = texts.get("author_login", "")
            wxr.authors[login] = texts.get("author_display_name") or login
            wxr.author_emails += bool(texts.get("author_email"))
        case "item":
            wxr.entries.append(_entry(tag))
        case "category" | "tag" | "term":
            wxr.terms.append(_term(name, _texts(tag)))
        case "title" | "description" | "language" | "image":
            if one_line(tag.text) or len(tag):
                wxr.site_fields.append(name)
        case _ if name not in _FORMAT_FIELDS:
            wxr.other_tags[name] += 1


def _term(kind: str, texts: dict[str, str]) -> Term:
    domain, nicename, name, parent = (texts.get(key, "") for key in _TERM_FIELDS[kind])
    other_fields = tuple(
        key for key in texts if key not in {"term_id", *_TERM_FIELDS[kind]} and texts[key]
    )
    return Term(_DOMAINS.get(kind, domain), nicename, plain_text(name), parent, other_fields)


def _entry(tag: Element) -> Entry:
    entry = Entry()
    for child in tag:
        name = _name(child)
        if name == "postmeta":
            pair = {_name(part): clean_text(part.text) for part in child}
            key, value = pair.get("meta_key", ""), pair.get("meta_value", "")
            if key == "_wp_old_slug":
                entry.old_slugs.append(one_line(value))
            else:
                entry.meta[key] = value
        elif name == "comment":
            entry.comments += 1
        elif name == "category":
            domain, nicename = child.get("domain", "category"), child.get("nicename", "")
            entry.terms.append((domain, nicename, plain_text(child.text)))
        else:
            entry.texts[name] = clean_text(child.text)
    return entry


def _name(tag: Element) -> str:
    """The local name of a tag. `excerpt:encoded` is `excerpt`, because the content is `encoded`."""
    namespace, _, name = str(tag.tag).rpartition("}")
    return "excerpt" if name == "encoded" and "excerpt" in namespace else name


def _texts(tag: Iterable[Element]) -> dict[str, str]:
    return {_name(child): one_line("".join(child.itertext())) for child in tag}
