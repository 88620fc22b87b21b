"""Cleans text of an export and escapes it for Markdown."""

import re
from datetime import date, datetime
from html.parser import HTMLParser
from typing import Final
from urllib.parse import quote

from bs4 import BeautifulSoup, Tag
from bs4.exceptions import ParserRejectedMarkup

from capture.errors import Refused

# Not allowed in XML and YAML: control characters except tab and newline, surrogates, noncharacters.
_UNFIT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_ENDLESS: Final = re.compile(r"[ \t]{1000,}")  # other libraries' patterns take quadratic time on it
_BREAKS: Final = re.compile("\r\n?|[\x85\u2028\u2029]")


def clean(text: object) -> str:
    """The text with `\\n` as its only line break and without characters that YAML or XML forbid."""
    if not isinstance(text, str):
        return ""
    return _ENDLESS.sub(" ", _UNFIT.sub("", _BREAKS.sub("\n", text)))


def line(text: object) -> str:
    """The text on one line."""
    return " ".join(clean(text).split())


MAX_DEPTH: Final = 200
"""Maximum depth of nested tags. Deeper HTML is broken or malicious."""


class NestedTooDeeply(Exception):
    """The tags of the HTML are nested deeper than `MAX_DEPTH`."""


class _Shallow(BeautifulSoup):
    """Raises at a tag that is nested too deeply: the time to close a tag grows with its depth."""

    def pushTag(self, tag: Tag) -> None:  # noqa: N802 - Beautiful Soup's name
        if len(self.tagStack) > MAX_DEPTH:
            raise NestedTooDeeply
        super().pushTag(tag)


class _Words(HTMLParser):
    """Collects the text outside scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        if not self.cdata_elem:
            self.found.append(data)


def soup_of(html: str) -> BeautifulSoup:
    """Parses HTML. Declarations that the parser rejects become text. Raises `NestedTooDeeply`."""
    html = _escape_unclosed_tags(html)
    try:
        return _Shallow(html, "html.parser")
    except ParserRejectedMarkup:
        return _Shallow(_without_declarations(html), "html.parser")


def words_of(html: str) -> list[str]:
    """The pieces of text between tags, at any depth."""
    html = _escape_unclosed_tags(html)
    for text in (html, _without_declarations(html)):
        words = _Words()
        try:
            words.feed(text)
            words.close()
        except AssertionError:  # a declaration that the parser rejects
            continue
        return [piece for piece in map(line, words.found) if piece]
    return [line(html)]


def _escape_unclosed_tags(html: str) -> str:
    """Escapes each `<` after the last `>`: no tag can end there.

    Python's parser gives the same result in quadratic time.
    """
    end = html.rfind(">") + 1
    return html[:end] + html[end:].replace("<", "&lt;")


def _without_declarations(html: str) -> str:
    return html.replace("<!", "&lt;!")


def plain(html: object) -> str:
    """The text of a piece of HTML, on one line."""
    text = clean(html)
    if "<" in text or "&" in text:
        text = f"<p>{text}</p>"
        try:
            text = soup_of(text).get_text(" ")
        except NestedTooDeeply:
            text = " ".join(words_of(text))
    return " ".join(text.split())


def moment(text: object) -> datetime | date | None:
    """A date, or a date with a time, in ISO 8601; None if not valid."""
    words = line(text)
    try:
        return date.fromisoformat(words)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(words)
    except ValueError:
        return None


def decode_text(raw: bytes, where: str) -> str:
    """Decodes UTF-8, or UTF-16 with a byte order mark. Raises `Refused` with the line number."""
    try:
        return raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise Refused(f"{where}:{number}: is not UTF-8 text: save the file as UTF-8") from None


_SIGNS: Final = re.compile(r"[\\`*\[\]]|(?<!\w)_|_(?!\w)")
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")
_LINE_START: Final = re.compile(
    r"^(?P<space>[ \t]*)(?:(?P<mark>[+#>-]|!!!)|(?P<number>\d{1,9})(?P<dot>[.)])(?=\s|$)"
    r"|(?P<odd>[:=~]))",
    re.MULTILINE,
)
_CONTENT_ROOT: Final = re.compile(r"^\{(?:filename|static)\}")


def escape_markdown(text: str) -> str:
    """Escapes all characters that Markdown or Gatepost's tags would interpret."""
    text = _SIGNS.sub(r"\\\g<0>", _ENTITY.sub("&amp;", text).replace("<", "&lt;"))
    text = text.replace("{", "&#123;")
    return _LINE_START.sub(_line_start, text)


def _line_start(found: re.Match[str]) -> str:
    if found["number"]:
        return f"{found['space']}{found['number']}\\{found['dot']}"
    if found["odd"]:
        return f"{found['space']}&#{ord(found['odd'])};"
    return f"{found['space']}\\{found['mark']}"


def escape_address(url: str) -> str:
    """Percent-encodes an address for `(...)` in Markdown. Keeps `{filename}` and `{static}`."""
    match = _CONTENT_ROOT.match(url)
    prefix = match[0] if match else ""
    return prefix + quote(url[len(prefix) :], safe="/:?#@!$&'*+,;=%~-._")
