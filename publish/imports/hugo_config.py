"""What a Hugo site's configuration says of addresses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from capture.errors import FileErrors, Problem, Unavailable, short_path
from publish.imports.hugo_head import BrokenHead, json_values, toml_values, yaml_values
from publish.imports.places import split
from publish.imports.text import clean, decoded

_NAMES: Final = tuple(
    f"{folder}{name}.{suffix}"
    for folder in ("", "config/_default/")
    for name in ("hugo", "config")
    for suffix in ("toml", "yaml", "yml", "json")
)
_READ: Final = frozenset({"baseurl", "permalinks", "menu", "menus", "defaultcontentlanguage"})
_TOKEN: Final = re.compile(r":(\w+)")


@dataclass(frozen=True, slots=True)
class Config:
    """Hosts of the old site, and how it made addresses."""

    name: str = ""
    hosts: frozenset[str] = frozenset()
    permalinks: Mapping[str, Any] = field(default_factory=dict)
    has_menus: bool = False
    language: str = "en"
    """Of the texts whose file names none."""
    others: tuple[str, ...] = ()
    """Keys that say something else, as the file has them."""

    def address(
        self, section: str, parent: str, slug: str, title: str, when: datetime | date | None
    ) -> str:
        """The path at which Hugo shows a text: https://gohugo.io/configuration/permalinks/"""
        pages = self.permalinks.get("page")
        table = pages if isinstance(pages, Mapping) else self.permalinks
        pattern = table.get(section)
        plain = "/".join(part for part in (parent, slug) if part)
        if not isinstance(pattern, str):
            return f"/{plain.lower().replace(' ', '-')}/"
        words = {
            "slug": slug,
            "slugorcontentbasename": slug,
            "filename": slug,
            "slugorfilename": slug,
            "contentbasename": slug,
            "title": title.lower().replace(" ", "-"),
            "section": section,
            "sections": parent,
        }
        if when is not None:
            words |= {"year": f"{when:%Y}", "month": f"{when:%m}", "day": f"{when:%d}"}
        return _TOKEN.sub(lambda found: words.get(found[1].lower(), found[1]), pattern)


def read_config(root: Path) -> Config:
    """The first of Hugo's configuration files that is there. Raises `FileErrors`."""
    path = next((root / name for name in _NAMES if (root / name).is_file()), None)
    if path is None:
        return Config()
    try:
        text = clean(decoded(path.read_bytes(), short_path(path)))
        match path.suffix:
            case ".toml":
                values = toml_values(text, 1)
            case ".json":
                values = json_values(text)[0]
            case _:
                values = yaml_values(text, 1)
    except BrokenHead as error:
        raise FileErrors([Problem(short_path(path), error.line, str(error))]) from None
    except OSError as error:
        raise Unavailable(f"{short_path(path)}: cannot be read: {error.strerror}") from None
    host = split(str(values.get("baseurl") or "")).hostname
    permalinks = values.get("permalinks")
    return Config(
        path.name,
        frozenset({host.removeprefix("www.")} if host else ()),
        permalinks if isinstance(permalinks, Mapping) else {},
        bool(values.get("menu") or values.get("menus")),
        str(values.get("defaultcontentlanguage") or "en"),
        tuple(key for key, value in values.items() if key not in _READ and value),
    )
