"""From Pelican's settings to the project: its layout, and the folders of its other files."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import pelican
from pelican.readers import default_metadata, parse_path_metadata
from pelican.utils import slugify

from capture.paths import ConfinedFolder
from publish.checks.layout import TEXT_FIELDS, Layout, layout_from
from publish.checks.name_slugs import NameKind
from publish.checks.text_store import FILE, TextStore
from publish.plugins.commonmark import site_syntax
from publish.plugins.markdown_cache import depends_on_text_alone, engine_key

RELEASE: Final = "GATEPOST_RELEASE"
"""The setting that is true if the build is a release: `publish.build.site` sets it."""


def layout_of(settings: Mapping[str, Any]) -> Layout:
    """The project's layout, with Pelican's own function that makes a slug of a title."""

    def slug_of(title: str, substitutions: str = "SLUG_REGEX_SUBSTITUTIONS") -> str:
        slug: str = slugify(
            title,
            regex_subs=settings.get(substitutions, settings["SLUG_REGEX_SUBSTITUTIONS"]),
            preserve_case=settings["SLUGIFY_PRESERVE_CASE"],
            use_unicode=settings["SLUGIFY_USE_UNICODE"],
        )
        return slug

    @cache  # names repeat
    def slug_of_name(kind: NameKind, name: str) -> str:
        return slug_of(name, f"{kind.upper()}_REGEX_SUBSTITUTIONS")

    folders = [
        *map(ConfinedFolder, map(Path, settings["THEME_TEMPLATES_OVERRIDES"])),
        ConfinedFolder(Path(settings["THEME"]) / "templates"),
        # Pelican searches this one last:
        ConfinedFolder(Path(pelican.__file__).parent / "themes/simple/templates"),
    ]

    def has_template(name: str) -> bool:
        extensions = settings["TEMPLATE_EXTENSIONS"]
        return any(
            folder.find_file(f"{name}{suffix}") for folder in folders for suffix in extensions
        )

    def category_of(name: str) -> str:
        metadata = {**default_metadata(settings), **parse_path_metadata(name, settings)}
        return str(metadata.get("category", ""))

    layout = layout_from(settings, slug_of, has_template, category_of, slug_of_name)
    return replace(layout, syntax=site_syntax(settings))


def folders_of(settings: Mapping[str, Any]) -> tuple[Path, Path, Path]:
    """The folders of campaigns, clients and gated files."""
    content = Path(settings["PATH"]).absolute()
    return (
        Path(settings.get("CAMPAIGNS_PATH", content.parent / "campaigns")),
        Path(settings.get("CLIENTS_PATH", content.parent / "clients")),
        Path(settings.get("GATED_PATH", content / "gated")),
    )


_OF_TEXTS: Final = re.compile(
    r".*_REGEX_SUBSTITUTIONS|SLUG.*|DEFAULT_.*|.*_METADATA|USE_FOLDER_AS_CATEGORY"
)
"""The settings that Pelican reads for the slug of a title and the category of a file."""


_ADDRESS: Final = re.compile(r" at 0x[0-9a-f]+")


def text_store(settings: Mapping[str, Any], layout: Layout) -> TextStore:
    """The facts of the texts of a project with this layout, which the last check has kept."""
    folder, is_kept = settings.get("CACHE_PATH"), depends_on_text_alone(settings["MARKDOWN"])
    path = Path(folder) / FILE if folder and is_kept else None
    syntax = layout.syntax  # without sets, whose order differs from process to process
    layout = replace(layout, syntax=replace(syntax, notes=frozenset(), blocks=frozenset()))
    facts = [
        engine_key(settings),
        sorted(syntax.notes),
        sorted(syntax.blocks),
        {name: value for name, value in settings.items() if _OF_TEXTS.fullmatch(name)},
        {name: getattr(layout, name) for name in TEXT_FIELDS},
        folders_of(settings)[2],
    ]
    text = _ADDRESS.sub("", repr(facts))  # a function counts by its name; its code is in the key
    return TextStore(path, hashlib.sha256(text.encode()).hexdigest())
