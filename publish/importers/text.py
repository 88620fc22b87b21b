"""Cleans the text of an export and escapes it for Markdown."""

import re
from datetime import date, datetime
from html.parser import HTMLParser
from typing import Final
from urllib.parse import quote

from bs4 import BeautifulSoup, Tag
from bs4.exceptions import ParserRejectedMarkup

from capture.errors import Refused

MAX_DEPTH: Final = 200
"""The maximum depth of nested tags. Deeper HTML is broken or malicious."""
# Forbidden in XML and YAML: control characters except tab and newline, surrogates, noncharacters.
_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
# Patterns of other libraries need quadratic time for long runs of spaces.
_LONG_SPACE: Final = re.compile(r"[ \t]{1000,}")
_LINE_BREAKS: Final = re.compile("\r\n?|[\x85\u2028\u2029]")
_MARKDOWN_CHARACTERS: Final = re.compile(r"[\\`*\[\]]|(?<!\w)_|_(?!\w)")
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")
_LINE_START: Final = re.compile(
    r"^(?P<space>[ \t]*)(?:(?P<mark>[+#>-]|!!!)|(?P<number>\d{1,9})(?P<dot>[.)])(?=\s|$)"
    r"|(?P<other>[:=~]))",
    re.MULTILINE,
)
_CONTENT_ROOT: Final = re.compile(r"^\{(?:filename|static)\}")


def clean_text(text: object) -> str:
    """The text with `\\n` line breaks, without characters that YAML or XML forbid.

    Empty if `text` is not a string.
    """
    if not isinstance(text, str):
        return ""
    return _LONG_SPACE.sub(" ", _FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", text)))


def one_line(text: object) -> str:
    """The text on one line, with single spaces."""
    return " ".join(clean_text(text).split())


def plain_text(html: object) -> str:
    """The text of an HTML fragment, on one line."""
    text = clean_text(html)
    if "<" in text or "&" in text:
        text = f"<p>{text}</p>"
        try:
            text = parse_html(text).get_text(" ")
        except NestedTooDeeply:
            text = " ".join(text_pieces(text))
    return " ".join(text.split())


def parse_date(text: object) -> datetime | date | None:
    """Reads a date, or a date with a time, in ISO 8601. None if it is not valid."""
    value = one_line(text)
    try:
        return date.fromisoformat(value)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def decode_text(raw: bytes, where: str) -> str:
    """Decodes UTF-8, or UTF-16 with a byte order mark. Raises `Refused` with the line number."""
    try:
        return raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise Refused(f"{where}:{number}: is not UTF-8 text: save the file as UTF-8") from None


class NestedTooDeeply(Exception):
    """The tags of the HTML are nested deeper than `MAX_DEPTH`."""


class _DepthLimitedSoup(BeautifulSoup):
    """Raises `NestedTooDeeply`, because the time to close a tag grows with its depth."""

    def pushTag(self, tag: Tag) -> None:  # noqa: N802 - Beautiful Soup's name
        if len(self.tagStack) > MAX_DEPTH:
            raise NestedTooDeeply
        super().pushTag(tag)


class _TextCollector(HTMLParser):
    """Collects the text outside `<script>` and `<style>`."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        if not self.cdata_elem:
            self.pieces.append(data)


def parse_html(html: str) -> BeautifulSoup:
    """Parses HTML. A declaration that the parser rejects becomes text. Raises `NestedTooDeeply`."""
    html = _escape_unclosed_tags(html)
    try:
        return _DepthLimitedSoup(html, "html.parser")
    except ParserRejectedMarkup:
        return _DepthLimitedSoup(_escape_declarations(html), "html.parser")


def text_pieces(html: str) -> list[str]:
    """The pieces of text between tags, at any depth."""
    html = _escape_unclosed_tags(html)
    for text in (html, _escape_declarations(html)):
        collector = _TextCollector()
        try:
            collector.feed(text)
            collector.close()
        except AssertionError:  # a declaration that the parser rejects
            continue
        return [piece for piece in map(one_line, collector.pieces) if piece]
    return [one_line(html)]


def _escape_unclosed_tags(html: str) -> str:
    """Escapes each `<` after the last `>`, because no tag ends there.

    Python's parser gives the same result, but in quadratic time.
    """
    end = html.rfind(">") + 1
    return html[:end] + html[end:].replace("<", "&lt;")


def _escape_declarations(html: str) -> str:
    return html.replace("<!", "&lt;!")


def escape_markdown(text: str) -> str:
    """Escapes all characters with a meaning in Markdown or in Gatepost's tags."""
    text = _MARKDOWN_CHARACTERS.sub(r"\\\g<0>", _ENTITY.sub("&amp;", text).replace("<", "&lt;"))
    text = text.replace("{", "&#123;")
    return _LINE_START.sub(_escape_line_start, text)


def _escape_line_start(match: re.Match[str]) -> str:
    if match["number"]:
        return f"{match['space']}{match['number']}\\{match['dot']}"
    if match["other"]:
        return f"{match['space']}&#{ord(match['other'])};"
    return f"{match['space']}\\{match['mark']}"


def escape_address(url: str) -> str:
    """Percent-encodes an address for `(...)` in Markdown. Keeps `{filename}` and `{static}`."""
    match = _CONTENT_ROOT.match(url)
    prefix = match[0] if match else ""
    return prefix + quote(url[len(prefix) :], safe="/:?#@!$&'*+,;=%~-._")
