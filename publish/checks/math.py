"""Math of the extension `pymdownx.arithmatex` in a text: `$x_1*y*$`, `$$...$$`, `\\[...\\]`.

CommonMark would read emphasis, escapes and links in a formula. So the marks in it are hidden: each
becomes a character that no text has, and is shown again when the structure is known. The same is
done with labels of footnotes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_MARKS: Final = "\\*_~[]<>&`!#-+.):|=^/?@\"'{}%"
_FIRST: Final = 0xFDD4
"""The first of the characters that stand for marks; those before it are used elsewhere."""
_HIDDEN: Final = {ord(mark): _FIRST + number for number, mark in enumerate(_MARKS)}
_SHOWN: Final = {hidden: mark for mark, hidden in _HIDDEN.items()}
HIDDEN_MARK: Final = f"[{chr(_FIRST)}-{chr(_FIRST + len(_MARKS) - 1)}]"
"""A pattern."""
_BLANK_LINE: Final = re.compile(rb"\n[ \t>]*(?:\n|\Z)")


@dataclass(frozen=True)
class Math:
    """How the math of a site is written, by the patterns of the extension."""

    inline: re.Pattern[str] | None
    """Its first group, and its fourth one, are no math but escaped backslashes before it."""
    block: re.Pattern[str] | None
    """Math at the start of a paragraph, up to the end of a line."""


@dataclass(frozen=True)
class Words:
    """A part of a paragraph, a heading or a cell without code; its place is in bytes."""

    start: int
    end: int
    is_first: bool


def hide_math(text: str, parts: Iterable[Words], math: Math) -> str:
    """The text without marks in its math. Every line keeps its number, every quote its marks."""
    source, pieces, done = text.encode(), [], 0
    for part in parts:
        if part.end <= done:
            continue
        start = max(part.start, done)
        block = _block(source, start, math) if part.is_first else None
        end = start + len(block.encode()) if block else part.end
        words = block or source[start:end].decode()
        line = source.rfind(b"\n", 0, start) + 1
        quotes = source.count(b">", line, start) if "\n" in words else 0
        pieces.append(source[done:start].decode())
        pieces.append(_hidden(words, quotes) if block else _hide_inline(words, quotes, math))
        done = end
    return "".join([*pieces, source[done:].decode()])


def hide_marks(words: str) -> str:
    """The words with other characters in place of marks."""
    return words.translate(_HIDDEN)


def show_marks(text: str) -> str:
    """The text with the marks that are hidden."""
    return text if text.isascii() else text.translate(_SHOWN)


def _block(source: bytes, start: int, math: Math) -> str | None:
    if math.block is None or not source.startswith((b"$$", b"\\[", b"\\begin"), start):
        return None
    blank = _BLANK_LINE.search(source, start)
    found = math.block.match(source[start : blank.start() if blank else None].decode())
    return found[0] if found else None


def _hide_inline(words: str, quotes: int, math: Math) -> str:
    if math.inline is None or ("$" not in words and "\\(" not in words):
        return words
    return math.inline.sub(
        lambda found: found[0] if _is_escape(found) else _hidden(found[0], quotes), words
    )


def _is_escape(found: re.Match[str]) -> bool:
    return bool(found[1] or (found.re.groups > 3 and found[4]))


def _hidden(words: str, quotes: int) -> str:
    """The words without marks, but for those of so many quotes around them."""
    lead = re.compile(rf"\n(?:[ \t]*>){{0,{quotes}}}[ \t]*")
    first, *others = lead.split(words)
    pieces = [hide_marks(first)]
    for found, line in zip(lead.findall(words), others, strict=True):
        pieces += [found, hide_marks(line)]
    return "".join(pieces)
