"""Levels of headings: they begin with the second and leave out none."""

import re
from typing import Final

from bs4 import BeautifulSoup

from publish.imports.carrier import Carrier

HEADING: Final = re.compile(r"h[1-6]")


def level_headings(soup: BeautifulSoup, carrier: Carrier) -> None:
    """Puts each one level below the one above it that is greater, and tells how many changed."""
    above: list[tuple[int, int]] = []
    changed = 0
    for tag in soup.find_all(HEADING):
        if not tag.get_text(strip=True) and not tag.find("img"):
            tag.unwrap()
            continue
        old = int(tag.name[1])
        while above and above[-1][0] >= old:
            above.pop()
        new = min(6, (above[-1][1] if above else 1) + 1)
        above.append((old, new))
        changed += new != old
        tag.name = f"h{new}"
    if changed:
        said = f"the level of {changed} was changed, to begin with `##` and leave out none"
        carrier.note("headings", said)
