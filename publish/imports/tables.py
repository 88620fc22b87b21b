"""Tables that Markdown cannot show stay HTML."""

import re
from typing import Final

from bs4 import BeautifulSoup, Tag

from publish.imports.tags import NOTE, RAW

_BLOCKS: Final = ("ul", "ol", "dl", "pre", "blockquote", "table", "figure", "hr", "h1", "h2", "h3")


def take_out_complex(soup: BeautifulSoup) -> tuple[str, ...]:
    """Puts a sign in the place of each table that Markdown's cannot show; gives their HTML."""
    raw: list[str] = []
    for table in soup.find_all("table"):
        if table.find_parent("table") or not _is_complex(table):
            continue
        for tag in table.find_all([NOTE]):
            tag.unwrap()
        html = re.sub(r"\n\s*\n+", "\n", str(table).replace("{", "&#123;"))
        sign = soup.new_tag(RAW, n=str(len(raw)))
        raw.append(
            html.replace("&#123;filename}", "{filename}").replace("&#123;static}", "{static}")
        )
        table.replace_with(sign)
    return tuple(raw)


def _is_complex(table: Tag) -> bool:
    if table.find(_BLOCKS) or not table.find("tr"):
        return True
    return any(
        cell.get("colspan", "1") != "1"
        or cell.get("rowspan", "1") != "1"
        or len(cell.find_all("p")) > 1
        for cell in table.find_all(["td", "th"])
    )
