"""A Pelican plugin that runs the writing rules before anything is read, as `gatepost check` does.

It also searches the finished HTML for active content that only Markdown's syntax creates, such as
`{: onclick="..." }`.
"""

import gc
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pelican import signals

from capture.errors import Problem, short_path
from publish.checks.active_content import ActivePart, active_parts, is_external
from publish.checks.finding import Findings
from publish.checks.last_check import LastCheck, facts_in, is_same_to_rules, read_inputs, settled
from publish.checks.nginx import nginx_places
from publish.checks.post import Post
from publish.checks.project import WRITING, Edits, Writing
from publish.checks.rules import check_writing, read_writing
from publish.checks.rules.texts import text_facts
from publish.checks.summary import SUMMARY, Summary, summary_of
from publish.file_facts import Inputs
from publish.plugins import content_paths, problems
from publish.plugins.problems import get_report, raise_problems
from publish.plugins.project_settings import folders_of, layout_of, text_store
from publish.plugins.settings_key import key_of_settings
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import new_texts


def report_active_content_of_all(generator: Any) -> None:
    """Reports the active content of every new text. Runs before forms are inserted."""
    for content in new_texts(generator.context):
        report_active_content(content, content._content or "", generator.settings)


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

    summary: Summary
    """Of the unedited texts, when they are checked."""

    def __init__(self, settings: Mapping[str, Any], now: datetime) -> None:
        """Takes Pelican's settings."""
        self._settings = settings
        self._now = now
        self._layout = layout_of(settings)
        self._content = os.path.realpath(self._layout.content)
        self._folders = folders_of(settings)
        self._store = text_store(settings, self._layout)
        self._unedited: tuple[Writing, Findings] | None = None

    @property
    def problem(self) -> Problem | None:
        """What is wrong with the facts that the last check has kept."""
        path, problem = self._store.path, self._store.problem
        return Problem(short_path(path), None, problem) if path and problem else None

    def __call__(self, edited: Mapping[Path, bytes]) -> tuple[Writing, Findings]:
        """`edited` has the content of posts and pages to read in place of their files."""
        with without_garbage_collection():
            if edited:
                return check_writing(
                    self._layout, *self._folders, self._now, edited=edited, read=self._store.read
                )
            self._unedited = self._unedited or self._check()
        return self._unedited

    def _check(self) -> tuple[Writing, Findings]:
        """Checks the texts as they are."""
        cache = self._store.path.parent if self._store.path else None
        if cache is None or self._layout.has_dated_addresses:  # whose facts change with the day
            return self._check_all()
        last, key = LastCheck.read(cache), key_of_settings(self._settings)
        inputs = read_inputs(self._input_folders(), self._input_files(), last)
        checked = self._check_edits(last, key, inputs) if last and inputs else None
        writing, findings = checked = checked or self._check_all()
        texts = {f"{self._content}/{name}" for name in writing.digests}
        if kept := inputs and settled(inputs, texts, self._store.started_ns):
            due, digests = self.summary.due_at, writing.digests
            last = LastCheck(key, self._now, due, kept, digests, findings, self.summary)
            with suppress(OSError):
                last.write(cache)
        return checked

    def _check_all(self) -> tuple[Writing, Findings]:
        checked = check_writing(self._layout, *self._folders, self._now, read=self._store.read)
        writing, _ = checked
        self.summary = summary_of(writing)
        self._store.save(writing.files)
        return checked

    def _check_edits(
        self, last: LastCheck, key: bytes, inputs: Inputs
    ) -> tuple[Writing, Findings] | None:
        """The result if rules know the same of all texts as in the last check; else None."""
        layout, now = self._layout, self._now
        names = last.edited_texts(key, now, inputs, self._content)
        if names is None or any(self._is_static(layout.content / name) for name in names):
            return None
        posts: dict[str, Post] = {}
        for name in names:
            found = self._store.read_edited(
                name, facts_in(inputs, self._content, name), layout, now
            )
            if (
                found is None
                or found[0].digest != last.digests[name]
                or int(found[1].facts.size) in self._sizes_of_gated_files(inputs)
                or not is_same_to_rules(*found, last.findings)
            ):
                return None
            posts[name] = found[1]
        self._store.save(posts.values(), are_all=False)
        self.summary = last.summary
        edits = Edits(posts, {**last.digests, **{name: posts[name].digest for name in posts}})
        are_sound = not last.findings.of_rules({"campaign-file"}).every
        writing, _ = read_writing(
            layout, *self._folders, now, read=self._read_unchecked, are_sound=are_sound
        )
        return replace(writing, edits=edits), last.findings

    def _read_unchecked(self, *source: Any) -> Post:
        """Reads a text that no rule has read in this run."""
        post = self._store.read(*source)
        if post.body_facts is None:
            post.body_facts, post.link_facts = text_facts(post)
        return post

    def _sizes_of_gated_files(self, inputs: Inputs) -> set[int]:
        """A text of the same size could be a copy of one."""
        gated = os.path.realpath(self._folders[2])
        return {
            facts[0]
            for tree in inputs.trees.values()
            for folder, (_, files, _) in tree.items()
            if f"{folder}/".startswith(f"{gated}/")
            for facts in files.values()
        }

    def _is_static(self, path: Path) -> bool:
        return any(path.is_relative_to(folder) for folder in self._layout.static)

    def _input_folders(self) -> Iterable[str]:
        """The folders with files that rules read or look for."""
        names = (
            *(self._layout.content, *self._layout.static, *self._folders),
            *(self._settings["THEME"], *self._settings["THEME_TEMPLATES_OVERRIDES"]),
        )
        return map(str, names)

    def _input_files(self) -> Iterator[str]:
        """Other files that rules read or run."""
        yield str(self._layout.published_file)
        yield from nginx_places()


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
    settings[SUMMARY] = check.summary
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
