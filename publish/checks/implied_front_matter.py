"""The title and the date of a text whose front matter has none, as other systems find them.

A file of a repository, a wiki or MkDocs begins with its title as a heading, one of Jekyll has its
date in its name: `2026-11-23-what-pays.md`. The heading is taken out of the text, as the page shows
the title above it.
"""

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from publish.checks.commonmark import ATTRIBUTE_LIST, read_blocks, split_event
from publish.checks.front_matter import FrontMatter

_FIRST_HEADING: Final = re.compile(
    r"\A(?>\s*<!--(?:(?!-->).)*-->)*+\s*^ {0,3}"
    r"(?P<heading>\#[ \t][^\n]*|[^\s#>\-+*<][^\n]*\n=+[ \t]*)$",
    re.DOTALL | re.MULTILINE,
)
_ATTRIBUTES: Final = re.compile(rf"[ \t]+{ATTRIBUTE_LIST}[^}}\n]*\}}[ \t]*$")
_PLAIN: Final = frozenset({"Text", "Code", "Heading", "Emphasis", "Strong", "Strikethrough"})
"""Parts of a heading of which a title keeps all words."""
_DATE: Final = re.compile(r"(?P<date>\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?:$|[-_. ])")


def with_implied_keys(front_matter: FrontMatter, name: str) -> FrontMatter:
    """The front matter with the title of the first heading and the date of the file's name.

    `name` is the path of the file. A first heading with the words of the given title is taken out
    of the text too.
    """
    if front_matter.is_unreadable:
        return front_matter
    if not front_matter.values.get("date") and (date := _date_in(name)):
        front_matter = replace(front_matter, values={**front_matter.values, "date": date})
    heading = _FIRST_HEADING.match(front_matter.body)
    if heading is None:
        return front_matter
    words, is_plain = _words(heading["heading"])
    given = str(front_matter.values.get("title") or "")
    if not words or given.casefold() not in {"", words.casefold()}:
        return front_matter
    body = front_matter.body
    above, below = body[: heading.start("heading")], body[heading.end() :]
    front_matter = replace(
        front_matter,
        values={**front_matter.values, "title": given or words},
        lines={("title",): front_matter.body_line + above.count("\n"), **front_matter.lines},
    )
    if not is_plain:
        return front_matter
    breaks = "\n" * heading["heading"].count("\n")
    return replace(
        front_matter, body=f"{above}{breaks}{below}", title_heading=heading["heading"].strip()
    )


def _date_in(name: str) -> str:
    """The date with which the name of a file begins, or its folder's if it is an index."""
    path = PurePosixPath(name)
    match = _DATE.match(path.parent.name if path.stem in {"index", "_index"} else path.stem)
    return match["date"] if match else ""


def _words(heading: str) -> tuple[str, bool]:
    """The words of a heading, and whether it has nothing else, such as links and pictures."""
    words, is_plain = "", True
    for event, _ in read_blocks(_ATTRIBUTES.sub("", heading)).events:
        _, name, data = split_event(event)
        is_plain = is_plain and name in _PLAIN
        words += data if name in {"Text", "Code"} else ""
    return " ".join(words.split()), is_plain
