"""Addresses in a text that are links without any mark, as GitHub reads them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class BareLink:
    """An address in a text that is a link without any mark."""

    start: int
    end: int
    address: str


_LABEL: Final = r"(?:[a-zA-Z0-9_-]|[^\s\x00-\x7f])+"
_DOMAIN: Final = rf"{_LABEL}(?:\.{_LABEL})*"
_MAIL: Final = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_REST: Final = "(?:[^\\s<\x02]|\x02amp\x03)*"
_BARE: Final = re.compile(
    rf"(?<![a-z])(?P<url>(?:https?|ftp)://{_DOMAIN}{_REST})"
    rf"|(?<![^\s*_~(\[])(?P<www>www\.{_DOMAIN}{_REST})"
    rf"|(?<![\w.@+-])(?P<mail>(?-i:mailto:)?{_MAIL}|(?-i:xmpp:){_MAIL}(?:/[\w@.]+)?)",
    re.IGNORECASE,
)
_TRAILING: Final = "?!.,:*_~'\""
_TRAILING_ENTITY: Final = re.compile("(?:\x02amp\x03|&)(?:amp;)?[a-zA-Z0-9]+;$")
_BRACKET: Final = re.compile(r"[\[\]]")
_LONGEST_ENTITY: Final = 50


def find_bare_links(text: str) -> Iterator[BareLink]:
    """The addresses that GitHub makes links of: of pages and files, and of mail."""
    if "://" not in text and "@" not in text and "www." not in text.lower():
        return
    done = opened = 0
    for match in _BARE.finditer(text):
        opened, done = _open_brackets(text[done : match.start()], opened), match.start()
        found = match[0]
        if match["mail"]:
            found = found.rstrip(".")
            if not found[-1].isalpha():  # such as a version: `package@1.2.0`
                continue
            yield BareLink(match.start(), match.start() + len(found), found)
            continue
        if opened:
            found = _within_brackets(found)
        found = _without_end_of_sentence(found)
        host = re.sub(r"^\w+://", "", found).split("/")[0].split("?")[0].split(":")[0]
        if "_" in "".join(host.split(".")[-2:]) or (match["www"] and host.count(".") < 1):
            continue
        prefix = "http://" if match["www"] else ""
        yield BareLink(match.start(), match.start() + len(found), f"{prefix}{found}")


def _open_brackets(text: str, opened: int) -> int:
    """How many brackets are open behind a text, before which `opened` were."""
    for mark in _BRACKET.findall(text):
        opened = opened + 1 if mark == "[" else max(0, opened - 1)
    return opened


def _within_brackets(address: str) -> str:
    """The address up to a bracket that closes one before it."""
    depth = 0
    for place, mark in enumerate(address):
        depth += (mark == "[") - (mark == "]")
        if depth < 0:
            return address[:place]
    return address


def _without_end_of_sentence(address: str) -> str:
    """The address without the marks and brackets that belong to the sentence around it."""
    while True:
        shorter = address.rstrip(_TRAILING)
        if shorter.endswith(";"):
            end = max(0, len(shorter) - _LONGEST_ENTITY)
            shorter = shorter[:end] + _TRAILING_ENTITY.sub("", shorter[end:]).removesuffix(";")
        brackets = len(shorter) - len(shorter.rstrip(")"))
        surplus = min(brackets, shorter.count(")") - shorter.count("("))
        shorter = shorter[: len(shorter) - max(0, surplus)]
        if shorter == address:
            return address
        address = shorter
