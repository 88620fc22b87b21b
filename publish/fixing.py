"""Applies the edits of findings, and keeps only those after which a check finds less.

Everything is tried in memory: a check reads the edited texts in place of the files. An edit that
does not remove its finding, or that leads to a new one, is given up. Then the files are written.
"""

import os
import stat
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from capture.errors import Refused, Unavailable, short_path
from publish.checks.edit import Edit, Mismatch, apply_edits, overlap
from publish.checks.finding import Finding, Findings
from publish.checks.project import Writing

_MAY_WRITE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_KEY: Final = attrgetter("key")
_PLACE: Final = attrgetter("path", "rule")
_HARMLESS: Final = frozenset({"preview"})
"""A text that becomes a draft has no address for its preview: its writer asks for one."""
Check = Callable[[Mapping[Path, bytes]], tuple[Writing, Findings]]
"""Runs all rules; the argument has the texts to read in place of their files."""


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


def find_fixes(check: Check, rules: Collection[str] = (), *, with_known: bool = False) -> Fixes:
    """Applies edits until no more are sure; only those of `rules`, if any are named.

    Findings that the project has recorded are left, unless `with_known`. Each pass removes
    findings, so this ends. Edits that overlap are made in different passes.
    """
    edited: dict[Path, bytes] = {}
    original: dict[Path, bytes] = {}
    fixed = 0
    given_up: set[tuple[Finding, tuple[Edit, ...]]] = set()
    suspects = 0  # the next so many files have one whose edits harm another file
    writing, findings = check(edited)
    while True:
        wanted = findings.every if with_known else (*findings.errors, *findings.warnings)
        sure = [
            finding for finding in wanted if finding.edits and (not rules or finding.rule in rules)
        ]
        left = [finding for finding in sure if (finding, finding.edits) not in given_up]
        done = _Pass(
            writing, findings, left, most_files=max(1, suspects // 2) if suspects else sys.maxsize
        )
        if done.unfit:
            given_up |= {(finding, finding.edits) for finding in done.unfit}
            continue
        if not done.chosen:
            break
        new_writing, new_findings = check({**edited, **done.texts})
        failed = done.failed(new_findings)
        if not failed and done.has_side_effect(new_findings):
            if len(done.texts) > 1:
                suspects = len(done.texts)
                continue
            failed, suspects = done.chosen, 0
        if failed:
            given_up |= {(finding, finding.edits) for finding in failed}
            continue
        for path in done.texts:
            original.setdefault(path, done.raw[path])
        edited |= done.texts
        writing, findings = new_writing, new_findings
        fixed += len(done.chosen)
        suspects = max(0, suspects - len(done.texts))
    files = (FixedFile(path, original[path], text) for path, text in sorted(edited.items()))
    return Fixes(tuple(files), fixed, findings)


class _Pass:
    """The edits that are made together, and their texts."""

    def __init__(
        self, writing: Writing, findings: Findings, sure: Iterable[Finding], most_files: int
    ) -> None:
        self._before = Counter(map(_KEY, findings.every))
        self._places = Counter(map(_PLACE, findings.every))
        posts = {post.where: post for post in writing.files if _is_inside(post.path, writing)}
        self._unreadable = {
            where for where, post in posts.items() if post.front_matter_details.is_unreadable
        }
        self.chosen: list[Finding] = []
        self.unfit: list[Finding] = []
        """Findings whose edits do not match the text of their file."""
        self.raw: dict[Path, bytes] = {}
        self.texts: dict[Path, bytes] = {}
        edits_of: dict[str, set[Edit]] = {}
        for finding in sure:
            if finding.path not in posts:
                continue
            if finding.path not in edits_of and len(edits_of) == most_files:
                continue
            edits = edits_of.get(finding.path, set()) | set(finding.edits)
            if not overlap([*edits]):
                edits_of[finding.path] = edits
                self.chosen.append(finding)
        for where, edits in edits_of.items():
            post = posts[where]
            try:
                self.texts[post.path] = apply_edits(post.raw, edits)
                self.raw[post.path] = post.raw
            except Mismatch:
                self.unfit += [finding for finding in self.chosen if finding.path == where]

    def failed(self, findings: Findings) -> list[Finding]:
        """The chosen findings whose edits did not help, or led to a new finding in their file."""
        after = Counter(map(_KEY, findings.every))
        chosen = Counter(map(_KEY, self.chosen))
        failed = {key for key, number in chosen.items() if after[key] > self._before[key] - number}
        if failed:
            return [finding for finding in self.chosen if finding.key in failed]
        return [cause for finding in self._new(findings) for cause in self._causes(finding)]

    def has_side_effect(self, findings: Findings) -> bool:
        """Whether a file that is not edited has a new finding."""
        return any(not self._causes(finding) for finding in self._new(findings))

    def _new(self, findings: Findings) -> Iterator[Finding]:
        """The findings that no finding of the same file and rule makes room for.

        Their messages may differ: one of a relative link names the address, which a title changes.
        """
        after = Counter(map(_PLACE, findings.every))
        keys = Counter(map(_KEY, findings.every))
        allowed = Counter(self._places)
        allowed.subtract(map(_PLACE, self.chosen))
        for finding in findings.every:
            is_more = after[_PLACE(finding)] > allowed[_PLACE(finding)]
            is_new = keys[finding.key] > self._before[finding.key]
            is_harm = finding.path not in self._unreadable and finding.rule not in _HARMLESS
            if is_more and is_new and is_harm:
                yield finding

    def _causes(self, new: Finding) -> list[Finding]:
        """The chosen findings of the same line, else of the same file."""
        here = [finding for finding in self.chosen if finding.path == new.path]
        return [finding for finding in here if finding.line == new.line] or here


def _is_inside(path: Path, writing: Writing) -> bool:
    """Whether the file is in the content folder, and reached without a symbolic link."""
    content = writing.layout.content
    name = path.relative_to(content)
    return os.path.realpath(path) == str(Path(os.path.realpath(content)) / name)


def write_fixes(files: Iterable[FixedFile]) -> None:
    """Writes each file in one step. Raises `Refused` before writing any if one cannot be."""
    files = tuple(files)
    for file in files:
        _refuse_if_changed(file)
        _refuse_if_protected(file)
    for file in files:
        try:
            _write(file)
        except OSError as error:
            where, reason = short_path(file.path), error.strerror
            raise Unavailable(f"{where}: cannot be written: {reason}; run this again") from error


def _refuse_if_changed(file: FixedFile) -> None:
    try:
        is_same = not file.path.is_symlink() and file.path.read_bytes() == file.before
    except OSError:
        is_same = False
    if not is_same:
        raise Refused(f"{short_path(file.path)}: was changed just now: run the command again")


def _refuse_if_protected(file: FixedFile) -> None:
    """Raises `Refused` for a file that is read-only, or whose owner would change."""
    status = file.path.stat()
    if not status.st_mode & _MAY_WRITE or not os.access(file.path, os.W_OK):
        problem = "is read-only: make it writable"
    elif not os.access(file.path.parent, os.W_OK):
        problem = "is in a folder that is read-only: make the folder writable"
    elif os.geteuid() not in {0, status.st_uid}:
        problem = "belongs to another user: run the command as that user"
    else:
        return
    raise Refused(f"{short_path(file.path)}: {problem}; nothing was written")


def _write(file: FixedFile) -> None:
    """Writes a file beside the old one, with its owner and permissions, and renames it."""
    status = file.path.stat()
    with NamedTemporaryFile(dir=file.path.parent, prefix=".", suffix=".new", delete=False) as draft:
        try:
            draft.write(file.after)
            draft.flush()
            with suppress(PermissionError):  # a group of which this user is no member
                os.fchown(draft.fileno(), status.st_uid, status.st_gid)
            os.fchmod(draft.fileno(), status.st_mode & 0o7777)
            os.fsync(draft.fileno())
            _refuse_if_changed(file)
            Path(draft.name).replace(file.path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(draft.name).unlink()
            raise
