"""HTML of strangers, made fit for a page of ours before it becomes Markdown.

Scripts and handlers go, what others would serve becomes a link to it, headings begin with the
second level and leave out none. Whatever goes is told.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol

from bs4 import BeautifulSoup, Comment, Tag

from publish.imports.places import is_picture, split
from publish.imports.text import line, soup_of

RAW: Final = "gatepost-raw"
"""The tag that stands for a piece of HTML that Markdown has no word for; its number is in `n`."""
NOTE: Final = "gatepost-footnote"

_HEADINGS: Final = re.compile(r"h[1-6]")
_SCRIPTS: Final = ("script", "style", "template", "link", "meta", "base", "noscript", "title")
_FORMS: Final = ("form", "input", "button", "select", "textarea", "dialog")
_DRAWN: Final = ("svg", "math", "canvas", "map")
_SHOWN: Final = ("iframe", "embed", "object", "video", "audio", "frame")
_BLOCKS: Final = ("ul", "ol", "dl", "pre", "blockquote", "table", "figure", "hr", "h1", "h2", "h3")
_KEPT: Final = {
    "a": ("href", "title", "id"),
    "img": ("src", "alt", "title"),
    "td": ("colspan", "rowspan", "align"),
    "th": ("colspan", "rowspan", "align", "scope"),
    "ol": ("start",),
    "abbr": ("title",),
    "pre": ("lang",),
    "code": ("lang",),
    NOTE: ("n",),
}
_ALIGN: Final = re.compile(r"text-align\s*[:-]\s*(left|center|right)")
_LANGUAGE: Final = re.compile(r"(?:lang(?:uage)?-|brush:\s*)([\w+#.-]+)")


class Carrier(Protocol):
    """Says where links and pictures of one text lead to, and takes down what is lost."""

    def link(self, href: str) -> str:
        """The address to write; empty if the link goes."""
        ...

    def picture(self, src: str) -> str:
        """The address to write; empty if the picture goes."""
        ...

    def note(self, kind: str, told: str) -> None:
        """Something that was not carried as it stood."""
        ...


@dataclass(frozen=True, slots=True)
class Cleaned:
    """HTML that may become Markdown, and the pieces that stay HTML."""

    soup: BeautifulSoup
    raw: tuple[str, ...]


def cleaned(html: str, carrier: Carrier, wanted: Collection[str]) -> Cleaned:
    """`wanted` are ids that links of the export lead to: those of headings and places are kept."""
    soup = soup_of(html)
    _Cleaning(soup, carrier, wanted).run()
    return Cleaned(soup, _complex(soup))


class _Cleaning:
    def __init__(self, soup: BeautifulSoup, carrier: Carrier, wanted: Collection[str]) -> None:
        self._soup = soup
        self._carrier = carrier
        self._wanted = wanted

    def run(self) -> None:
        for tag in self._soup.find_all([RAW, NOTE]):
            tag.unwrap()
        self._comments()
        self._footnotes()
        self._tasks()
        self._take_away(_SCRIPTS, "script", "`<{}>` runs or styles pages: it was taken out")
        self._forms()
        self._take_away(_DRAWN, "drawing", "`<{}>` in the text was taken out")
        for tag in self._soup.find_all(_SHOWN):
            self._shown_elsewhere(tag)
        for tag in self._soup.find_all("img"):
            self._picture(tag)
        for tag in self._soup.find_all("a"):
            self._link(tag)
        self._headings()
        self._attributes()

    def _comments(self) -> None:
        for comment in self._soup.find_all(string=lambda text: isinstance(text, Comment)):
            comment.extract()

    def _take_away(self, names: tuple[str, ...], kind: str, told: str) -> None:
        for tag in self._soup.find_all(names):
            if not tag.decomposed:
                self._carrier.note(kind, told.format(tag.name))
                tag.decompose()

    def _forms(self) -> None:
        for tag in self._soup.find_all(_FORMS):
            if tag.decomposed:
                continue
            words = line(tag.get_text(" "))[:60]
            said = f", with the words “{words}”," if words else ""
            self._carrier.note("form", f"`<{tag.name}>`{said} was taken out: see `{{% form %}}`")
            tag.decompose()

    def _tasks(self) -> None:
        for box in self._soup.select('li input[type="checkbox"]'):
            box.replace_with("[x] " if box.has_attr("checked") else "[ ] ")
            # The space that CommonMark leaves after the box is one too many.

    def _shown_elsewhere(self, tag: Tag) -> None:
        """What another site would show in the page becomes a link to it."""
        if tag.decomposed:
            return
        source = tag.find("source")
        inner = str(source.get("src") or "") if isinstance(source, Tag) else ""
        address = str(tag.get("src") or tag.get("data") or tag.get("data-src") or inner)
        address = f"https:{address}" if address.startswith("//") else address
        if split(address).scheme not in {"http", "https", ""} or not address:
            self._carrier.note("embed", f"`<{tag.name}>` names no address: it was taken out")
            tag.decompose()
            return
        self._carrier.note("embed", f"`<{tag.name}>` of {address} became a link")
        label = str(tag.get("title") or "") or address
        link = self._soup.new_tag("a", href=address)
        link.string = line(label)
        paragraph = self._soup.new_tag("p")
        paragraph.append(link)
        tag.replace_with(paragraph)

    def _picture(self, tag: Tag) -> None:
        source = str(tag.get("src") or "")
        if (not source or source.startswith("data:")) and tag.get("data-src"):
            source = str(tag["data-src"])
        parent = tag.parent
        if parent is not None and parent.name == "a" and is_picture(str(parent.get("href") or "")):
            source = str(parent["href"])  # the whole picture, to which a smaller one leads
            parent.unwrap()
        found = self._carrier.picture(source.strip())
        if not found:
            tag.decompose()
            return
        tag["src"] = found
        if not line(tag.get("alt")):
            told = f"{split(found).path.rsplit('/', 1)[-1] or found}: say what one sees on it"
            self._carrier.note("alt", told)

    def _link(self, tag: Tag) -> None:
        href = str(tag.get("href") or "").strip()
        place = tag.get("id") or tag.get("name")
        if place and str(place) in self._wanted:
            tag["id"] = str(place)
        elif tag.has_attr("id"):
            del tag["id"]
        if not href:
            return
        found = self._carrier.link(href)
        if found:
            tag["href"] = found
        else:
            del tag["href"]

    def _headings(self) -> None:
        """Each one level below the one above it that is greater."""
        above: list[tuple[int, int]] = []
        changed = 0
        for tag in self._soup.find_all(_HEADINGS):
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
            said = f"the level of {changed} was changed, to begin with `##` and leave out none"
            self._carrier.note("headings", said)

    def _attributes(self) -> None:
        handlers = 0
        for tag in self._soup.find_all(True):
            handlers += sum(name.lower().startswith("on") for name in tag.attrs)
            kept = {name: tag[name] for name in _KEPT.get(tag.name, ()) if tag.has_attr(name)}
            if tag.name in {"pre", "code"} and (language := _language(tag)):
                kept["lang"] = language
            elif tag.name in {"td", "th"} and (found := _ALIGN.search(_look(tag))):
                kept["align"] = found[1]
            elif _HEADINGS.fullmatch(tag.name) and str(tag.get("id") or "") in self._wanted:
                kept["id"] = tag["id"]
            tag.attrs = kept
        if handlers:
            self._carrier.note("script", f"{handlers} `on...` attributes were taken out")

    def _footnotes(self) -> None:
        """Those of CommonMark's engines and of WordPress: a raised link, and a note with its id."""
        notes = {str(tag.get("id")): tag for tag in self._soup.select("div.footnote-definition")}
        numbers: dict[str, str] = {}
        for mark in self._soup.select("sup.footnote-reference, sup.fn"):
            link = mark.find("a")
            key = str(link.get("href") or "").lstrip("#") if isinstance(link, Tag) else ""
            if key in notes:
                number = numbers.setdefault(key, str(len(numbers) + 1))
                mark.replace_with(self._soup.new_tag(NOTE, n=number))
        for key, tag in notes.items():
            label = tag.find("sup", class_="footnote-definition-label")
            if isinstance(label, Tag):
                label.decompose()
            tag.name = NOTE
            tag["n"] = numbers.get(key) or str(len(numbers) + 1)
            numbers.setdefault(key, str(tag["n"]))


def _language(tag: Tag) -> str:
    found = _LANGUAGE.search(_look(tag))
    named = str(tag.get("data-lang") or tag.get("lang") or (found[1] if found else ""))
    return named if re.fullmatch(r"[\w+#.-]+", named) else ""


def _look(tag: Tag) -> str:
    """Classes and style, in which editors keep what HTML has no attribute for."""
    classes = tag.get("class")
    said = " ".join(classes) if isinstance(classes, list) else str(classes or "")
    return f"{said} {tag.get('style') or ''}"


def _complex(soup: BeautifulSoup) -> tuple[str, ...]:
    """Puts a sign in the place of each table that Markdown's cannot show; gives their HTML."""
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
