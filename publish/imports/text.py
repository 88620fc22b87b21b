"""Text of strangers made plain: no control signs, no half characters, one line where one is due."""

import re
from datetime import date, datetime
from typing import Final

from bs4 import BeautifulSoup, Tag
from bs4.exceptions import ParserRejectedMarkup

from capture.errors import Refused

# What XML and YAML do not take: control signs but tab and newline, half of a pair, non-characters.
_UNFIT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_ENDLESS: Final = re.compile(r"[ \t]{1000,}")  # patterns of others take the square of its length
_BREAKS: Final = re.compile("\r\n?|[\x85\u2028\u2029]")


def clean(text: object) -> str:
    """Text with newlines of one kind and without signs that no file of ours may hold."""
    if not isinstance(text, str):
        return ""
    return _ENDLESS.sub(" ", _UNFIT.sub("", _BREAKS.sub("\n", text)))


def line(text: object) -> str:
    """The text on one line."""
    return " ".join(clean(text).split())


def soup_of(html: str) -> BeautifulSoup:
    """The HTML as a tree. What the parser rejects is read as words."""
    # Behind the last `>` no tag ends. Python's parser would look for that end from every `<` anew,
    # in the square of the length; what it gives in the end are words, as here.
    end = html.rfind(">") + 1
    html = html[:end] + html[end:].replace("<", "&lt;")
    try:
        return BeautifulSoup(html, "html.parser")
    except ParserRejectedMarkup:
        return BeautifulSoup(html.replace("<!", "&lt;!"), "html.parser")


def depth_of(soup: BeautifulSoup) -> int:
    """How deep tags stand within tags."""
    deepest = 0
    level: list[Tag] = [soup]
    while level := [child for tag in level for child in tag.children if isinstance(child, Tag)]:
        deepest += 1
    return deepest


def plain(html: object) -> str:
    """The words of a piece of HTML, on one line."""
    text = clean(html)
    if "<" in text or "&" in text:
        text = soup_of(f"<p>{text}</p>").get_text(" ")
    return " ".join(text.split())


def moment(text: object) -> datetime | date | None:
    """A date, or a date with a time, of ISO 8601; None if it is none."""
    words = line(text)
    try:
        return date.fromisoformat(words)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(words)
    except ValueError:
        return None


def decoded(raw: bytes, where: str) -> str:
    """UTF-8, with or without a mark at its beginning. Raises `Refused` that names the line."""
    try:
        return raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise Refused(f"{where}:{number}: is no UTF-8 text: save the file as UTF-8") from None
