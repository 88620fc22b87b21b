"""A Pelican plugin that asks the rules of writing, as `gatepost check` does, before all else."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pelican
from pelican import signals
from pelican.readers import default_metadata, parse_path_metadata
from pelican.utils import slugify

from capture.paths import ConfinedFolder
from publish import active_html, content_paths, problems
from publish.problems import raise_found, report_of
from publish.wiring import listen
from publish.writing.check import check_writing
from publish.writing.finding import Findings
from publish.writing.layout import Layout, layout_from
from publish.writing.writing import WRITING, Writing


def checked(settings: Mapping[str, Any], now: datetime) -> tuple[Writing, Findings]:
    """What the project with these Pelican settings has written, and what is wrong with it."""
    return check_writing(layout_of(settings), *folders_of(settings), now)


def layout_of(settings: Mapping[str, Any]) -> Layout:
    """Where the project writes, with Pelican's own way to make a slug of a title."""

    @cache  # of categories, tags and authors, over and over
    def slug_of(title: str) -> str:
        slug: str = slugify(title, regex_subs=settings["SLUG_REGEX_SUBSTITUTIONS"])
        return slug

    folders = [
        *map(ConfinedFolder, map(Path, settings["THEME_TEMPLATES_OVERRIDES"])),
        ConfinedFolder(Path(settings["THEME"]) / "templates"),
        # Where Pelican looks at last:
        ConfinedFolder(Path(pelican.__file__).parent / "themes/simple/templates"),
    ]

    def has_template(name: str) -> bool:
        ends = settings["TEMPLATE_EXTENSIONS"]
        return any(folder.find_file(f"{name}{end}") for folder in folders for end in ends)

    def topic_of(name: str) -> str:
        told = {**default_metadata(settings), **parse_path_metadata(name, settings)}
        return str(told.get("category", ""))

    return layout_from(settings, slug_of, has_template, topic_of)


def folders_of(settings: Mapping[str, Any]) -> tuple[Path, Path, Path]:
    """Where campaigns, clients and gated files lie."""
    content = Path(settings["PATH"]).absolute()
    return (
        Path(settings.get("CAMPAIGNS_PATH", content.parent / "campaigns")),
        Path(settings.get("CLIENTS_PATH", content.parent / "clients")),
        Path(settings.get("GATED_PATH", content / "gated")),
    )


def ask_all(pelican: Any) -> None:
    """Stops the build before anything is read if a rule is broken."""
    settings = pelican.settings
    report = report_of(settings)
    settings[WRITING], found = checked(settings, datetime.now(UTC))
    report.problems += (finding.problem for finding in found.errors)
    report.warnings += (finding.problem for finding in found.warnings)
    if found.errors:
        raise_found(settings)


def register() -> None:
    """Called by Pelican."""
    problems.register()
    content_paths.register()
    listen(signals.page_generator_finalized, active_html.check_texts)
    listen(signals.get_generators, ask_all)
