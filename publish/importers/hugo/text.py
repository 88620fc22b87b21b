"""The text of a Hugo file as HTML: converts or notes shortcodes, and reads CommonMark."""

import posixpath
import re
from collections.abc import Mapping
from html import escape, unescape
from typing import Final

import pyromark

from publish.importers.model import count_noun, join_words

Lost = tuple[str, str]
"""The kind and the message of a note."""

_OPTIONS: Final = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_HEADING_ATTRIBUTES
    | pyromark.Options.ENABLE_DEFINITION_LIST
)
_SHORTCODE: Final = re.compile(
    r"\{\{(?P<sign>[<%])\s*(?P<close>/?)\s*(?P<name>[\w/.-]+)(?P<given>(?:(?!\{\{[<%]).)*?)\s*/?\s*[>%]\}\}",
    re.DOTALL,
)
_SHOWN_AS_TEXT: Final = re.compile(r"\{\{([<%])/\*((?:(?!\{\{).)*?)\*/([>%])\}\}", re.DOTALL)
_HIGHLIGHT: Final = re.compile(
    r"\{\{[<%]\s*highlight\s+\"?(?P<lang>[\w+#.-]+)\"?(?P<options>[^{}]*?)[>%]\}\}\n?"
    r"(?P<code>(?:(?!\{\{[<%]\s*highlight).)*?)"
    r"\{\{[<%]\s*/\s*highlight\s*[>%]\}\}",
    re.DOTALL,
)
_GIVEN: Final = re.compile(r"""(?:([\w-]+)\s*=\s*)?(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|([^\s"`]+))""")
_EMBEDS: Final = {
    "youtube": "https://www.youtube.com/watch?v={}",
    "vimeo": "https://vimeo.com/{}",
    "instagram": "https://www.instagram.com/p/{}/",
    "gist": "https://gist.github.com/{}",
}
_OF_FIGURE: Final = frozenset({"src", "alt", "title", "caption", "link"})
_FENCE_OPTIONS: Final = re.compile(
    r"^[ >]{0,9}(?:`{3,}|~{3,})[ \t]*[\w+#.-]*[ \t{]+[^`\s]", re.MULTILINE
)
_FILE_LINK: Final = re.compile(r'href="(?P<name>[^":?#]+\.(?:md|markdown))(?P<end>#[^"]*)?"')
_OPEN, _CLOSE = "\x1c", "\x1d"  # cleaned text cannot contain them


def html_of(
    body: str, name: str, addresses: Mapping[str, str], *, is_html: bool
) -> tuple[str, list[Lost]]:
    """`name` is the path below the content folder; `addresses` has the address of each path."""
    reading = _Reading(name, addresses)
    text = _SHOWN_AS_TEXT.sub(rf"{_OPEN}\1\2\3{_CLOSE}", body)
    text = _HIGHLIGHT.sub(reading.fence, text)
    text = _SHORTCODE.sub(reading.shortcode, text)
    text = text.replace(_OPEN, "{{").replace(_CLOSE, "}}")
    if number := sum(1 for _ in _FENCE_OPTIONS.finditer(text)):
        reading.lost.append(("code", f"options of {count_noun(number, 'code block')} not imported"))
    html: str = text if is_html else pyromark.html(text, options=_OPTIONS)
    return _FILE_LINK.sub(reading.file_link, html), reading.lost


class _Reading:
    def __init__(self, name: str, addresses: Mapping[str, str]) -> None:
        self._folder = posixpath.dirname(name)
        self._addresses = addresses
        self.lost: list[Lost] = []

    def fence(self, found: re.Match[str]) -> str:
        """Turns a `highlight` shortcode into a code fence. Notes its options."""
        if found["options"].strip():
            self.lost.append(("code", f"`highlight`: {found['options'].strip()} not imported"))
        code = found["code"].rstrip("\n")
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", code)), 3)
        return f"\n{fence}{found['lang']}\n{code}\n{fence}\n"

    def shortcode(self, found: re.Match[str]) -> str:  # noqa: PLR0911 - one line for each kind
        name = found["name"].lower()
        named, placed = _given(found["given"])
        if found["close"]:
            return "</details>\n\n" if name == "details" else ""
        first = placed[0] if placed else ""
        if name in {"ref", "relref"}:
            return self._address(named.get("path") or first)
        if name == "figure":
            return self._figure(named)
        if name == "details":
            summary = escape(named.get("summary") or named.get("title") or "Details")
            return f"<details><summary>{summary}</summary>\n\n"
        if name in {"tweet", "x"} and named.get("id"):
            first = f"{named.get('user', 'i')}/status/{named['id']}"
            return self._embed(name, f"https://twitter.com/{first}")
        if name in _EMBEDS and (key := named.get("id") or "/".join(placed)):
            return self._embed(name, _EMBEDS[name].format(key))
        self.lost.append(("shortcode", f"`{' '.join(found[0].split())}` was removed"))
        return ""

    def _figure(self, attributes: Mapping[str, str]) -> str:
        words = [attributes[key] for key in ("title", "caption") if attributes.get(key)]
        text = f"<figcaption>{escape(': '.join(words))}</figcaption>"
        picture = (
            f'<img src="{escape(attributes.get("src", ""))}" alt="'
            f'{escape(attributes.get("alt", ""))}">'
        )
        if attributes.get("link"):
            picture = f'<a href="{escape(attributes["link"])}">{picture}</a>'
        if rest := [key for key in attributes if key not in _OF_FIGURE]:
            self.lost.append(("shortcode", f"`figure`: {join_words(rest)} not imported"))
        return f"\n\n<figure>{picture}{text}</figure>\n\n"

    def _embed(self, name: str, address: str) -> str:
        self.lost.append(("embed", f"`{name}` of {address} became a link"))
        return f"[{address}]({address})"

    def _address(self, ref: str) -> str:
        """The address for `ref`: a relative path, a path from the root, or only a file name."""
        wanted, sign, fragment = ref.partition("#")
        found = self._found(wanted) if wanted else ""
        if found is None:
            self.lost.append(("link", f"`ref {ref}` matches no file of the export"))
            return ref
        return f"{found}{sign}{fragment}"

    def _found(self, wanted: str) -> str | None:
        beside = posixpath.normpath(posixpath.join(self._folder, wanted))
        for base in (beside, wanted.strip("/")):
            for name in (base, f"{base}.md", f"{base}/index.md"):
                if name in self._addresses:
                    return self._addresses[name]
        ends = [
            a for n, a in self._addresses.items() if n.endswith((f"/{wanted}", f"/{wanted}.md"))
        ]
        return ends[0] if len(ends) == 1 else None

    def file_link(self, found: re.Match[str]) -> str:
        address = self._found(unescape(found["name"]))
        return f'href="{escape(address)}{found["end"] or ""}"' if address else found[0]


def _given(text: str) -> tuple[dict[str, str], list[str]]:
    """The named and the positional parameters of a shortcode."""
    named: dict[str, str] = {}
    placed: list[str] = []
    for name, quoted, ticked, bare in _GIVEN.findall(text):
        value = quoted or ticked or bare
        if name:
            named[name.lower()] = value
        else:
            placed.append(value)
    return named, placed
