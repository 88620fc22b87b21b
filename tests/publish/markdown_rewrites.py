"""How a test writes a place in a text in another way, so that two engines read it alike."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Rewrite:
    """Writes a place in a text in another way."""

    place: re.Pattern[str]
    instead: str | Callable[[re.Match[str]], str]
    """What stands there afterwards, as `re.sub` reads it."""


@dataclass(frozen=True)
class Difference:
    """A construct that the engine and the judge read in different ways."""

    reason: str
    rewrites: tuple[Rewrite, ...]
    examples: tuple[tuple[str, str], ...]
    """Texts, and what the page shows for them."""

    def removed(self, text: str) -> str:
        """The text with the construct written in a way that both read alike."""
        for rewrite in self.rewrites:
            text = rewrite.place.sub(rewrite.instead, text)
        return text


def at(pattern: str, instead: str | Callable[[re.Match[str]], str]) -> Rewrite:
    """A rewrite of each place that the pattern finds; `^` and `$` are ends of lines."""
    return Rewrite(re.compile(pattern, re.MULTILINE), instead)


def _width(lead: str) -> int:
    """The columns before a text. A quote may have one blank behind its mark."""
    return len(lead.expandtabs(4).replace("> ", ">"))


def without_lazy_tag(lines: re.Match[str]) -> str:
    leads = re.findall(LINE, lines["before"], re.MULTILINE)
    deepest = max(leads, key=lambda lead: (lead.count(">"), _width(lead)))
    is_lazy = lines["tag"].count(">") < deepest.count(">") or _width(lines["tag"]) < _width(deepest)
    return f"{lines[0]}w " if is_lazy else lines[0]


def without_lazy_span(span: re.Match[str]) -> str:
    """Code, a title or HTML of several lines, without its marks if a later line is lazy."""
    above = f"{span.string[: span.start()]}w"
    if span[0].startswith("```") and re.search(rf"{LINE}w\Z", above, re.MULTILINE):
        return span[0]  # a fence
    paragraph = re.split(r"^[ \t>]*\n", above, flags=re.MULTILINE)[-1]
    leads = re.findall(LINE, paragraph, re.MULTILINE)
    deepest = max(leads, key=lambda lead: (lead.count(">"), _width(lead)))
    for lead in re.findall(r"\n([ \t>]*)", span["words"]):
        inside = re.match(rf"[ \t]*(?:>[ \t]*){{0,{deepest.count('>')}}}", lead)
        width = _width(inside[0]) if inside else 0
        is_deep = re.match(rf"{DEEP_LINE}>", lead)
        if lead.count(">") < deepest.count(">") or width < _width(deepest) or is_deep:
            return f"w{span['words']}w"
    return span[0]


def without_lazy_head(lines: re.Match[str]) -> str:
    is_lazy = _width(lines["head"]) != _width(lines["dashes"])
    return f"{lines[0]}w " if is_lazy else lines[0]


def without_deep_rows(table: re.Match[str]) -> str:
    dashes, *rows = table[0].split("\n")
    width = _width(table["lead"]) + 1
    leads = [row[: len(row) - len(row.lstrip(" \t>"))] for row in rows]
    is_deep = [
        _width(lead) >= width or bool(re.search("> {5,}$", lead.expandtabs(4))) for lead in leads
    ]
    return "\n".join(
        [dashes, *("\n" * deep + row for deep, row in zip(is_deep, rows, strict=True))]
    )


def without_open_html(lines: re.Match[str]) -> str:
    is_closed = _width(lines["end"]) >= _width(lines["start"])
    return lines[0] if is_closed else f"{lines['start']}w{lines['blank']}"


def without_open_script(lines: re.Match[str]) -> str:
    is_closed = _width(lines["end"]) >= _width(lines["start"])
    words = f"{lines['start']}script\n{lines['end']}{lines['rest']}script"
    return lines[0] if is_closed else words


def without_lazy_fence(fence: re.Match[str]) -> str:
    before = re.split(r"^[ \t>]*\n", fence.string[: fence.start()], flags=re.MULTILINE)[-1]
    quotes, width = f"{fence['lead']}{fence['marks']}".count(">"), _width(fence["lead"])
    is_lazy = any(
        quotes < lead.count(">") or (width < _width(lead) and lead.strip(" \t>"))
        for lead in re.findall(LINE, before, re.MULTILINE)
    )
    return f"{fence['lead']}{fence['marks']}w" if is_lazy else fence[0]


def without_open_backticks(ticks: re.Match[str]) -> str:
    behind = ticks.string[ticks.end() :]
    until_empty_line = re.split(r"\n[ \t>]*(?:\n|```)", behind, maxsplit=1)[0]
    is_open = ticks[0] not in re.findall("`+", until_empty_line)
    # A `>` behind four blanks may be a word of the paragraph.
    paragraph = re.split(rf"\n(?!{DEEP_LINE}>)[ \t>]*(?:\n|```)", behind, maxsplit=1)[0]
    others: list[str] = re.findall("`+", paragraph)
    return "w" if is_open and any(others.count(other) > 2 for other in others) else ticks[0]


DEEP: Final = r"(?: {2}| ?\t)"
DEEP_LINE: Final = r"(?: {4}|\t)[ \t]*"
MARK: Final = r"(?:[-+*]|\d+[.)])"
LINE: Final = rf"^[ \t>]*(?:{MARK}[ \t][ \t>]*)*"
"""The start of a line, with the marks of quotes and list items."""
IN_ITEM: Final = rf"(?=[ \t>]*(?:{MARK}[ \t]|{DEEP})){LINE[1:]}"
"""The same of a line in a list."""
NEXT: Final = r"(?:\n[ \t>]*[^ \t>\n].*)"
"""A line that is not empty."""
MORE_OF_LIST: Final = rf"(?:[ \t>]*\n)*[ \t>]*(?:{MARK}[ \t\n]|{DEEP})"
"""The next item, or more blocks of the same one, behind empty lines."""
RULE: Final = r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})"
DEFINITION: Final = rf"\[\w+\]:.*{NEXT}{{0,3}}?"
_IN_BRACKETS: Final = r"(?:\\(?:\W|(?=\w))|[^\[\]\\\n]|\n(?![ \t]*\n))"
CLOSED: Final = (
    rf"(?:{_IN_BRACKETS}|\[(?:{_IN_BRACKETS}|\[(?:{_IN_BRACKETS}|\[{_IN_BRACKETS}*\])*\])*\])"
)
"""A character, or brackets that are closed."""
PAIR: Final = rf"\[{CLOSED}*?\]"
ADDRESS: Final = r"(?:https?:|www\.)\S*"
TAG_ALONE: Final = r"(?:</?(?:ins|br?)\b[^>\n]*>|</(?:pre|script)>)[ \t]*$"
DASHES: Final = r"(?=.*[|:])\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$"
