"""The HTML of a Hugo file: converts CommonMark and the usual shortcodes, and notes the others."""

import posixpath
import re
from collections.abc import Mapping
from html import escape, unescape
from typing import Final

import pyromark

from capture.text import count_noun
from publish.importers.model import Loss, join_names

_OPTIONS: Final = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_HEADING_ATTRIBUTES
    | pyromark.Options.ENABLE_DEFINITION_LIST
)
_SHORTCODE: Final = re.compile(
    r"\{\{[<%]\s*(?P<close>/?)\s*(?P<name>[\w/.-]+)(?P<parameters>(?:(?!\{\{[<%]).)*?)\s*/?\s*[>%]\}\}",
    re.DOTALL,
)
_QUOTED_SHORTCODE: Final = re.compile(r"\{\{([<%])/\*((?:(?!\{\{).)*?)\*/([>%])\}\}", re.DOTALL)
_HIGHLIGHT: Final = re.compile(
    r"\{\{[<%]\s*highlight\s+\"?(?P<lang>[\w+#.-]+)\"?(?P<options>[^{}]*?)[>%]\}\}\n?"
    r"(?P<code>(?:(?!\{\{[<%]\s*highlight).)*?)"
    r"\{\{[<%]\s*/\s*highlight\s*[>%]\}\}",
    re.DOTALL,
)
_PARAMETER: Final = re.compile(
    r"""(?:([\w-]+)\s*=\s*)?(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|([^\s"`]+))"""
)
_EMBEDS: Final = {
    "youtube": "https://www.youtube.com/watch?v={}",
    "vimeo": "https://vimeo.com/{}",
    "instagram": "https://www.instagram.com/p/{}/",
    "gist": "https://gist.github.com/{}",
}
_FIGURE_PARAMETERS: Final = frozenset({"src", "alt", "title", "caption", "link"})
_FENCE_OPTIONS: Final = re.compile(
    r"^[ >]{0,9}(?:`{3,}|~{3,})[ \t]*[\w+#.-]*[ \t{]+[^`\s]", re.MULTILINE
)
_FILE_LINK: Final = re.compile(r'href="(?P<name>[^":?#]+\.(?:md|markdown))(?P<end>#[^"]*)?"')
_OPEN, _CLOSE = "\x1c", "\x1d"  # cleaned text cannot contain them


def post_html(
    body: str, name: str, addresses: Mapping[str, str], *, is_html: bool
) -> tuple[str, list[Loss]]:
    """The HTML of a file, and a note for each part that is lost.

    `name` is the path of the file below the content folder. `addresses` maps such paths to the
    addresses on the old site.
    """
    converter = _ShortcodeConverter(name, addresses)
    text = _QUOTED_SHORTCODE.sub(rf"{_OPEN}\1\2\3{_CLOSE}", body)
    text = _HIGHLIGHT.sub(converter.fence, text)
    text = _SHORTCODE.sub(converter.shortcode, text)
    text = text.replace(_OPEN, "{{").replace(_CLOSE, "}}")
    if number := sum(1 for _ in _FENCE_OPTIONS.finditer(text)):
        converter.losses.append(
            ("code", f"options of {count_noun(number, 'code block')} not imported")
        )
    html: str = text if is_html else pyromark.html(text, options=_OPTIONS)
    return _FILE_LINK.sub(converter.file_link, html), converter.losses


class _ShortcodeConverter:
    """Converts the shortcodes and file links of one file, and collects the losses."""

    def __init__(self, name: str, addresses: Mapping[str, str]) -> None:
        self._folder = posixpath.dirname(name)
        self._addresses = addresses
        self.losses: list[Loss] = []

    def fence(self, match: re.Match[str]) -> str:
        """Turns a `highlight` shortcode into a code fence. Adds a note for its options."""
        if match["options"].strip():
            self.losses.append(("code", f"`highlight`: {match['options'].strip()} not imported"))
        code = match["code"].rstrip("\n")
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", code)), 3)
        return f"\n{fence}{match['lang']}\n{code}\n{fence}\n"

    def shortcode(self, match: re.Match[str]) -> str:  # noqa: PLR0911 - one line for each kind
        """Converts a shortcode to Markdown or HTML. Adds a note if there is no equivalent."""
        name = match["name"].lower()
        named, positional = _parse_parameters(match["parameters"])
        if match["close"]:
            return "</details>\n\n" if name == "details" else ""
        first = positional[0] if positional else ""
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
        if name in _EMBEDS and (key := named.get("id") or "/".join(positional)):
            return self._embed(name, _EMBEDS[name].format(key))
        self.losses.append(("shortcode", f"`{' '.join(match[0].split())}` was removed"))
        return ""

    def _figure(self, attributes: Mapping[str, str]) -> str:
        texts = [attributes[key] for key in ("title", "caption") if attributes.get(key)]
        caption = f"<figcaption>{escape(': '.join(texts))}</figcaption>"
        picture = (
            f'<img src="{escape(attributes.get("src", ""))}" alt="'
            f'{escape(attributes.get("alt", ""))}">'
        )
        if attributes.get("link"):
            picture = f'<a href="{escape(attributes["link"])}">{picture}</a>'
        if unused := [key for key in attributes if key not in _FIGURE_PARAMETERS]:
            self.losses.append(("shortcode", f"`figure`: {join_names(unused)} not imported"))
        return f"\n\n<figure>{picture}{caption}</figure>\n\n"

    def _embed(self, name: str, address: str) -> str:
        self.losses.append(("embed", f"`{name}` of {address} became a link"))
        return f"[{address}]({address})"

    def _address(self, ref: str) -> str:
        """The address for `ref`: a relative path, a path from the root, or only a file name."""
        path, separator, fragment = ref.partition("#")
        address = self._find_address(path) if path else ""
        if address is None:
            self.losses.append(("link", f"`ref {ref}` matches no file of the export"))
            return ref
        return f"{address}{separator}{fragment}"

    def _find_address(self, path: str) -> str | None:
        """The address of a file; None if no file or several files match."""
        relative = posixpath.normpath(posixpath.join(self._folder, path))
        for base in (relative, path.strip("/")):
            for name in (base, f"{base}.md", f"{base}/index.md"):
                if name in self._addresses:
                    return self._addresses[name]
        matches = [
            address
            for name, address in self._addresses.items()
            if name.endswith((f"/{path}", f"/{path}.md"))
        ]
        return matches[0] if len(matches) == 1 else None

    def file_link(self, match: re.Match[str]) -> str:
        """Replaces a link to a Markdown file by a link to its address."""
        address = self._find_address(unescape(match["name"]))
        return f'href="{escape(address)}{match["end"] or ""}"' if address else match[0]


def _parse_parameters(text: str) -> tuple[dict[str, str], list[str]]:
    """The named and the positional parameters of a shortcode."""
    named: dict[str, str] = {}
    positional: list[str] = []
    for name, quoted, raw, bare in _PARAMETER.findall(text):
        value = quoted or raw or bare
        if name:
            named[name.lower()] = value
        else:
            positional.append(value)
    return named, positional
