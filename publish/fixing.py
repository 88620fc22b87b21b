"""Applies the edits of findings, and keeps only those after which a check finds less.

Everything is tried in memory: a check reads the edited texts in place of the files. An edit that
does not remove its finding, or that leads to a new one, is given up. Then the files are written.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from capture.errors import Refused, short_path
from publish.checks.edit import Edit, Mismatch, apply_edits, overlap
from publish.checks.finding import Finding, Findings
from publish.checks.project import Writing

Check = Callable[[Mapping[Path, bytes]], tuple[Writing, Findings]]
"""Runs all rules; the argument has the texts to read in place of their files."""
_LINE_NUMBER: Final = re.compile(r"\bline \d+")
_Key = tuple[str, str, str]


@dataclass(frozen=True)
class FixedFile:
    """A file before and after its edits."""

    path: Path
    before: bytes
    after: bytes


@dataclass(frozen=True)
class Fixes:
    """The result of all edits, before it is written."""

    files: tuple[FixedFile, ...]
    fixed: int
    """The number of findings that the edits remove."""
    left: Findings
    """The findings after the edits."""


def find_fixes(check: Check, rules: Collection[str] = ()) -> Fixes:
    """Applies edits until no more are sure; only those of `rules`, if any are named.

    Each pass removes findings, so this ends. Edits that overlap are made in different passes.
    """
    edited: dict[Path, bytes] = {}
    original: dict[Path, bytes] = {}
    fixed = 0
    given_up: set[tuple[Finding, tuple[Edit, ...]]] = set()
    writing, findings = check(edited)
    while True:
        done = _Pass(writing, findings, rules, given_up)
        if not done.chosen:
            break
        texts = {**edited, **done.texts}
        new_writing, new_findings = check(texts)
        if failed := done.failed(new_findings):
            given_up |= {(finding, finding.edits) for finding in failed}
            continue
        for path in done.texts:
            original.setdefault(path, done.raw[path])
        edited, writing, findings = texts, new_writing, new_findings
        fixed += len(done.chosen)
    files = (FixedFile(path, original[path], text) for path, text in sorted(edited.items()))
    return Fixes(tuple(files), fixed, findings)


class _Pass:
    """The edits that are made together, and their texts."""

    def __init__(
        self,
        writing: Writing,
        findings: Findings,
        rules: Collection[str],
        given_up: Collection[tuple[Finding, tuple[Edit, ...]]],
    ) -> None:
        self._before = findings
        posts = {post.where: post for post in writing.files if _is_inside(post.path, writing)}
        self.unreadable = {
            where for where, post in posts.items() if post.front_matter.is_unreadable
        }
        self.chosen: list[Finding] = []
        self.raw: dict[Path, bytes] = {}
        self.texts: dict[Path, bytes] = {}
        edits_of: dict[str, set[Edit]] = defaultdict(set)
        for finding in findings.every:
            edits = edits_of[finding.path] | set(finding.edits)
            is_wanted = finding.edits and finding.path in posts and rules_allow(rules, finding)
            if is_wanted and (finding, finding.edits) not in given_up and not overlap([*edits]):
                edits_of[finding.path] = edits
                self.chosen.append(finding)
        for where, edits in edits_of.items():
            if not edits:
                continue
            post = posts[where]
            try:
                self.texts[post.path] = apply_edits(post.raw, edits)
                self.raw[post.path] = post.raw
            except Mismatch:
                self.chosen = [finding for finding in self.chosen if finding.path != where]

    def failed(self, findings: Findings) -> list[Finding]:
        """The chosen findings whose edits did not help, or led to a new finding."""
        before, after = Counter(map(_key, self._before.every)), Counter(map(_key, findings.every))
        chosen = Counter(map(_key, self.chosen))
        failed = {key for key, number in chosen.items() if after[key] > before[key] - number}
        if failed:
            return [finding for finding in self.chosen if _key(finding) in failed]
        new = [
            finding
            for finding in findings.every
            if after[_key(finding)] > before[_key(finding)] and finding.path not in self.unreadable
        ]
        return [cause for finding in new for cause in self._causes(finding)]

    def _causes(self, new: Finding) -> Iterable[Finding]:
        """The chosen findings whose edits may have led to a new one: the nearest that there are."""
        here = [finding for finding in self.chosen if finding.path == new.path]
        return [finding for finding in here if finding.line == new.line] or here or self.chosen


def rules_allow(rules: Collection[str], finding: Finding) -> bool:
    """Whether the finding belongs to one of the rules; to any if none is named."""
    return not rules or finding.rule in rules


def _key(finding: Finding) -> _Key:
    """What a finding has in common before and after an edit, which may move lines."""
    return finding.path, finding.rule, _LINE_NUMBER.sub("line", finding.message)


def _is_inside(path: Path, writing: Writing) -> bool:
    """Whether the file is in the content folder, and reached without a symbolic link."""
    content = writing.layout.content
    name = path.relative_to(content)
    return os.path.realpath(path) == str(Path(os.path.realpath(content)) / name)


def write_fixes(files: Iterable[FixedFile]) -> None:
    """Writes each file in one step. Raises `Refused` before writing if one has changed."""
    files = tuple(files)
    for file in files:
        _refuse_if_changed(file)
    for file in files:
        _write(file)


def _refuse_if_changed(file: FixedFile) -> None:
    try:
        is_same = not file.path.is_symlink() and file.path.read_bytes() == file.before
    except OSError:
        is_same = False
    if not is_same:
        raise Refused(f"{short_path(file.path)}: was changed just now: run the command again")


def _write(file: FixedFile) -> None:
    """Writes a file beside the old one, with its permissions, and renames it."""
    folder = file.path.parent
    with NamedTemporaryFile(dir=folder, prefix=".", suffix=".new", delete=False) as draft:
        try:
            draft.write(file.after)
            draft.flush()
            os.fchmod(draft.fileno(), file.path.stat().st_mode & 0o7777)
            os.fsync(draft.fileno())
            _refuse_if_changed(file)
            Path(draft.name).replace(file.path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(draft.name).unlink()
            raise
