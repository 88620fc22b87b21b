"""Reads Hugo's front matter (YAML, TOML or JSON) and its site configuration."""

import json
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from capture.errors import FileErrors, Problem, Unavailable, short_path
from publish.checks.front_matter import read_yaml
from publish.importers.places import split
from publish.importers.text import clean, decode_text, line

_FENCES: Final = {"---": "---", "+++": "+++"}
_AT_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)")


class BrokenFrontMatter(Exception):
    """Front matter that is not valid YAML, TOML or JSON."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.line = number
        """`number` is the line in the file."""


@dataclass(frozen=True, slots=True)
class HugoFrontMatter:
    """The values by key, in lower case as in Hugo, and the body below."""

    values: Mapping[str, Any]
    body: str

    def text(self, key: str) -> str:
        """The value of a key on one line; empty if it is not text."""
        value = self.values.get(key)
        return line(value) if isinstance(value, str) else ""

    def unread(self, texts: Collection[str], words: Collection[str]) -> list[str]:
        """The keys that should hold text or a list of texts, but hold something else."""
        found = [key for key in texts if not isinstance(self.values.get(key, ""), str)]
        for key in words:
            value = self.values.get(key)
            parts = value if isinstance(value, list) else [value]
            if not all(part is None or isinstance(part, str) for part in parts):
                found.append(key)
        return found

    def words(self, key: str) -> tuple[str, ...]:
        """The value of a key as a list; a single text becomes a list of one."""
        value = self.values.get(key)
        parts = value if isinstance(value, list) else [value]
        return tuple(word for part in parts if isinstance(part, str) and (word := line(part)))


def read_hugo_front_matter(text: str) -> HugoFrontMatter:
    """Splits a file into front matter and body. Raises `BrokenFrontMatter`."""
    text = clean(text)
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] == "{" and not text.startswith(("{{", "{%"), start):
        return _json(text, start)
    lines = text.split("\n")
    fence = lines[0].rstrip()
    if fence not in _FENCES:
        return HugoFrontMatter({}, text)
    end = next((n for n, sentence in enumerate(lines[1:], 1) if sentence.rstrip() == fence), None)
    if end is None:
        raise BrokenFrontMatter(
            1, f"the front matter has no end: write a second `{fence}` below it"
        )
    inner, body = "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])
    return HugoFrontMatter(yaml_values(inner, 2) if fence == "---" else toml_values(inner, 2), body)


def yaml_values(text: str, first_line: int) -> Mapping[str, Any]:
    """The keys of a YAML document. Raises `BrokenFrontMatter`."""
    read = read_yaml(text, first_line)
    if read.problems:
        raise BrokenFrontMatter(*read.problems[0])
    return read.values


def toml_values(text: str, first_line: int) -> Mapping[str, Any]:
    """The keys of a TOML document. Raises `BrokenFrontMatter`."""
    try:
        found: Mapping[str, Any] = _texts(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        place = _AT_LINE.search(str(error))
        number = int(place[1]) - 1 if place else 0
        sentence = _AT_LINE.sub("", str(error)).strip()
        raise BrokenFrontMatter(
            first_line + number, f"is not valid TOML: {line(sentence)}"
        ) from None
    return found


def json_values(text: str) -> tuple[Mapping[str, Any], int]:
    """The keys of a JSON object, and where it ends. Raises `BrokenFrontMatter`."""
    try:
        found, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        raise BrokenFrontMatter(error.lineno, f"is not valid JSON: {error.msg}") from None
    except (RecursionError, ValueError):
        raise BrokenFrontMatter(1, "is not valid JSON: it is nested too deeply") from None
    return (_texts(found) if isinstance(found, dict) else {}), end


def _json(text: str, start: int) -> HugoFrontMatter:
    values, end = json_values(text[start:])
    return HugoFrontMatter(values, text[start + end :])


def _texts(value: Any) -> Any:
    """The value with dates, numbers and booleans as text, as the YAML reader returns them."""
    if isinstance(value, dict):
        return {str(key).lower(): _texts(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_texts(part) for part in value]
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str):
        return value or ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


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
    """The part of Hugo's configuration that decides on addresses."""

    name: str = ""
    hosts: frozenset[str] = frozenset()
    permalinks: Mapping[str, Any] = field(default_factory=dict)
    has_menus: bool = False
    language: str = "en"
    """Default language, for files without a language suffix."""
    others: tuple[str, ...] = ()
    """Other keys of the file, which are not used."""

    def address(
        self, section: str, parent: str, slug: str, title: str, when: datetime | date | None
    ) -> str:
        """The path of a text on the Hugo site: https://gohugo.io/configuration/permalinks/"""
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
    """Reads the first of Hugo's configuration files that exists. Raises `FileErrors`."""
    path = next((root / name for name in _NAMES if (root / name).is_file()), None)
    if path is None:
        return Config()
    try:
        text = clean(decode_text(path.read_bytes(), short_path(path)))
        match path.suffix:
            case ".toml":
                values = toml_values(text, 1)
            case ".json":
                values = json_values(text)[0]
            case _:
                values = yaml_values(text, 1)
    except BrokenFrontMatter as error:
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
