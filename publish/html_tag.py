"""One tag of HTML: read into its attributes, and written again."""

import html
from collections.abc import Mapping
from html.parser import HTMLParser


def attributes_of(tag: str) -> dict[str, str]:
    """What a tag says, as text; the first of a name holds, as in browsers."""
    reader = _Reader()
    reader.feed(tag)
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            self.found.setdefault(name, value or "")

    handle_startendtag = handle_starttag


def write_tag(name: str, attributes: Mapping[str, str]) -> str:
    """The tag again, with every value quoted and escaped."""
    said = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<{name}{said}>"
