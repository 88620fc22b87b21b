"""Finds active content in HTML: scripts, redirects, forms that send to other sites.

Also finds what the site's own policy keeps browsers from showing: frames, videos, styles.

The text is parsed as browsers do: names in any case, entities in attributes, whitespace inside
`java script:`, comments that browsers end early, tags that are never closed.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from capture.site_policy import NONE, page_policy

_RUNS_CODE: Final = "runs code in the reader's browser: remove it"
_ELEMENTS: Final = {
    "script": _RUNS_CODE,
    "base": "changes the target of every link on the page: remove it",
    **dict.fromkeys(
        ("object", "embed", "applet"),
        "loads a program or another page into this page: link to it, or use a picture",
    ),
    **dict.fromkeys(
        ("frame", "frameset", "portal"), "loads another page into this page: link to it"
    ),
}
_SENDING: Final = {("form", "action"), ("button", "formaction"), ("input", "formaction")}
_FETCHING: Final = {("link", "href"), ("a", "ping"), ("area", "ping")}
_ADDRESSES: Final = frozenset(
    {"href", "src", "srcset", "action", "formaction", "data", "poster", "cite", "background"}
    | {"longdesc", "codebase", "code", "classid", "archive", "manifest", "profile", "ping"}
    | {"to", "from", "by", "values", "dynsrc", "lowsrc"}  # of animations, and of old browsers
)
_MEDIA_TAGS: Final = frozenset({"img", "source", "video", "audio", "track", "image", "feimage"})
_MEDIA_DATA: Final = re.compile(r"data:(?:image|audio|video)/", re.IGNORECASE)
_IGNORED: Final = re.compile(r"[\t\n\r]+")
_CONTROL: Final = "".join(map(chr, range(33)))
_SCHEMES: Final = ("javascript:", "vbscript:", "data:", "blob:", "filesystem:")
_ACTIVE: Final = re.compile("|".join(_SCHEMES), re.IGNORECASE)
_SUSPECT_TAG: Final = re.compile(
    r"<(?:script|meta|base|object|embed|applet|frame|portal|form|button|input|link|iframe|video"
    r"|audio|style)"
)
_SUSPECT_NAMES: Final = ("ping", "formaction", "srcdoc", "style")
_EVENT: Final = re.compile(r"on[a-z]+\s*=")
_SUSPECT_ATTRIBUTE: Final = re.compile(
    rf"""[\s"'/](?:{_EVENT.pattern}|(?:{"|".join(_SUSPECT_NAMES)})\s*=)"""
)


# What the Content-Security-Policy of the pages blocks. What it allows from this site alone, such as
# scripts and pictures, other rules find.

_POLICY: Final = page_policy()
_LOADING: Final = {
    "iframe": ("frame-src", "frames"),
    "video": ("media-src", "videos"),
    "audio": ("media-src", "sound"),
}
"""By element: the directive for what it loads, and what that is."""
_BLOCKED_ELEMENTS: Final = {
    name: f"`<{name}>` stays empty, because the site's policy blocks {what}: link to it instead"
    for name, (directive, what) in _LOADING.items()
    if _POLICY.sources_of(directive) == (NONE,)
}
_BLOCKS_STYLES: Final = "'unsafe-inline'" not in _POLICY.sources_of("style-src")
_STYLE_FIX: Final = (
    "has no effect, because the site's policy blocks styles in a page: remove it; "
    "styles belong in theme/static/style.css"
)

ACTIVE: Final = "active-content"
BLOCKED: Final = "blocked"
BLOCKED_STYLE: Final = "blocked-style"


@dataclass(frozen=True)
class ActivePart:
    """One piece of active or blocked content."""

    message: str
    line: int
    address: str = ""
    """The address that it sends data to or fetches; allowed if it is on this site."""
    rule: str = ACTIVE
    """The rule that reports it."""


def active_parts(text: str, first_line: int = 1) -> tuple[ActivePart, ...]:
    """All active content in a piece of HTML, with lines counted from `first_line`."""
    if not _is_suspect(text):
        return ()
    return tuple(dict.fromkeys(_read_parts(text, first_line)))


def address_problem(address: str, *, is_embedded: bool = False) -> str:
    """The problem with an address that runs code; empty for the address of a page or file.

    `is_embedded` is whether the page loads it as a picture, sound or video.
    """
    address = _IGNORED.sub("", address).strip(_CONTROL)
    if not _ACTIVE.match(address) or (is_embedded and _MEDIA_DATA.match(address)):
        return ""
    return f"`{address[:40]}` {_RUNS_CODE}"


def is_external(address: str, site_url: str) -> bool:
    """Whether a browser would leave this site for the address."""
    address = _IGNORED.sub("", address).strip(_CONTROL).replace("\\", "/")
    if not re.match(r"[a-z][a-z0-9+.-]*:|//", address, re.IGNORECASE):
        return False
    return not (site_url and f"{address}/".startswith(f"{site_url.rstrip('/')}/"))


def problems_of_tag(name: str, attributes: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Message and address of each problem of one tag; names in lower case, values decoded."""
    raw = dict(reversed(list(attributes)))  # if a name occurs twice, the first one counts
    if message := _ELEMENTS.get(name):
        yield f"`<{name}>` {message}", ""
    if name == "meta" and "http-equiv" in raw:
        yield "`<meta http-equiv>` can redirect readers to another site: remove it", ""
    if name == "iframe" and "srcdoc" in raw:
        yield f"`<iframe srcdoc>` {_RUNS_CODE}", ""
    for key, value in raw.items():
        if key.startswith("on") and len(key) > 2:
            yield f"`{key}` {_RUNS_CODE}", ""
        elif (name, key) in _SENDING:
            message = f"`<{name}>` sends what a reader types to `{value.strip()}`"
            yield f"{message}: use `{{% form SLUG %}}`", value
        elif (name, key) in _FETCHING:
            yield f"`<{name}>` reports every reader to `{value.strip()}`: remove it", value
        if key in _ADDRESSES:
            is_embedded = name in _MEDIA_TAGS and key in {"src", "srcset", "poster", "href"}
            for part in (
                value.split(";") if key in {"values", "srcset"} and ";" in value else [value]
            ):
                if message := address_problem(part, is_embedded=is_embedded):
                    yield message, ""


def blocked_by_policy(name: str, attributes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Message and rule of what browsers do not show of one tag; names in lower case."""
    if name in _BLOCKED_ELEMENTS and "srcdoc" not in attributes:  # which is active content
        yield _BLOCKED_ELEMENTS[name], BLOCKED
    if _BLOCKS_STYLES and name == "style":
        yield f"`<style>` {_STYLE_FIX}", BLOCKED_STYLE
    if _BLOCKS_STYLES and "style" in attributes:
        yield f'`style="..."` {_STYLE_FIX}', BLOCKED_STYLE


def _is_suspect(text: str) -> bool:
    """Whether a text may have active content: a quick test, because most texts have none.

    Patterns that begin with a certain letter, and words without a pattern, are found fastest.
    """
    lower = text.lower()
    has_attribute = _EVENT.search(lower) or any(name in lower for name in _SUSPECT_NAMES)
    if _SUSPECT_TAG.search(lower) or (has_attribute and _SUSPECT_ATTRIBUTE.search(lower)):
        return True
    decoded = html.unescape(text).lower() if "&" in text else lower
    for ignored in "\t\n\r":
        decoded = decoded.replace(ignored, "")
    return any(scheme in decoded for scheme in _SCHEMES)


def _read_parts(text: str, first_line: int) -> Iterator[ActivePart]:
    """Problems of all tags, also of those that browsers see and Python's parser does not."""
    parser = _Parser(first_line)
    parser.feed(text)
    rest, line = parser.rawdata, first_line + text.count("\n") - parser.rawdata.count("\n")
    parser.close()
    yield from parser.parts
    for hidden, hidden_line in parser.hidden:
        yield from active_parts(hidden, hidden_line)
    if rest.lstrip().startswith("<"):  # an open tag: the rest of the page would close it
        for end in (">", '">', "'>"):
            closed = _Parser(line)
            closed.feed(rest + end)
            yield from closed.parts


class _Parser(HTMLParser):
    def __init__(self, first_line: int) -> None:
        super().__init__()
        self._first = first_line
        self.parts: list[ActivePart] = []
        self.hidden: list[tuple[str, int]] = []

    def set_cdata_mode(self, *_: object, **__: object) -> None:
        """Does nothing, so no text is skipped: parsers disagree about where a script ends."""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        raw = [(key.rpartition(":")[2], value or "") for key, value in attrs]
        line = self._first + self.getpos()[0] - 1
        name = tag.rpartition(":")[2]
        for message, address in problems_of_tag(name, raw):
            self.parts.append(ActivePart(message, line, address))
        for message, rule in blocked_by_policy(name, [key for key, _ in raw]):
            self.parts.append(ActivePart(message, line, rule=rule))

    def handle_comment(self, data: str) -> None:
        """Browsers end a comment at `<!-->`, `<!--->` and `--!>` already."""
        if data.startswith((">", "->")) or "--!>" in data:
            self.hidden.append((data, self._first + self.getpos()[0] - 1))

    def unknown_decl(self, data: str) -> None:
        """`<![CDATA[` is a comment in HTML, up to the next `>`."""
        self.hidden.append((data, self._first + self.getpos()[0] - 1))
