"""Finds the pages of the desk as its users do: by its links, one page of each kind."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from playwright.sync_api import Page

_MOST_PAGES: Final = 80
_ID: Final = re.compile(
    r"/(leads|statements|campaigns|clients|months|backtest|versions|spam|deliveries|lines)/[^/?]+"
)
_FILE: Final = re.compile(r"\.(pdf|csv|xlsx|xml|json|zip|txt)$|/(export|download|files)\b")

_LINKS: Final = "[...document.querySelectorAll('a[href]')].map((link) => link.href)"


class BrokenLink(Exception):
    """A link of a page leads to an error."""


def find_pages(
    page: Page, start: str, check: Callable[[str], None] = lambda _: None
) -> dict[str, str]:
    """The address of one page of each kind, by the kind: its path without ids.

    `start` is the address of the first page; pages below it are followed, files are not. `check`
    is called with each kind while its page is open. Raises `BrokenLink`.
    """

    def links_on(address: str, source: str) -> list[str]:
        answer = page.goto(address)
        if answer is None or not answer.ok:
            raise BrokenLink(f"{source}: {address} answers {answer and answer.status}")
        links: list[str] = page.evaluate(_LINKS)
        check(kind_of(address, start))
        return links

    return follow_links(start, links_on)


def follow_links(start: str, links_on: Callable[[str, str], Iterable[str]]) -> dict[str, str]:
    """`find_pages` for any browser: `links_on` opens an address, and returns the page's links.

    Its second argument is the address with the link to that page.
    """
    found: dict[str, str] = {}
    waiting = [(start, "the start")]
    while waiting and len(found) < _MOST_PAGES:
        address, source = waiting.pop(0)
        kind = kind_of(address, start)
        if kind in found:
            continue
        links = links_on(address, source)
        found[kind] = address
        waiting += [
            (link.partition("#")[0], address)
            for link in links
            if link.startswith(start) and not _FILE.search(link.partition("?")[0])
        ]
    return found


def kind_of(address: str, start: str) -> str:
    """The path below the start without ids and without the query; `start` for the first page."""
    path = _ID.sub(r"/\1/ID", f"/{address.partition('?')[0].removeprefix(start)}")
    return path.strip("/") or "start"
