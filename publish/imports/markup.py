"""HTML of strangers, made fit for a page of ours before it becomes Markdown.

Scripts and handlers go, what others would serve becomes a link to it, headings begin with the
second level and leave out none. Whatever goes is told.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from bs4 import BeautifulSoup, Tag
from bs4.element import CData, PreformattedString

from publish.imports.attributes import keep_attributes, tell_tags
from publish.imports.carrier import Carrier
from publish.imports.facts import counted, tallied
from publish.imports.footnotes import mark_footnotes
from publish.imports.headings import level_headings
from publish.imports.media import lead_on
from publish.imports.tables import take_out_complex
from publish.imports.tags import NOTE, RAW
from publish.imports.text import DEEPEST, TooDeep, line, soup_of, words_of
from publish.imports.to_markdown import KNOWN

_SCRIPTS: Final = ("script", "style", "template", "link", "meta", "base", "noscript", "title")
_FORMS: Final = ("form", "input", "button", "select", "textarea", "dialog")
_DRAWN: Final = ("svg", "math", "canvas", "map")
_CODE: Final = ("pre", "code", "kbd", "samp")
_MARKERS: Final = ("wp:", "/wp:", "kg-card-begin", "kg-card-end")
"""Comments in which editors keep where their own pieces begin and end."""
_DIVIDERS: Final = {
    "more": "where its beginning for lists ended (`more`)",
    "noteaser": "that its beginning shows in lists alone (`noteaser`)",
    "nextpage": "where its next page began (`nextpage`)",
    "members-only": "where the part for members alone began (`members-only`)",
}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """HTML that may become Markdown, and the pieces that stay HTML."""

    soup: BeautifulSoup
    raw: tuple[str, ...]


def cleaned(html: str, carrier: Carrier, wanted: Collection[str]) -> Cleaned:
    """`wanted` are ids that links of the export lead to: those of headings and places are kept."""
    try:
        soup = soup_of(html)
    except TooDeep:
        told = f"has more than {DEEPEST} tags within tags: only its words were carried"
        carrier.note("text", told)
        return Cleaned(_words(html), ())
    for tag in soup.find_all([RAW, NOTE]):
        tag.unwrap()
    _comments(soup, carrier)
    mark_footnotes(soup)
    _tasks(soup)
    _take_away(soup, carrier, _SCRIPTS, "script", "`<{}>` runs or styles pages: it was taken out")
    _forms(soup, carrier)
    _take_away(soup, carrier, _DRAWN, "drawing", "`<{}>` in the text was taken out")
    lead_on(soup, carrier, wanted)
    level_headings(soup, carrier)
    keep_attributes(soup, carrier, wanted)
    raw = take_out_complex(soup)
    _within_code(soup, carrier)
    _within_captions(soup, carrier)
    tell_tags(soup, carrier, KNOWN)
    return Cleaned(soup, raw)


def _words(html: str) -> BeautifulSoup:
    """Each piece of text as a paragraph."""
    flat = soup_of("")
    for words in words_of(html):
        paragraph = flat.new_tag("p")
        paragraph.string = words
        flat.append(paragraph)
    return flat


def _comments(soup: BeautifulSoup, carrier: Carrier) -> None:
    """Takes out what no reader saw: comments, declarations, processing instructions."""
    number = 0
    for comment in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
        if isinstance(comment, CData):
            continue
        said = str(comment).strip()
        name = said.split(" ", 1)[0]
        if name in _DIVIDERS:
            carrier.note("comment", f"{_DIVIDERS[name]} was not carried")
        elif not said.startswith(_MARKERS):
            number += 1
        comment.extract()
    if number:
        carrier.note("comment", f"{counted(number, 'comment')} of the HTML left out")


def _take_away(
    soup: BeautifulSoup, carrier: Carrier, names: tuple[str, ...], kind: str, told: str
) -> None:
    for tag in soup.find_all(names):
        if not tag.decomposed:
            carrier.note(kind, told.format(tag.name))
            tag.decompose()


def _forms(soup: BeautifulSoup, carrier: Carrier) -> None:
    for tag in soup.find_all(_FORMS):
        if tag.decomposed:
            continue
        words = line(tag.get_text(" "))[:60]
        said = f", with the words “{words}”," if words else ""
        carrier.note("form", f"`<{tag.name}>`{said} was taken out: see `{{% form %}}`")
        tag.decompose()


def _tasks(soup: BeautifulSoup) -> None:
    for box in soup.select('li input[type="checkbox"]'):
        box.replace_with("[x] " if box.has_attr("checked") else "[ ] ")
        # The space that CommonMark leaves after the box is one too many.


def _within_code(soup: BeautifulSoup, carrier: Carrier) -> None:
    """Links and pictures that stand in code, where Markdown knows words alone."""
    found = {
        id(tag): tag
        for code in soup.find_all(_CODE)
        for tag in code.find_all(["a", "img"])
        if isinstance(tag, Tag) and (tag.get("href") or tag.get("src"))
    }
    for tag in found.values():
        carrier.note("link", f"one in code, to {tag.get('href') or tag.get('src')}, was taken out")


def _within_captions(soup: BeautifulSoup, carrier: Carrier) -> None:
    """A picture's caption is its title here, which holds words alone, and takes that place."""
    lost = Counter[str]()
    for caption in soup.find_all("figcaption"):
        figure = caption.find_parent("figure")
        if figure is not None and not figure.find("a") and line(caption.get_text()):
            names = {id(tag): tag.name for tag in caption.find_all(True)}
            lost.update(name for name in names.values() if name not in {"span", "br", "p"})
            lost.update("title" for tag in figure.find_all("img") if tag.get("title"))
    if lost:
        carrier.note("tags of HTML", f"left out of captions: {tallied(lost)}")
