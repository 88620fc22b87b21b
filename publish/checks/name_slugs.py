"""The slugs that `content/slugs.yaml` gives to categories, tags and authors.

    tags:
      C++: cpp
      C#: c-sharp

A name without a line there has the slug that Pelican makes of it.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from capture.campaign.problems import KeyPath, suggestion
from publish.checks.front_matter import FrontMatterProblem, YamlFrontMatter, read_yaml
from publish.checks.values import is_slug

SLUGS_FILE: Final = "slugs.yaml"
NameKind = Literal["category", "tag", "author"]
SECTIONS: Final[Mapping[NameKind, str]] = {
    "category": "categories",
    "tag": "tags",
    "author": "authors",
}
"""By kind of name: its key in the file."""


def spelling_key(name: str) -> str:
    """The same text for all spellings of one name: they differ only in case, spaces and hyphens."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(text.replace("-", " ").replace("_", " ").split())


@dataclass(frozen=True)
class NameSlugs:
    """The content of the file."""

    slugs: Mapping[tuple[NameKind, str], str]
    """By kind and `spelling_key` of a name: its slug."""
    names: tuple[tuple[NameKind, str, int], ...] = ()
    """Kind, name and line of each entry."""
    problems: tuple[FrontMatterProblem, ...] = ()

    def get(self, kind: NameKind, name: str) -> str | None:
        """The slug of a name; None if the file gives none."""
        return self.slugs.get((kind, spelling_key(name))) if self.slugs else None


def read_name_slugs(path: Path | None) -> NameSlugs:
    """Reads the file; empty without one. Never raises: mistakes are in `problems`."""
    if path is None:
        return NameSlugs({})
    try:
        document = read_yaml(path.read_text(encoding="utf-8-sig"), 1, lower_keys=False)
    except OSError as error:
        problem = FrontMatterProblem(1, f"cannot be read: {error.strerror}", "address")
        return NameSlugs({}, problems=(problem,))
    except UnicodeDecodeError:
        problem = FrontMatterProblem(1, "is not UTF-8 text: save the file as UTF-8", "address")
        return NameSlugs({}, problems=(problem,))
    slugs: dict[tuple[NameKind, str], str] = {}
    names: list[tuple[NameKind, str, int]] = []
    problems = [FrontMatterProblem(line, text, "address") for line, text in document.problems]
    problems += _unknown_sections(document)
    for kind, section in SECTIONS.items():
        entries = document.values.get(section) or {}
        if not isinstance(entries, Mapping):
            message = f"`{section}` must hold lines such as `C++: cpp`"
            problems.append(FrontMatterProblem(_line(document, (section,)), message, "address"))
            continue
        for name, value in entries.items():
            line = _line(document, (section, name))
            slug = unicodedata.normalize("NFC", value) if isinstance(value, str) else ""
            if is_slug(slug):
                slugs[kind, spelling_key(name)] = slug
                names.append((kind, name, line))
            else:
                message = f"`{name}` has no slug: write one of small letters, digits and hyphens"
                problems.append(FrontMatterProblem(line, message, "address"))
    return NameSlugs(slugs, tuple(names), tuple(problems))


def _unknown_sections(document: YamlFrontMatter) -> Iterator[FrontMatterProblem]:
    for key in document.values:
        if key not in SECTIONS.values():
            known = SECTIONS.values()
            hint = suggestion(key, known) or f": use one of {', '.join(known)}"
            message = f"`{key}` is not a known key{hint}"
            yield FrontMatterProblem(_line(document, (key,)), message, "address")


def _line(document: YamlFrontMatter, path: KeyPath) -> int:
    return document.lines.get(path, 1)
