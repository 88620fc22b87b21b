"""The tables of Ghost's database in its export, as far as they are sound."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from capture.errors import Refused, Unavailable, short_path
from publish.imports.text import decoded, line

Row = Mapping[str, Any]


class Tables:
    """Reads one JSON file. Raises `Refused` if it is no export, `Unavailable` if unreadable."""

    def __init__(self, path: Path) -> None:
        self._data = _data(path)
        self.meta = {line(row.get("post_id")): row for row in self.rows("posts_meta")}
        self.tags = self._linked("posts_tags", "tag_id", "tags")
        self.authors = self._linked("posts_authors", "author_id", "users")
        self.users = {str(row.get("id")): row for row in self.rows("users")}
        self.settings = {line(row.get("key")): row.get("value") for row in self.rows("settings")}

    def rows(self, name: str) -> list[Row]:
        """The rows of a table; none if there is no such table."""
        found = self._data.get(name)
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    def sizes(self) -> Mapping[str, int]:
        """How many things each table holds, whatever they are."""
        return {
            name: len(found) if isinstance(found, list | dict) else 1
            for name, found in self._data.items()
            if found
        }

    def _linked(self, table: str, key: str, other: str) -> Mapping[str, list[Row]]:
        """The other table's rows of each post, in their order."""
        there = {str(row.get("id")): row for row in self.rows(other)}
        found: defaultdict[str, list[tuple[int, Row]]] = defaultdict(list)
        for row in self.rows(table):
            linked = there.get(str(row.get(key)))
            order = row.get("sort_order")
            if linked is not None:
                place = order if isinstance(order, int) else 0
                found[str(row.get("post_id"))].append((place, linked))
        return {
            post: [row for _, row in sorted(rows, key=lambda pair: pair[0])]
            for post, rows in found.items()
        }

    def loose(self, table: str, key: str, other: str) -> int:
        """How many rows of a table lead to nothing."""
        posts = {str(row.get("id")) for row in self.rows("posts")}
        there = {str(row.get("id")) for row in self.rows(other)}
        return sum(
            str(row.get(key)) not in there or str(row.get("post_id")) not in posts
            for row in self.rows(table)
        )


def _data(path: Path) -> Mapping[str, Any]:
    where = short_path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{where}: cannot be read: {error.strerror}") from None
    try:
        said = json.loads(decoded(raw, where))
    except json.JSONDecodeError as error:
        told = f"is no JSON ({error.msg}, column {error.colno}): export it again"
        raise Refused(f"{where}:{error.lineno}: {told}") from None
    except (RecursionError, ValueError):  # a number of too many digits
        raise Refused(f"{where}: is no Ghost export: it is nested too deeply") from None
    found = said
    if isinstance(found, dict) and isinstance(found.get("db"), list) and found["db"]:
        found = found["db"][0]
    data = found.get("data") if isinstance(found, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("posts"), list):
        raise Refused(f"{where}: is no Ghost export: it holds no `db[0].data.posts`")
    return data
