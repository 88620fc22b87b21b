"""Runs Pelican and the checks in this process, and turns every failure into a short message."""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError
from pelican import Pelican, signals
from pelican.log import console
from pelican.settings import read_settings

from capture.errors import FileErrors, GatepostError, Problem, Refused, Unavailable, short_path
from publish.checks.finding import Findings
from publish.checks.post import Post
from publish.checks.project import WRITING, Writing
from publish.checks.rules.forms import open_forms
from publish.plugins.checks import check_content
from publish.plugins.problems import LOG_COLLECTOR, get_report, raise_problems


@dataclass(frozen=True)
class HeldBackPost:
    """A draft or a post with a future date."""

    where: str
    title: str
    address: str
    """The path of its preview below the site; empty without one."""
    due: str
    """The time of publication in the site's zone; empty for a draft."""


@dataclass(frozen=True)
class RunSummary:
    """The result of a run: counts of what is published, warnings, and what is due next."""

    articles: int
    pages: int
    forms: int
    warnings: tuple[str, ...]
    due: str | None
    """Time in the site's zone and path of the next post that is held back."""
    due_at: datetime | None = None
    """The next time at which a post is due, or a form opens or closes. UTC."""
    held: tuple[HeldBackPost, ...] = ()
    """Drafts and posts with a future date."""


def settings_from(config: Path, overrides: Mapping[str, object]) -> dict[str, Any]:
    """Pelican's settings; `overrides` win over the file. Raises `FileErrors` or `Refused`."""
    if not config.is_file():
        raise Refused(f"{config}: no such file; run this in the project's folder")
    LOG_COLLECTOR.attach()
    LOG_COLLECTOR.pop_entries()
    with _explained_errors(config, config.parent):
        settings: dict[str, Any] = read_settings(str(config), override=dict(overrides))
    return settings


def run_pelican(settings: dict[str, Any]) -> RunSummary:
    """Reads and checks everything, and writes the site to OUTPUT_PATH.

    Raises `FileErrors` with every problem, or `Unavailable` for an error of the disk.
    """
    summary: list[RunSummary] = []

    def read(generators: Any) -> None:
        summary.append(_count(generators[0]))

    theme = Path(settings["THEME"])
    with _silenced(), _explained_errors(theme, theme):
        pelican = Pelican(settings)
        # Connected after all plugins: called only if `publish.plugins.problems` raised nothing.
        with signals.all_generators_finalized.connected_to(read):
            pelican.run()
        raise_problems(settings)
    report = get_report(settings)
    warnings = tuple(dict.fromkeys((*map(str, report.warnings), *report.pelican_warnings)))
    found = summary[0]
    writing = settings.get(WRITING)
    held = tuple(_held(writing)) if writing else ()
    due_at = writing.next_change if writing else None
    return replace(found, warnings=warnings, due=_next_due(writing), due_at=due_at, held=held)


def _count(generator: Any) -> RunSummary:
    context = generator.context
    published = [
        type(content).__name__
        for content in context["generated_content"].values()
        if content is not None and content.status != "draft"
    ]
    forms = sum(map(len, context.get("gatepost_form_pages", {}).values()))
    return RunSummary(published.count("Article"), published.count("Page"), forms, (), None)


def _next_due(writing: Writing | None) -> str | None:
    post = writing.next_due if writing else None
    if writing is None or post is None or post.due is None:
        return None
    return f"{_when(post, writing)}: {post.where}"


def _when(post: Post, writing: Writing) -> str:
    return f"{post.due.astimezone(writing.layout.zone):%Y-%m-%d at %H:%M %Z}" if post.due else ""


def _held(writing: Writing) -> Iterator[HeldBackPost]:
    for post in writing.posts:
        state = post.state(writing.now)
        if state in {"draft", "scheduled"}:
            preview, due = post.get("preview"), _when(post, writing)
            address = f"/drafts/{preview}/" if preview else ""
            title = str(post.get("title") or post.slug)
            yield HeldBackPost(post.where, title, address, due if state == "scheduled" else "")


@contextmanager
def _silenced() -> Iterator[None]:
    """Keeps Pelican from printing its summary to the console."""
    before, console.quiet = console.quiet, True
    try:
        yield
    finally:
        console.quiet = before


@contextmanager
def _explained_errors(blame: Path, folder: Path) -> Iterator[None]:
    """Turns an exception of the block into one line, with the file below `folder` that raised it.

    `blame` is named if no such file is in the traceback.
    """
    try:
        yield
    except GatepostError:
        raise
    except SystemExit as error:
        raise Refused(str(error)) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Unavailable(f"{where}{error.strerror or error}; nothing was published") from error
    except Exception as error:
        path, line = _place(error, folder)
        message = " ".join(str(error).split())
        if not isinstance(error, TemplateError | ValueError):
            message = f"{type(error).__name__}: {message}"
        raise FileErrors([Problem(short_path(path or blame), line, message)]) from error


def _place(error: Exception, folder: Path) -> tuple[Path | None, int | None]:
    """File below the folder and line; templates are found too, as Jinja adds frames for them."""
    if isinstance(error, TemplateSyntaxError) and error.filename:
        return Path(error.filename), error.lineno
    if isinstance(error, SyntaxError) and error.filename:
        return Path(error.filename), error.lineno
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).resolve().is_relative_to(folder.resolve()):
            return Path(frame.filename), frame.lineno
    return None, None


# The check without a build: fast enough for a git hook. A build runs the same rules, then searches
# the finished pages, and compares all files of the site with the gated ones.


@dataclass(frozen=True)
class CheckResult:
    """The result of all rules. The counts are of what readers may see."""

    articles: int
    pages: int
    forms: int
    findings: Findings


def check(config: Path, overrides: Mapping[str, object], now: datetime) -> CheckResult:
    """Runs every rule. Raises only what prevents reading: faulty settings, an error of the disk."""
    writing, findings = check_content(settings_from(config, overrides), now)
    return CheckResult(*_counts(writing), findings)


def _counts(writing: Writing) -> tuple[int, int, int]:
    public = [post for post in writing.posts if writing.is_public(post)]
    articles = sum(post.kind == "post" for post in public)
    forms = sum(len(open_forms(post, writing)) for post in public)
    return articles, len(public) - articles, forms
