"""A Pelican plugin that runs the writing rules before anything is read, as `gatepost check` does.

It also searches the finished HTML for active content that only Markdown's syntax creates, such as
`{: onclick="..." }`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pelican import signals

from publish.checks.active_content import active_parts, is_external
from publish.checks.finding import Findings
from publish.checks.post import cache_posts, read_post
from publish.checks.project import WRITING, Writing
from publish.checks.rules import check_writing
from publish.plugins import content_paths, problems
from publish.plugins.links import contents
from publish.plugins.problems import get_report, raise_problems
from publish.plugins.project_settings import folders_of, layout_of
from publish.plugins.signals import connect_last


def report_active_content_of_all(generator: Any) -> None:
    """Reports the active content of every text. Runs before forms are inserted."""
    for content in contents(generator.context):
        report_active_content(content, content._content or "", generator.settings)


def report_active_content(content: Any, html: str, settings: Any) -> None:
    """Reports active content in `html`, a part of a page, unless the rules reported it already.

    A part with an address sends to it or loads from it; that is allowed on this site.
    """
    writing = settings[WRITING]
    source = Path(content.source_path)
    post = writing.by_path.get(source.absolute())
    messages = {part.message for part in post.outline.active} if post else set()
    for part in active_parts(html):
        level = writing.layout.levels[part.rule]
        is_allowed = part.address and not is_external(part.address, writing.layout.site_url)
        if level != "off" and not is_allowed and part.message not in messages:
            messages.add(part.message)
            report = get_report(settings)
            (report.problem if level == "error" else report.warn)(source, None, part.message)


class ProjectCheck:
    """Runs every rule on a project; again for edited texts, and then reads only these."""

    def __init__(self, settings: Mapping[str, Any], now: datetime) -> None:
        """Takes Pelican's settings."""
        self._settings = settings
        self._now = now
        self._read = cache_posts(read_post)
        self._unedited: tuple[Writing, Findings] | None = None

    def __call__(self, edited: Mapping[Path, bytes]) -> tuple[Writing, Findings]:
        """`edited` has the content of posts and pages to read in place of their files."""
        if not edited and self._unedited:
            return self._unedited
        folders = folders_of(self._settings)
        layout = layout_of(self._settings)
        checked = check_writing(layout, *folders, self._now, edited=edited, read=self._read)
        if not edited:
            self._unedited = checked
        return checked


def check_before_reading(pelican: Any) -> None:
    """Stops the build before anything is read if a rule is broken."""
    settings = pelican.settings
    report = get_report(settings)
    settings[WRITING], findings = ProjectCheck(settings, datetime.now(UTC))({})
    settings["IGNORE_FILES"] = list(settings[WRITING].layout.ignored)
    report.problems += (finding.problem for finding in findings.errors)
    report.rule_warnings += (finding.problem for finding in findings.warnings)
    if findings.errors:
        raise_problems(settings)


def register() -> None:
    """Called by Pelican."""
    problems.register()
    content_paths.register()
    connect_last(signals.page_generator_finalized, report_active_content_of_all)
    connect_last(signals.get_generators, check_before_reading)
