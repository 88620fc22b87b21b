"""A Pelican plugin that runs the writing rules before anything is read, as `gatepost check` does.

It also searches the finished HTML for active content that only Markdown's syntax creates, such as
`{: onclick="..." }`.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pelican import signals

from capture.errors import Problem, short_path
from publish.checks.active_content import ActivePart, active_parts, is_external
from publish.checks.finding import Findings
from publish.checks.project import WRITING, Writing
from publish.checks.rules import check_writing
from publish.plugins import content_paths, problems
from publish.plugins.problems import get_report, raise_problems
from publish.plugins.project_settings import folders_of, layout_of, text_store
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import new_texts
from publish.shared_work import share


def report_active_content_of_all(generator: Any) -> None:
    """Reports the active content of every new text. Runs before forms are inserted."""
    contents = list(new_texts(generator.context))
    found = share(lambda content: active_parts(content._content or ""), contents)
    for content, parts in zip(contents, found, strict=True):
        _report(content, parts, generator.settings)


def report_active_content(content: Any, html: str, settings: Any) -> None:
    """Reports active content in `html`, a part of a page, unless the rules reported it already."""
    _report(content, active_parts(html), settings)


def _report(content: Any, parts: Sequence[ActivePart], settings: Any) -> None:
    """A part with an address sends to it or loads from it; that is allowed on this site."""
    writing = settings[WRITING]
    source = Path(content.source_path)
    post = writing.text_at(source.absolute()) if parts else None
    messages = {part.message for part in post.outline.active} if post else set()
    for part in parts:
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
        self._layout = layout_of(settings)
        self._store = text_store(settings, self._layout)
        self._unedited: tuple[Writing, Findings] | None = None

    @property
    def problem(self) -> Problem | None:
        """What is wrong with the facts that the last check has kept."""
        path, problem = self._store.path, self._store.problem
        return Problem(short_path(path), None, problem) if path and problem else None

    def __call__(self, edited: Mapping[Path, bytes]) -> tuple[Writing, Findings]:
        """`edited` has the content of posts and pages to read in place of their files."""
        if not edited and self._unedited:
            return self._unedited
        folders = folders_of(self._settings)
        with without_garbage_collection():
            checked = check_writing(
                self._layout, *folders, self._now, edited=edited, read=self._store.read
            )
            if not edited:
                self._unedited = checked
                self._store.save(checked[0].files)
        return checked


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Leaves out the search for cycles while many objects are made, which all stay."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def check_before_reading(pelican: Any) -> None:
    """Stops the build before anything is read if a rule is broken."""
    settings = pelican.settings
    report = get_report(settings)
    check = ProjectCheck(settings, datetime.now(UTC))
    settings[WRITING], findings = check({})
    settings["IGNORE_FILES"] = list(settings[WRITING].layout.ignored)
    report.warnings += [check.problem] if check.problem else []
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
