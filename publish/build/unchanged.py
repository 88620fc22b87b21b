"""Answers `build` and `check` at once if nothing at all has changed since the same command ran.

Then the command prints its last answer again, before Pelican, the plugins or the checks are
imported. It is right because all that an answer depends on is compared:

- the options, the settings, the environment, the folder and the version of Python;
- every file and folder that the run could read: content, theme, campaigns, clients, gated files,
  the settings file and the modules that were loaded, the folders of installed libraries, and any
  other file that the run opened, even one that did not exist. `file_facts` says why facts suffice;
- for a build, every file of the site and beside it: they must be those that this build left;
- the time: an answer is valid until a post is due or a form opens or closes, and at most until
  midnight in the site's zone, because a text without a date has today's in its address.

Nothing is kept if an input changed after the command had started, or in the same tick of the clock,
or if the clock was set back meanwhile, so an edit during a build is not lost. Nothing is kept if an
input cannot be known: the run asked a program or another machine, a folder has symbolic links, or a
Markdown extension may open files in a child process. A warning about a file of the cache would not
come twice, because the run has replaced the file, so it is not kept. A file of answers that is
damaged or of another version is ignored: its hash or its key is another.
"""

import hashlib
import marshal
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

import click

from capture.errors import short_path
from publish.build.opened_files import RunRecord, module_files, note_opened_files
from publish.file_facts import (
    HasLinksError,
    Inputs,
    current_tick,
    read_facts,
    read_tree,
    uptime,
)

FOLDER: Final = "unchanged"
"""The folder of the answers, in CACHE_PATH: one file for each command."""
_FORMAT: Final = 2
_OF_A_TERMINAL: Final = frozenset(
    {
        *("_", "COLUMNS", "GPG_TTY", "LINES", "OLDPWD", "SHLVL", "STY", "TMUX", "TMUX_PANE"),
        *("INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "XDG_SESSION_ID"),
        *("SSH_AUTH_SOCK", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY"),
        *("TERM_SESSION_ID", "WINDOW", "WINDOWID"),
    }
)
"""Variables that name the terminal or the service that ran a command, and nothing of its work."""
_HASH_SIZE: Final = 32


@dataclass(frozen=True)
class Answer:
    """What a command prints, and its exit code."""

    lines: tuple[tuple[str, bool], ...]
    """Each line, and whether it goes to standard error."""
    exit_code: int = 0

    def show(self, ctx: click.Context) -> None:
        """Prints the lines, and ends the command if it was refused."""
        for line, is_error in self.lines:
            click.echo(line, err=is_error)
        if self.exit_code:
            ctx.exit(self.exit_code)


@dataclass(frozen=True)
class _Kept:
    """An answer in its file, with all that it depends on."""

    key: bytes
    since: float
    until: float
    """Seconds since 1970: the answer is valid from `since`, and no longer at `until`."""
    inputs: Inputs
    output: Inputs
    """The site and the files beside it."""
    answer: Answer

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Reads a file of `write`; None if it is missing or damaged."""
        with suppress(OSError, ValueError, EOFError, TypeError):
            data = path.read_bytes()
            digest, content = data[:_HASH_SIZE], data[_HASH_SIZE:]
            if hashlib.sha256(content).digest() == digest:
                head, inputs, output, answer = marshal.loads(content)  # noqa: S302 - ours
                key, since, until = head
                return cls(key, since, until, Inputs(*inputs), Inputs(*output), Answer(*answer))
        return None

    def write(self, path: Path) -> None:
        """Replaces the file. A power cut may damage it, and is then found. Raises `OSError`."""
        inputs, output = (tuple(vars(part).values()) for part in (self.inputs, self.output))
        head = self.key, self.since, self.until
        content = marshal.dumps((head, inputs, output, astuple(self.answer)))
        path.parent.mkdir(exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_bytes(hashlib.sha256(content).digest() + content)
        draft.replace(path)


class CommandRun:
    """One run of a command, which may have the same answer as the run before it."""

    def __init__(
        self, command: str, options: Iterable[object], cache: Path | None, now: datetime
    ) -> None:
        """Nothing is kept without a cache folder."""
        self._cache = cache
        self._file = cache / FOLDER / command if cache else None
        self._now = now
        self._key = _key(command, options)
        self._kept = _Kept.read(self._file) if self._file else None
        self._is_site_as_left = True
        self._record: RunRecord | None = None

    def known_answer(self) -> Answer | None:
        """The answer of the last run, if nothing has changed."""
        kept = self._kept
        if kept is None or kept.key != self._key:
            return None
        if not kept.since <= self._now.timestamp() < kept.until or not kept.inputs.are_unchanged():
            return None
        self._is_site_as_left = kept.output.are_unchanged()
        return kept.answer if self._is_site_as_left else None

    @contextmanager
    def noted(self) -> Iterator[None]:
        """The block runs the command; what it reads is noted."""
        loaded = module_files()
        clocks = None
        if self._cache:
            with suppress(OSError):
                clocks = current_tick(self._cache), uptime()
        with note_opened_files() as opened:
            if clocks:
                self._record = RunRecord(*clocks, loaded, opened)
            yield

    def note_output(self, site: Path) -> None:
        """Notes the files of a site, and those beside it, while no other build can change them.

        A build replaces files by renames, so a folder that is the same has the same files. If
        somebody has changed a file otherwise, its old facts are kept, and the next run finds that
        the site is not as the build left it. Then this one reads the facts of every file.
        """
        if self._record is None:
            return
        place = os.path.realpath(site)
        try:
            beside = (path for path in site.parent.iterdir() if not path.name.startswith("."))
            files = read_facts(str(path) for path in beside if path.is_file())
            known = self._kept.output.trees.get(place, {}) if self._kept else {}
            tree = read_tree(place, known, trusts_folders=self._is_site_as_left)
        except (OSError, HasLinksError):
            self._record = None
            return
        self._record.output = Inputs({str(site): place}, {place: tree}, files)
        # Our work folder and lock are beside the site; nothing else there is an input.
        self._record.written = (f"{place}/", f"{site}/", f"{site.parent}/.")
        self._record.opened.folders.discard(str(site.parent))

    def keep(self, answer: Answer, settings: Mapping[str, Any], due: datetime | None) -> None:
        """Keeps an answer for the next run, if all that it depends on is known.

        `settings` are Pelican's, `due` is the time of the next change. An answer about a file of
        the cache is not kept: the run has replaced a damaged one.
        """
        from publish.build.run_inputs import find_inputs

        cache = short_path(Path(settings["CACHE_PATH"]))
        is_about_cache = any(f"{cache}/" in line for line, _ in answer.lines)
        if self._file is None or self._record is None or is_about_cache:
            return
        with suppress(OSError, HasLinksError):
            known = self._kept.inputs.trees if self._kept else {}
            if inputs := find_inputs(self._record, settings, known):
                since = self._now.timestamp()
                until = min(filter(None, (due, _midnight(self._now, settings)))).timestamp()
                kept = _Kept(self._key, since, until, inputs, self._record.output, answer)
                kept.write(self._file)


def _key(command: str, options: Iterable[object]) -> bytes:
    """A hash of all that an answer depends on besides the files of `Inputs` and the time."""
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_TERMINAL}
    dotenv = Path(".env")
    parts = (
        (_FORMAT, sys.version, sys.executable, os.getuid(), str(Path.cwd()), command),
        list(map(str, options)),
        dotenv.read_bytes() if dotenv.is_file() else None,
        sorted(environment.items()),
    )
    return hashlib.sha256(repr(parts).encode()).digest()


def _midnight(now: datetime, settings: Mapping[str, Any]) -> datetime:
    """The end of the day in the site's zone."""
    zone = ZoneInfo(settings.get("TIMEZONE", "UTC"))
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, datetime.min.time(), zone)
