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
from publish.checks.front_matter import YamlFrontMatter, read_yaml
from publish.importers.export_files import split_address
from publish.importers.text import clean_text, decode_text, one_line

_FENCES: Final = frozenset({"---", "+++"})
_AT_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)")
_FILE_NAMES: Final = tuple(
    f"{folder}{name}.{suffix}"
    for folder in ("", "config/_default/")
    for name in ("hugo", "config")
    for suffix in ("toml", "yaml", "yml", "json")
)
_USED_KEYS: Final = frozenset({"baseurl", "permalinks", "menu", "menus", "defaultcontentlanguage"})
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*", re.IGNORECASE)
"""A language in the name of a file or folder."""
_TOKEN: Final = re.compile(r":(\w+)")


class BrokenFrontMatter(Exception):
    """Front matter that is not valid YAML, TOML or JSON. `line` is the line in the file."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class HugoFrontMatter:
    """The values by key, in lower case as in Hugo, and the body."""

    values: Mapping[str, Any]
    body: str
    problems: tuple[tuple[int, str], ...] = ()
    """Lines that are not imported, each with the reason: a key given twice, a YAML alias."""

    def text(self, key: str) -> str:
        """The value of a key, on one line; empty if the value is not text."""
        value = self.values.get(key)
        return one_line(value) if isinstance(value, str) else ""

    def wrong_types(self, text_keys: Collection[str], list_keys: Collection[str]) -> list[str]:
        """The keys whose value has the wrong type.

        The value of a key of `text_keys` must be a text, that of a key of `list_keys` a text or a
        list of texts.
        """
        keys = [key for key in text_keys if not isinstance(self.values.get(key, ""), str)]
        for key in list_keys:
            value = self.values.get(key)
            parts = value if isinstance(value, list) else [value]
            if not all(part is None or isinstance(part, str) for part in parts):
                keys.append(key)
        return keys

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of a key's value, such as its tags; a single text becomes a list of one."""
        value = self.values.get(key)
        parts = value if isinstance(value, list) else [value]
        return tuple(text for part in parts if isinstance(part, str) and (text := one_line(part)))


def read_hugo_front_matter(text: str) -> HugoFrontMatter:
    """Splits a file into front matter and body. Raises `BrokenFrontMatter`."""
    text = clean_text(text)
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] == "{" and not text.startswith(("{{", "{%"), start):
        return _read_json(text, start)
    lines = text.split("\n")
    fence = lines[0].rstrip()
    if fence not in _FENCES:
        return HugoFrontMatter({}, text)
    end = next((n for n, row in enumerate(lines[1:], 1) if row.rstrip() == fence), None)
    if end is None:
        raise BrokenFrontMatter(
            1, f"the front matter has no end: write a second `{fence}` below it"
        )
    source, body = "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])
    if fence == "---":
        document = read_yaml_values(source, 2)
        return HugoFrontMatter(document.values, body, tuple(document.problems))
    return HugoFrontMatter(toml_values(source, 2), body)


@dataclass(frozen=True, slots=True)
class Config:
    """The part of Hugo's configuration that determines addresses; names of the other keys."""

    file_name: str = ""
    """The file's name without its folder; empty if there is no file."""
    hosts: frozenset[str] = frozenset()
    """The host of the site, without `www.`; empty if the configuration names none."""
    permalinks: Mapping[str, Any] = field(default_factory=dict)
    """Hugo's patterns for addresses."""
    has_menus: bool = False
    language: str = "en"
    """The language of files without a language suffix."""
    unused: tuple[str, ...] = ()
    """Keys of the file that are not imported."""

    def language_folders(self, content: Path) -> frozenset[str]:
        """The folders of languages, if the content folder has nothing else; else none."""
        entries = [entry for entry in content.iterdir() if not entry.name.startswith(".")]
        names = frozenset(entry.name for entry in entries)
        is_divided = all(entry.is_dir() and LANGUAGE.fullmatch(entry.name) for entry in entries)
        return names if is_divided and self.language in names else frozenset()

    def address(
        self, section: str, parent: str, slug: str, title: str, when: datetime | date | None
    ) -> str:
        """The path of a text on the Hugo site: https://gohugo.io/configuration/permalinks/

        An unknown token becomes its own name: `:other` becomes `other`.
        """
        pages = self.permalinks.get("page")
        table = pages if isinstance(pages, Mapping) else self.permalinks
        pattern = table.get(section)
        path = "/".join(part for part in (parent, slug) if part)
        if not isinstance(pattern, str):
            return f"/{path.lower().replace(' ', '-')}/"
        tokens = {
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
            tokens |= {"year": f"{when:%Y}", "month": f"{when:%m}", "day": f"{when:%d}"}
        return _TOKEN.sub(lambda match: tokens.get(match[1].lower(), match[1]), pattern)


def read_config(root: Path) -> Config:
    """Reads the first of Hugo's configuration files that exists.

    Raises `FileErrors` if it is not valid, `Unavailable` if it cannot be read.
    """
    path = next((root / name for name in _FILE_NAMES if (root / name).is_file()), None)
    if path is None:
        return Config()
    try:
        text = clean_text(decode_text(path.read_bytes(), short_path(path)))
        match path.suffix:
            case ".toml":
                values = toml_values(text, 1)
            case ".json":
                values = json_values(text)[0]
            case _:
                values = read_yaml_values(text, 1).values
    except BrokenFrontMatter as error:
        raise FileErrors([Problem(short_path(path), error.line, str(error))]) from None
    except OSError as error:
        raise Unavailable(f"{short_path(path)}: cannot be read: {error.strerror}") from None
    host = split_address(str(values.get("baseurl") or "")).hostname
    permalinks = values.get("permalinks")
    return Config(
        path.name,
        frozenset({host.removeprefix("www.")} if host else ()),
        permalinks if isinstance(permalinks, Mapping) else {},
        bool(values.get("menu") or values.get("menus")),
        str(values.get("defaultcontentlanguage") or "en"),
        tuple(key for key, value in values.items() if key not in _USED_KEYS and value),
    )


def _read_json(text: str, start: int) -> HugoFrontMatter:
    values, end = json_values(text[start:])
    return HugoFrontMatter(values, text[start + end :])


def read_yaml_values(text: str, first_line: int) -> YamlFrontMatter:
    """A YAML document. Raises `BrokenFrontMatter` if it has no key that can be read."""
    document = read_yaml(text, first_line)
    if document.problems and not document.values:
        raise BrokenFrontMatter(*document.problems[0])
    return document


def toml_values(text: str, first_line: int) -> Mapping[str, Any]:
    """The keys of a TOML document. Raises `BrokenFrontMatter`."""
    try:
        values: Mapping[str, Any] = _as_texts(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        match = _AT_LINE.search(str(error))
        number = int(match[1]) - 1 if match else 0
        reason = _AT_LINE.sub("", str(error)).strip()
        raise BrokenFrontMatter(
            first_line + number, f"is not valid TOML: {one_line(reason)}"
        ) from None
    return values


def json_values(text: str) -> tuple[Mapping[str, Any], int]:
    """The keys of a JSON object, and the index of its end. Raises `BrokenFrontMatter`."""
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        raise BrokenFrontMatter(error.lineno, f"is not valid JSON: {error.msg}") from None
    except (RecursionError, ValueError):
        raise BrokenFrontMatter(1, "is not valid JSON: it is nested too deeply") from None
    return (_as_texts(value) if isinstance(value, dict) else {}), end


def _as_texts(value: Any) -> Any:
    """The value with dates, numbers and booleans as text, as the YAML reader returns them."""
    if isinstance(value, dict):
        return {str(key).lower(): _as_texts(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_texts(part) for part in value]
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str):
        return value or ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
