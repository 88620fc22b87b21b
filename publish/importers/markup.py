"""Cleans the HTML of an export before it becomes Markdown.

It removes scripts and event handlers, turns embedded content into links, and makes headings start
at level 2 without gaps. Each removal is noted.
"""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from bs4 import BeautifulSoup, Tag
from bs4.element import CData, PreformattedString

from publish.importers.links import rewrite_media
from publish.importers.markdown import KNOWN, NOTE, RAW
from publish.importers.model import LinkRewriter, count_noun, join_counts
from publish.importers.text import MAX_DEPTH, NestedTooDeeply, line, soup_of, words_of

HEADING: Final = re.compile(r"h[1-6]")


def level_headings(soup: BeautifulSoup, rewriter: LinkRewriter) -> None:
    """Puts each heading one level below its parent, starting at level 2. Notes how many changed."""
    above: list[tuple[int, int]] = []
    changed = 0
    for tag in soup.find_all(HEADING):
        if not tag.get_text(strip=True) and not tag.find("img"):
            tag.unwrap()
            continue
        old = int(tag.name[1])
        while above and above[-1][0] >= old:
            above.pop()
        new = min(6, (above[-1][1] if above else 1) + 1)
        above.append((old, new))
        changed += new != old
        tag.name = f"h{new}"
    if changed:
        headings = count_noun(changed, "heading")
        rewriter.note("headings", f"{headings} changed level: levels start at `##` without gaps")


_KEPT: Final = {
    "a": ("href", "title"),
    "img": ("src", "alt", "title"),
    "td": ("colspan", "rowspan", "align"),
    "th": ("colspan", "rowspan", "align", "scope"),
    "ol": ("start",),
    "abbr": ("title",),
    NOTE: ("n",),
    RAW: ("n",),
}
_CODE_TAGS: Final = frozenset({"pre", "code"})
_CELLS: Final = frozenset({"td", "th"})
_ALIGN: Final = re.compile(r"text-align\s*[:-]\s*(left|center|right)")
_LANGUAGE: Final = re.compile(r"(?:lang(?:uage)?-|brush:\s*)([\w+#.-]+)")
_NOT_CARRIED: Final = frozenset({"class", "style", "id", "rel", "title", "lang", "dir"})
"""Attributes that are not noted if they are empty."""
_NO_MATTER: Final = frozenset(
    {"html", "head", "body", "div", "span", "section", "article", "main", "header", "footer",
     "picture", "source", "tbody", "thead", "tfoot", "colgroup", "col", "wbr", "figcaption"}
)  # fmt: skip
"""Tags that only group others. Their loss needs no note."""


def convert_attributes(
    soup: BeautifulSoup, rewriter: LinkRewriter, wanted: Collection[str]
) -> None:
    """Keeps the attributes that a page can use, and notes the count of others by name.

    `wanted` are the ids that links point to.
    """
    left = Counter[str]()
    for tag in soup.find_all(True):
        kept = {name: tag[name] for name in _KEPT.get(tag.name, ()) if tag.has_attr(name)}
        used = set(kept)
        if tag.name in _CODE_TAGS:
            used |= _keep_language(tag, kept)
        elif tag.name in _CELLS and (found := _ALIGN.search(_class_and_style(tag))):
            kept["align"] = found[1]
            used |= {"style", "class", "data-align"}
        if str(tag.get("id") or "") in wanted and (tag.name == "a" or HEADING.fullmatch(tag.name)):
            kept["id"] = tag["id"]
            used |= {"id", "name"}
        left.update(
            name.lower()
            for name, value in tag.attrs.items()
            if name not in used and (value or name not in _NOT_CARRIED)
        )
        tag.attrs = kept
    handlers = {name: number for name, number in left.items() if name.startswith("on")}
    if number := sum(handlers.values()):
        rewriter.note("script", f"{number} `on...` attributes were removed")
    if others := {name: number for name, number in left.items() if name not in handlers}:
        rewriter.note("attributes", f"not imported: {join_counts(others)}")


def report_unknown_tags(soup: BeautifulSoup, rewriter: LinkRewriter, known: frozenset[str]) -> None:
    """Notes the tags that Markdown cannot express: only their text is imported."""
    names = Counter(tag.name for tag in soup.find_all(True))
    odd = {name: number for name, number in names.items() if name not in known | _NO_MATTER}
    if odd:
        rewriter.note("HTML tags", f"only the text of these tags was imported: {join_counts(odd)}")


def _keep_language(tag: Tag, kept: dict[str, Any]) -> set[str]:
    """Stores the language of code in `lang`. Returns the attributes it may come from."""
    found = _LANGUAGE.search(_class_and_style(tag))
    named = str(tag.get("data-lang") or tag.get("lang") or (found[1] if found else ""))
    if not re.fullmatch(r"[\w+#.-]+", named):
        return set()
    kept["lang"] = named
    return {"data-lang", "lang", "class"}


def _class_and_style(tag: Tag) -> str:
    """The classes and style of a tag, where editors store alignment and language."""
    classes = tag.get("class")
    text = " ".join(classes) if isinstance(classes, list) else str(classes or "")
    return f"{text} {tag.get('style') or ''}"


def mark_footnotes(soup: BeautifulSoup) -> None:
    """Replaces footnotes of CommonMark engines and WordPress, and their references, by `NOTE`."""
    notes = {str(tag.get("id")): tag for tag in soup.select("div.footnote-definition")}
    numbers: dict[str, str] = {}
    for mark in soup.select("sup.footnote-reference, sup.fn"):
        link = mark.find("a")
        key = str(link.get("href") or "").lstrip("#") if isinstance(link, Tag) else ""
        if key in notes:
            number = numbers.setdefault(key, str(len(numbers) + 1))
            mark.replace_with(soup.new_tag(NOTE, n=number))
    for key, tag in notes.items():
        label = tag.find("sup", class_="footnote-definition-label")
        if isinstance(label, Tag):
            label.decompose()
        number = numbers.setdefault(key, str(len(numbers) + 1))
        tag.name = NOTE
        tag.attrs = {"n": number}


_BLOCKS: Final = ("ul", "ol", "dl", "pre", "blockquote", "table", "figure", "hr", "h1", "h2", "h3")


def extract_complex_tables(soup: BeautifulSoup) -> tuple[str, ...]:
    """Replaces tables that Markdown cannot express by `RAW`. Returns their HTML."""
    raw: list[str] = []
    for table in soup.find_all("table"):
        if table.find_parent("table") or not _is_complex(table):
            continue
        for tag in table.find_all([NOTE]):
            tag.unwrap()
        html = re.sub(r"\n\s*\n+", "\n", str(table).replace("{", "&#123;"))
        sign = soup.new_tag(RAW, n=str(len(raw)))
        raw.append(
            html.replace("&#123;filename}", "{filename}").replace("&#123;static}", "{static}")
        )
        table.replace_with(sign)
    return tuple(raw)


def _is_complex(table: Tag) -> bool:
    if table.find(_BLOCKS) or not table.find("tr"):
        return True
    return any(
        cell.get("colspan", "1") != "1"
        or cell.get("rowspan", "1") != "1"
        or len(cell.find_all("p")) > 1
        for cell in table.find_all(["td", "th"])
    )


_SCRIPTS: Final = ("script", "style", "template", "link", "meta", "base", "noscript", "title")
_FORMS: Final = ("form", "input", "button", "select", "textarea", "dialog")
_DRAWN: Final = ("svg", "math", "canvas", "map")
_CODE: Final = ("pre", "code", "kbd", "samp")
_MARKERS: Final = ("wp:", "/wp:", "kg-card-begin", "kg-card-end")
"""Starts of comments that editors write around their blocks."""
_DIVIDERS: Final = {
    "more": "the end of its excerpt (`more`)",
    "noteaser": "the setting that shows its excerpt only in lists (`noteaser`)",
    "nextpage": "a page break (`nextpage`)",
    "members-only": "the start of its part for members (`members-only`)",
}


@dataclass(frozen=True, slots=True)
class CleanHtml:
    """HTML that is ready for Markdown, and the pieces that stay HTML."""

    soup: BeautifulSoup
    raw: tuple[str, ...]


def clean_html(html: str, rewriter: LinkRewriter, wanted: Collection[str]) -> CleanHtml:
    """Cleans HTML. `wanted` are the ids that links point to: headings and anchors keep them."""
    try:
        soup = soup_of(html)
    except NestedTooDeeply:
        message = f"has more than {MAX_DEPTH} nested tags: only its text was imported"
        rewriter.note("text", message)
        return CleanHtml(_text_paragraphs(html), ())
    for tag in soup.find_all([RAW, NOTE]):
        tag.unwrap()
    _remove_comments(soup, rewriter)
    mark_footnotes(soup)
    _replace_checkboxes(soup)
    _remove_tags(soup, rewriter, _SCRIPTS, "script", "`<{}>` runs or styles pages: it was removed")
    _remove_forms(soup, rewriter)
    _remove_tags(soup, rewriter, _DRAWN, "drawing", "`<{}>` in the text was removed")
    rewrite_media(soup, rewriter, wanted)
    level_headings(soup, rewriter)
    convert_attributes(soup, rewriter, wanted)
    raw = extract_complex_tables(soup)
    _note_links_in_code(soup, rewriter)
    _note_lost_captions(soup, rewriter)
    report_unknown_tags(soup, rewriter, KNOWN)
    return CleanHtml(soup, raw)


def _text_paragraphs(html: str) -> BeautifulSoup:
    """A tree with each piece of text as a paragraph."""
    flat = soup_of("")
    for words in words_of(html):
        paragraph = flat.new_tag("p")
        paragraph.string = words
        flat.append(paragraph)
    return flat


def _remove_comments(soup: BeautifulSoup, rewriter: LinkRewriter) -> None:
    """Removes comments, declarations and processing instructions. Notes how many."""
    number = 0
    for comment in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
        if isinstance(comment, CData):
            continue
        sentence = str(comment).strip()
        name = sentence.split(" ", 1)[0]
        if name in _DIVIDERS:
            rewriter.note("comment", f"{_DIVIDERS[name]} was not imported")
        elif not sentence.startswith(_MARKERS):
            number += 1
        comment.extract()
    if number:
        rewriter.note("comment", f"{count_noun(number, 'HTML comment')} not imported")


def _remove_tags(
    soup: BeautifulSoup, rewriter: LinkRewriter, names: tuple[str, ...], kind: str, message: str
) -> None:
    for tag in soup.find_all(names):
        if not tag.decomposed:
            rewriter.note(kind, message.format(tag.name))
            tag.decompose()


def _remove_forms(soup: BeautifulSoup, rewriter: LinkRewriter) -> None:
    for tag in soup.find_all(_FORMS):
        if tag.decomposed:
            continue
        words = line(tag.get_text(" "))[:60]
        text = f" with the text “{words}”" if words else ""
        rewriter.note("form", f"`<{tag.name}>`{text} was removed: see `{{% form %}}`")
        tag.decompose()


def _replace_checkboxes(soup: BeautifulSoup) -> None:
    for box in soup.select('li input[type="checkbox"]'):
        box.replace_with("[x] " if box.has_attr("checked") else "[ ] ")
        # `item_of` drops the extra space that CommonMark leaves after the box.


def _note_links_in_code(soup: BeautifulSoup, rewriter: LinkRewriter) -> None:
    """Notes links and pictures in code, where Markdown allows only text."""
    found = {
        id(tag): tag
        for code in soup.find_all(_CODE)
        for tag in code.find_all(["a", "img"])
        if isinstance(tag, Tag) and (tag.get("href") or tag.get("src"))
    }
    for tag in found.values():
        rewriter.note("link", f"{tag.get('href') or tag.get('src')} in code was removed")


def _note_lost_captions(soup: BeautifulSoup, rewriter: LinkRewriter) -> None:
    """Notes what captions lose: a caption becomes the picture's title, which is plain text."""
    lost = Counter[str]()
    for caption in soup.find_all("figcaption"):
        figure = caption.find_parent("figure")
        if figure is not None and not figure.find("a") and line(caption.get_text()):
            names = {id(tag): tag.name for tag in caption.find_all(True)}
            lost.update(name for name in names.values() if name not in {"span", "br", "p"})
            lost.update("title" for tag in figure.find_all("img") if tag.get("title"))
    if lost:
        rewriter.note("HTML tags", f"not imported from captions: {join_counts(lost)}")
