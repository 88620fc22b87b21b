"""A Pelican plugin that runs the writing rules before anything is read, as `gatepost check` does.

It also searches the finished HTML for active content that only Markdown's syntax creates, such as
`{: onclick="..." }`.
"""

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
from publish.checks.active_content import active_parts, is_external
from publish.checks.finding import Findings
from publish.checks.layout import Layout, layout_from
from publish.checks.project import WRITING, Writing
from publish.checks.rules import check_writing
from publish.checks.rules.active_content import RULE
from publish.plugins import content_paths, problems
from publish.plugins.links import contents
from publish.plugins.problems import get_report, raise_problems
from publish.plugins.signals import connect_last


def check_texts(generator: Any) -> None:
    """Called when all texts are read, before forms are inserted."""
    for content in contents(generator.context):
        check_html(content, content._content or "", generator.settings)


def check_html(content: Any, html: str, settings: Any) -> None:
    """Reports active content in a part of a page, unless the rules reported it already."""
    writing = settings[WRITING]
    level = writing.layout.levels[RULE]
    source = Path(content.source_path)
    post = writing.by_path.get(source.absolute())
    messages = {part.message for part in post.outline.active} if post else set()
    for part in active_parts(html) if level != "off" else ():
        is_allowed = part.address and not is_external(part.address, writing.layout.site_url)
        if not is_allowed and part.message not in messages:
            messages.add(part.message)
            report = get_report(settings)
            (report.problem if level == "error" else report.warn)(source, None, part.message)


def check_content(settings: Mapping[str, Any], now: datetime) -> tuple[Writing, Findings]:
    """Reads the project with these Pelican settings, and runs every rule on it."""
    return check_writing(layout_of(settings), *folders_of(settings), now)


def layout_of(settings: Mapping[str, Any]) -> Layout:
    """The project's layout, with Pelican's own function that makes a slug of a title."""

    @cache  # categories, tags and authors repeat
    def slug_of(title: str) -> str:
        slug: str = slugify(title, regex_subs=settings["SLUG_REGEX_SUBSTITUTIONS"])
        return slug

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

    def topic_of(name: str) -> str:
        metadata = {**default_metadata(settings), **parse_path_metadata(name, settings)}
        return str(metadata.get("category", ""))

    return layout_from(settings, slug_of, has_template, topic_of)


def folders_of(settings: Mapping[str, Any]) -> tuple[Path, Path, Path]:
    """The folders of campaigns, clients and gated files."""
    content = Path(settings["PATH"]).absolute()
    return (
        Path(settings.get("CAMPAIGNS_PATH", content.parent / "campaigns")),
        Path(settings.get("CLIENTS_PATH", content.parent / "clients")),
        Path(settings.get("GATED_PATH", content / "gated")),
    )


def run_checks(pelican: Any) -> None:
    """Stops the build before anything is read if a rule is broken."""
    settings = pelican.settings
    report = get_report(settings)
    settings[WRITING], findings = check_content(settings, datetime.now(UTC))
    report.problems += (finding.problem for finding in findings.errors)
    report.warnings += (finding.problem for finding in findings.warnings)
    if findings.errors:
        raise_problems(settings)


def register() -> None:
    """Called by Pelican."""
    problems.register()
    content_paths.register()
    connect_last(signals.page_generator_finalized, check_texts)
    connect_last(signals.get_generators, run_checks)
