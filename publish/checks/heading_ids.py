"""The ids of headings, which links with `#` lead to: the same for `check` and for the page.

A heading has the id that its text gives, in any script: `## 安装步骤` is `#安装步骤`. The setting
`HEADING_IDS` says how, so that links to the pages of another system go on working:

| setting | `## Über uns - A & B` | the same text again |
|---|---|---|
| `github`, the default | `über-uns---a--b` | `über-uns---a--b-1` |
| `readable` | `über-uns-a-b` | `über-uns-a-b_1` |
| `ascii`, as Python-Markdown | `uber-uns-a-b` | `uber-uns-a-b_1` |

If the extension `toc` has a `slugify` of its own in the site's settings, that one counts.

`github` differs from GitHub in two cases. A letter and its accent as two characters become one. A
heading without a letter or digit has a number alone, because an id must not be empty.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal

from markdown.extensions.toc import slugify

from capture.errors import Refused

HeadingIdStyle = Literal["github", "readable", "ascii"]
Slugify = Callable[[str], str]
"""Makes an id of the text of a heading."""
DEFAULT_STYLE: Final[HeadingIdStyle] = "github"
_BLANKS: Final = re.compile(r"[-\s]+")
_NO_WORDS: Final = re.compile(r"[^\w\s-]")
_WORD: Final = frozenset({"Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl", "Pc"})
_CIRCLED: Final = re.compile(
    "[\u24b6-\u24e9\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189]"
)
"""Circled and squared letters, which are letters and symbols at the same time."""
_NUMBERED: Final = re.compile(r"(?P<base>.*)_(?P<number>\d+)", re.DOTALL)


def heading_id_style(value: str) -> HeadingIdStyle:
    """The value of the setting. Raises `Refused` for a wrong one."""
    match value:
        case "github" | "readable" | "ascii":
            return value
    raise Refused(f"HEADING_IDS: must be github, readable or ascii: {value!r}")


class HeadingIds:
    """Gives each heading of one text an id that no other element has."""

    def __init__(self, style: HeadingIdStyle | Slugify, taken: Iterable[str] = ()) -> None:
        """`taken` are the ids that the text itself gives to its elements."""
        self._slugify = style if callable(style) else _STYLES[style]
        self._is_github = style == "github"
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def new(self, text: str) -> str:
        """The id of the next heading; `text` is without tags and entities."""
        preferred = self._slugify(text)
        free = (
            preferred if preferred and preferred not in self._taken else self._numbered(preferred)
        )
        self._taken.add(free)
        return free

    def _numbered(self, preferred: str) -> str:
        mark = "-" if self._is_github else "_"
        match = None if self._is_github else _NUMBERED.fullmatch(preferred)
        base, number = (match["base"], int(match["number"]) + 1) if match else (preferred, 1)
        number = max(number, self._next.get(base, 1))
        while f"{base}{mark}{number}" in self._taken:
            number += 1
        self._next[base] = number + 1
        return f"{base}{mark}{number}"


def _github(text: str) -> str:
    line = text.strip().replace("\n", " ")
    return "".join(char for char in _words(line) if char == " " or not char.isspace()).replace(
        " ", "-"
    )


def _readable(text: str) -> str:
    return _BLANKS.sub("-", _words(text).strip())


def _words(text: str) -> str:
    """The letters with their accents, digits, `_`, `-` and blanks, in small letters."""
    if text.isascii():
        return _NO_WORDS.sub("", text).lower()
    lower = unicodedata.normalize("NFC", text).lower()
    return "".join(char for char in lower if char == "-" or char.isspace() or _is_word(char))


def _is_word(char: str) -> bool:
    """Whether a character belongs to words, as Unicode's regular expressions define it."""
    return unicodedata.category(char) in _WORD or _CIRCLED.match(char) is not None


_STYLES: Final[Mapping[HeadingIdStyle, Slugify]] = {
    "github": _github,
    "readable": _readable,
    "ascii": lambda text: slugify(text, "-"),
}
