"""Cleans the HTML of an export before it becomes Markdown.

It removes scripts and event handlers, replaces embedded content by links, and makes headings start
at level 2 without gaps. Each removal gets a note.
"""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from bs4 import BeautifulSoup, Tag
from bs4.element import CData, PreformattedString

from capture.text import count_noun
from publish.importers.links import rewrite_media
from publish.importers.markdown import FOOTNOTE, KNOWN_TAGS, RAW_HTML
from publish.importers.model import LinkRewriter, join_counts
from publish.importers.text import MAX_DEPTH, NestedTooDeeply, one_line, parse_html, text_pieces

_HEADING: Final = re.compile(r"h[1-6]")
_SCRIPT_TAGS: Final = ("script", "style", "template", "link", "meta", "base", "noscript", "title")
_FORM_TAGS: Final = ("form", "input", "button", "select", "textarea", "dialog")
_DRAWING_TAGS: Final = ("svg", "math", "canvas", "map")
_LITERAL_TAGS: Final = ("pre", "code", "kbd", "samp")
_BLOCK_TAGS: Final = (
    "ul",
    "ol",
    "dl",
    "pre",
    "blockquote",
    "table",
    "figure",
    "hr",
    "h1",
    "h2",
    "h3",
)
_CODE_TAGS: Final = frozenset({"pre", "code"})
_CELLS: Final = frozenset({"td", "th"})
_GROUPING_TAGS: Final = frozenset(
    {"html", "head", "body", "div", "span", "section", "article", "main", "header", "footer",
     "picture", "source", "tbody", "thead", "tfoot", "colgroup", "col", "wbr", "figcaption"}
)  # fmt: skip
"""Tags that only group other tags. Their loss needs no note."""
_KEPT_ATTRIBUTES: Final = {
    "a": ("href", "title"),
    "img": ("src", "alt", "title"),
    "td": ("colspan", "rowspan", "align"),
    "th": ("colspan", "rowspan", "align", "scope"),
    "ol": ("start",),
    "abbr": ("title",),
    FOOTNOTE: ("n",),
    RAW_HTML: ("n",),
}
_INSIGNIFICANT_IF_EMPTY: Final = frozenset({"class", "style", "id", "rel", "title", "lang", "dir"})
"""Attributes whose loss needs no note if they are empty."""
_ALIGN: Final = re.compile(r"text-align\s*[:-]\s*(left|center|right)")
_LANGUAGE: Final = re.compile(r"(?:lang(?:uage)?-|brush:\s*)([\w+#.-]+)")
_EDITOR_COMMENTS: Final = ("wp:", "/wp:", "kg-card-begin", "kg-card-end")
"""Starts of the comments that editors write around their blocks."""
_DIVIDERS: Final = {
    "more": "the end of its excerpt (`more`)",
    "noteaser": "the setting that shows its excerpt only in lists (`noteaser`)",
    "nextpage": "a page break (`nextpage`)",
    "members-only": "the start of its part for members (`members-only`)",
}


@dataclass(frozen=True, slots=True)
class CleanHtml:
    """HTML that is ready for Markdown, and the parts that stay HTML."""

    soup: BeautifulSoup
    raw: tuple[str, ...]


def clean_html(html: str, rewriter: LinkRewriter, linked_ids: Collection[str]) -> CleanHtml:
    """Cleans HTML. `linked_ids` are the ids that links point to: headings and anchors keep them."""
    try:
        soup = parse_html(html)
    except NestedTooDeeply:
        message = f"has more than {MAX_DEPTH} nested tags: only its text was imported"
        rewriter.note("text", message)
        return CleanHtml(_text_paragraphs(html), ())
    for tag in soup.find_all([RAW_HTML, FOOTNOTE]):
        tag.unwrap()
    _remove_comments(soup, rewriter)
    _mark_footnotes(soup)
    _replace_checkboxes(soup)
    _remove_tags(
        soup, rewriter, _SCRIPT_TAGS, "script", "`<{}>` runs or styles pages: it was removed"
    )
    _remove_forms(soup, rewriter)
    _remove_tags(soup, rewriter, _DRAWING_TAGS, "drawing", "`<{}>` in the text was removed")
    rewrite_media(soup, rewriter, linked_ids)
    _level_headings(soup, rewriter)
    _convert_attributes(soup, rewriter, linked_ids)
    raw = _extract_complex_tables(soup)
    _note_links_in_code(soup, rewriter)
    _note_lost_captions(soup, rewriter)
    _note_unknown_tags(soup, rewriter, KNOWN_TAGS)
    return CleanHtml(soup, raw)


def _text_paragraphs(html: str) -> BeautifulSoup:
    """A tree with each piece of text as a paragraph."""
    soup = parse_html("")
    for text in text_pieces(html):
        paragraph = soup.new_tag("p")
        paragraph.string = text
        soup.append(paragraph)
    return soup


def _remove_comments(soup: BeautifulSoup, rewriter: LinkRewriter) -> None:
    """Removes comments, declarations and processing instructions, and notes how many."""
    number = 0
    for comment in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
        if isinstance(comment, CData):
            continue
        text = str(comment).strip()
        name = text.split(" ", 1)[0]
        if name in _DIVIDERS:
            rewriter.note("comment", f"{_DIVIDERS[name]} was not imported")
        elif not text.startswith(_EDITOR_COMMENTS):
            number += 1
        comment.extract()
    if number:
        rewriter.note("comment", f"{count_noun(number, 'HTML comment')} not imported")


def _mark_footnotes(soup: BeautifulSoup) -> None:
    """Replaces footnotes of CommonMark engines and WordPress, and references, by `FOOTNOTE`."""
    footnotes = {str(tag.get("id")): tag for tag in soup.select("div.footnote-definition")}
    numbers: dict[str, str] = {}
    for reference in soup.select("sup.footnote-reference, sup.fn"):
        link = reference.find("a")
        key = str(link.get("href") or "").lstrip("#") if isinstance(link, Tag) else ""
        if key in footnotes:
            number = numbers.setdefault(key, str(len(numbers) + 1))
            reference.replace_with(soup.new_tag(FOOTNOTE, n=number))
    for key, tag in footnotes.items():
        label = tag.find("sup", class_="footnote-definition-label")
        if isinstance(label, Tag):
            label.decompose()
        number = numbers.setdefault(key, str(len(numbers) + 1))
        tag.name = FOOTNOTE
        tag.attrs = {"n": number}


def _replace_checkboxes(soup: BeautifulSoup) -> None:
    for box in soup.select('li input[type="checkbox"]'):
        box.replace_with("[x] " if box.has_attr("checked") else "[ ] ")
        # `_list_item_markdown` removes the extra space that CommonMark leaves after the box.


def _remove_tags(
    soup: BeautifulSoup, rewriter: LinkRewriter, names: tuple[str, ...], kind: str, message: str
) -> None:
    for tag in soup.find_all(names):
        if not tag.decomposed:
            rewriter.note(kind, message.format(tag.name))
            tag.decompose()


def _remove_forms(soup: BeautifulSoup, rewriter: LinkRewriter) -> None:
    for tag in soup.find_all(_FORM_TAGS):
        if tag.decomposed:
            continue
        text = one_line(tag.get_text(" "))[:60]
        quoted = f" with the text “{text}”" if text else ""
        rewriter.note("form", f"`<{tag.name}>`{quoted} was removed: see `{{% form %}}`")
        tag.decompose()


def _level_headings(soup: BeautifulSoup, rewriter: LinkRewriter) -> None:
    """Puts each heading one level below its parent, from level 2 on. Notes how many changed."""
    parents: list[tuple[int, int]] = []
    changed = 0
    for tag in soup.find_all(_HEADING):
        if not tag.get_text(strip=True) and not tag.find("img"):
            tag.unwrap()
            continue
        old = int(tag.name[1])
        while parents and parents[-1][0] >= old:
            parents.pop()
        new = min(6, (parents[-1][1] if parents else 1) + 1)
        parents.append((old, new))
        changed += new != old
        tag.name = f"h{new}"
    if changed:
        headings = count_noun(changed, "heading")
        rewriter.note("headings", f"{headings} changed level: levels start at `##` without gaps")


def _convert_attributes(
    soup: BeautifulSoup, rewriter: LinkRewriter, linked_ids: Collection[str]
) -> None:
    """Keeps the attributes that a page can use, and notes the count of the others by name.

    `linked_ids` are the ids that links point to.
    """
    removed = Counter[str]()
    for tag in soup.find_all(True):
        attributes = {
            name: tag[name] for name in _KEPT_ATTRIBUTES.get(tag.name, ()) if tag.has_attr(name)
        }
        used = set(attributes)
        if tag.name in _CODE_TAGS:
            used |= _keep_language(tag, attributes)
        elif tag.name in _CELLS and (alignment := _ALIGN.search(_class_and_style(tag))):
            attributes["align"] = alignment[1]
            used |= {"style", "class", "data-align"}
        if str(tag.get("id") or "") in linked_ids and (
            tag.name == "a" or _HEADING.fullmatch(tag.name)
        ):
            attributes["id"] = tag["id"]
            used |= {"id", "name"}
        removed.update(
            name.lower()
            for name, value in tag.attrs.items()
            if name not in used and (value or name not in _INSIGNIFICANT_IF_EMPTY)
        )
        tag.attrs = attributes
    handlers = {name: number for name, number in removed.items() if name.startswith("on")}
    if number := sum(handlers.values()):
        rewriter.note("script", f"{number} `on...` attributes were removed")
    if others := {name: number for name, number in removed.items() if name not in handlers}:
        rewriter.note("attributes", f"not imported: {join_counts(others)}")


def _keep_language(tag: Tag, attributes: dict[str, Any]) -> set[str]:
    """Stores the language of code in `lang`. Returns the attributes that can contain it."""
    match = _LANGUAGE.search(_class_and_style(tag))
    language = str(tag.get("data-lang") or tag.get("lang") or (match[1] if match else ""))
    if not re.fullmatch(r"[\w+#.-]+", language):
        return set()
    attributes["lang"] = language
    return {"data-lang", "lang", "class"}


def _class_and_style(tag: Tag) -> str:
    """The classes and style of a tag, where editors store alignment and language."""
    classes = tag.get("class")
    text = " ".join(classes) if isinstance(classes, list) else str(classes or "")
    return f"{text} {tag.get('style') or ''}"


def _extract_complex_tables(soup: BeautifulSoup) -> tuple[str, ...]:
    """Replaces tables that Markdown cannot express by `RAW_HTML`. Returns their HTML."""
    raw: list[str] = []
    for table in soup.find_all("table"):
        if table.find_parent("table") or not _is_complex(table):
            continue
        for tag in table.find_all([FOOTNOTE]):
            tag.unwrap()
        html = re.sub(r"\n\s*\n+", "\n", str(table).replace("{", "&#123;"))
        placeholder = soup.new_tag(RAW_HTML, n=str(len(raw)))
        raw.append(
            html.replace("&#123;filename}", "{filename}").replace("&#123;static}", "{static}")
        )
        table.replace_with(placeholder)
    return tuple(raw)


def _is_complex(table: Tag) -> bool:
    if table.find(_BLOCK_TAGS) or not table.find("tr"):
        return True
    return any(
        cell.get("colspan", "1") != "1"
        or cell.get("rowspan", "1") != "1"
        or len(cell.find_all("p")) > 1
        for cell in table.find_all(["td", "th"])
    )


def _note_links_in_code(soup: BeautifulSoup, rewriter: LinkRewriter) -> None:
    """Adds notes for links and pictures in code, where Markdown allows only text."""
    tags = {
        id(tag): tag
        for code in soup.find_all(_LITERAL_TAGS)
        for tag in code.find_all(["a", "img"])
        if isinstance(tag, Tag) and (tag.get("href") or tag.get("src"))
    }
    for tag in tags.values():
        rewriter.note("link", f"{tag.get('href') or tag.get('src')} in code was removed")


def _note_lost_captions(soup: BeautifulSoup, rewriter: LinkRewriter) -> None:
    """Adds a note for what captions lose. A caption becomes the picture's title: plain text."""
    losses = Counter[str]()
    for caption in soup.find_all("figcaption"):
        figure = caption.find_parent("figure")
        if figure is not None and not figure.find("a") and one_line(caption.get_text()):
            names = {id(tag): tag.name for tag in caption.find_all(True)}
            losses.update(name for name in names.values() if name not in {"span", "br", "p"})
            losses.update("title" for tag in figure.find_all("img") if tag.get("title"))
    if losses:
        rewriter.note("HTML tags", f"not imported from captions: {join_counts(losses)}")


def _note_unknown_tags(soup: BeautifulSoup, rewriter: LinkRewriter, known: frozenset[str]) -> None:
    """Adds a note for the tags that Markdown cannot express. Only their text is imported."""
    names = Counter(tag.name for tag in soup.find_all(True))
    unknown = {name: number for name, number in names.items() if name not in known | _GROUPING_TAGS}
    if unknown:
        rewriter.note(
            "HTML tags", f"only the text of these tags was imported: {join_counts(unknown)}"
        )
