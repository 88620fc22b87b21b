"""The ids of headings, which links with `#` lead to: the same for `check` and for the page.

A heading has the id that its text gives, in any script: `## 安装步骤` is `#安装步骤`. The setting
`HEADING_IDS` says how, so that links to the pages of another system go on working:

| setting | `## Über uns --- A & B` | the same text again |
|---|---|---|
| `readable`, the default | `über-uns-a-b` | `über-uns-a-b_1` |
| `github` | `über-uns-----a--b` | `über-uns-----a--b-1` |
| `ascii`, as Python-Markdown | `uber-uns-a-b` | `uber-uns-a-b_1` |
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal

from markdown.extensions.toc import slugify

from capture.errors import Refused

HeadingIdStyle = Literal["readable", "github", "ascii"]
DEFAULT_STYLE: Final[HeadingIdStyle] = "readable"
_BLANKS: Final = re.compile(r"[-\s]+")
_NO_WORDS: Final = re.compile(r"[^\w\s-]")
_NUMBERED: Final = re.compile(r"(?P<base>.*)_(?P<number>\d+)", re.DOTALL)


def heading_id_style(value: str) -> HeadingIdStyle:
    """The value of the setting. Raises `Refused` for a wrong one."""
    match value:
        case "readable" | "github" | "ascii":
            return value
    raise Refused(f"HEADING_IDS: must be readable, github or ascii: {value!r}")


class HeadingIds:
    """Gives each heading of one text an id that no other element has."""

    def __init__(self, style: HeadingIdStyle, taken: Iterable[str] = ()) -> None:
        """`taken` are the ids that the text itself gives to its elements."""
        self._style = style
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def new(self, text: str) -> str:
        """The id of the next heading; `text` is without tags and entities."""
        preferred = _STYLES[self._style](text)
        free = (
            preferred if preferred and preferred not in self._taken else self._numbered(preferred)
        )
        self._taken.add(free)
        return free

    def _numbered(self, preferred: str) -> str:
        mark = "-" if self._style == "github" else "_"
        match = None if self._style == "github" else _NUMBERED.fullmatch(preferred)
        base, number = (match["base"], int(match["number"]) + 1) if match else (preferred, 1)
        number = max(number, self._next.get(base, 1))
        while f"{base}{mark}{number}" in self._taken:
            number += 1
        self._next[base] = number + 1
        return f"{base}{mark}{number}"


def _readable(text: str) -> str:
    return _BLANKS.sub("-", _words(text).strip())


def _github(text: str) -> str:
    return _words(text).strip().replace(" ", "-")


def _words(text: str) -> str:
    """The letters with their accents, digits, `_`, `-` and blanks, in small letters."""
    if text.isascii():
        return _NO_WORDS.sub("", text).lower()
    lower = unicodedata.normalize("NFC", text).lower()
    return "".join(char for char in lower if char in "-_" or char.isspace() or _is_letter(char))


def _is_letter(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char) in {"Mn", "Mc", "Me", "Pc"}


_STYLES: Final[Mapping[HeadingIdStyle, Callable[[str], str]]] = {
    "readable": _readable,
    "github": _github,
    "ascii": lambda text: slugify(text, "-"),
}
