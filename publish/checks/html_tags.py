"""Which tags of a text are HTML, and which are words, such as `<token>`, `<path>` or `<title>`.

A browser shows nothing of a tag, so a word that is taken for one is lost, and sometimes all that
follows. A tag is a word if HTML has no such element, if the element belongs into a drawing or a
formula and is in none, or if it would hide the text behind it because it has no end.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from publish.checks.outline_parts import TextProblem

_HTML_NAMES: Final = """
a abbr acronym address area article aside audio b base basefont bdi bdo big blink blockquote body
br button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir
div dl dt em embed applet fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4
h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link listing main map
mark marquee math menu meta meter nav nobr noembed noframes noscript object ol optgroup option
output p param picture plaintext pre progress q rb rp rt rtc ruby s samp script search section
select slot small source spacer span strike strong style sub summary sup svg table tbody td
template textarea tfoot th thead time title tr track tt u ul var video wbr xmp
"""
"""The elements of HTML, also of earlier versions, in small letters."""
_DRAWING_NAMES: Final = """
animate animatemotion animatetransform circle clippath defs desc ellipse fecolormatrix feblend
feflood fegaussianblur feimage femerge femergenode feoffset filter foreignobject g image line
lineargradient marker mask metadata mpath path pattern polygon polyline radialgradient rect set
stop switch symbol text textpath tspan use view annotation maction menclose merror mfenced mfrac
mi mn mo mover mpadded mphantom mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd
mtext mtr munder munderover semantics
"""
"""The elements of SVG and MathML alone."""
_HIDING_NAMES: Final = """
audio canvas datalist dialog iframe noembed noframes noscript object plaintext script select style
template textarea title video xmp
"""
"""Elements that hide the text in them, or show it in another way."""
_WITHOUT_END_NAMES: Final = """
area base basefont body br col colgroup dd dt embed frame head hr html img input li link meta
optgroup option p param rp rt source spacer tbody td tfoot th thead tr track wbr
"""
"""Elements that need no end tag."""
_HTML: Final = frozenset(_HTML_NAMES.split())
_DRAWING: Final = frozenset(_DRAWING_NAMES.split())
_HIDING: Final = frozenset(_HIDING_NAMES.split())
_WITHOUT_END: Final = frozenset(_WITHOUT_END_NAMES.split())
_TAG: Final = re.compile(
    r"<(?P<slash>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*)(?P<rest>(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*)"
)

_DRAWING_ENDS: Final = re.compile(r"<(?P<slash>/?)(?:svg|math)\b", re.IGNORECASE)


def is_html(source: str, text: str = "", start: int = 0) -> bool:
    """Whether a tag is HTML; comments and declarations are. It is at `start` in `text`."""
    tag = _TAG.match(source)
    if tag is None:
        return True
    name = tag["name"].lower()
    if name in _DRAWING:
        return bool(tag["rest"].strip(" /")) or _is_in_drawing(text, start)
    if name in _HIDING:
        if tag["slash"]:
            is_pair = re.compile(f"<{name}", re.IGNORECASE).search(text, 0, start) is not None
        else:
            is_pair = re.compile(f"</{name}", re.IGNORECASE).search(text, start) is not None
        return is_pair or re.fullmatch(r"\s+[^\s/].*/", tag["rest"], re.DOTALL) is not None
    return name in _HTML


def depends_on_text(source: str) -> bool:
    """Whether the text around a tag decides if it is HTML."""
    tag = _TAG.match(source)
    return tag is not None and tag["name"].lower() in _DRAWING | _HIDING


def paragraph_around(source: bytes, start: int) -> tuple[str, int]:
    """The paragraph of a text in which a tag is, and the tag's place in it, in letters."""
    first = source.rfind(b"\n", 0, start) + 1
    while first and _has_words(source[(line := source.rfind(b"\n", 0, first - 1) + 1) : first]):
        first = line
    end = _line_end(source, start)
    while _has_words(source[end : (following := _line_end(source, end + 1))]):
        end = following
    before = source[first:start].decode()
    return before + source[start:end].decode(), len(before)


def _line_end(source: bytes, start: int) -> int:
    end = source.find(b"\n", start)
    return len(source) if end < 0 else end


def _has_words(line: bytes) -> bool:
    """Whether a line has more than blanks and the marks of quotes."""
    return bool(line.strip(b" \t\n>"))


def _is_in_drawing(text: str, start: int) -> bool:
    last = ""
    for found in _DRAWING_ENDS.finditer(text, 0, start):
        last = found["slash"] or "open"
    return last == "open"


@dataclass(frozen=True)
class PlacedHtmlTag:
    """A tag in raw HTML."""

    name: str
    is_end: bool
    is_bare: bool
    """Whether it has no attributes."""
    line: int


def html_tags(source: str, first_line: int) -> Iterator[PlacedHtmlTag]:
    """The tags of raw HTML without comments, code and scripts."""
    for tag in _TAG.finditer(source):
        line = first_line + source.count("\n", 0, tag.start())
        yield PlacedHtmlTag(tag["name"].lower(), bool(tag["slash"]), not tag["rest"].strip(), line)


def tag_problems(tags: Iterable[PlacedHtmlTag]) -> Iterator[TextProblem]:
    """Tags of raw HTML of which a reader sees nothing, although they may be words."""
    tags = list(tags)
    ends = {tag.name for tag in tags if tag.is_end}
    for name in dict.fromkeys(tag.name for tag in tags if not tag.is_end):
        first = next(tag for tag in tags if tag.name == name and not tag.is_end)
        if name not in _HTML | _DRAWING:
            message = (
                f"`<{name}>` is not shown, because HTML has no such element: write `&lt;{name}>`"
            )
            yield TextProblem(first.line, message)
        elif first.is_bare and name in _HTML - _WITHOUT_END and name not in ends:
            message = f"`<{name}>` is not shown, because it is HTML, here without its end"
            yield TextProblem(first.line, f"{message}: write `&lt;{name}>`, or add `</{name}>`")
