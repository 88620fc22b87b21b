"""Reads commits with git without a checkout, and decides which pushed files may be written.

The bytes are read as they are stored. A checkout or `git archive` would apply the
attributes and filters of the pushed commit.
"""

import os
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from capture.errors import Problem, Refused, Unavailable

MAX_FILES: Final = 100_000
"""Maximum number of files and folders. A small pushed tree can expand to millions of entries."""
_FOLDER_MODE: Final = "040000"
_LOCALE: Final = {"LC_ALL": "C.UTF-8"}
"""Makes git's output the same on every machine."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a git tree. Bytes of `path` that are not UTF-8 become surrogates."""

    mode: str
    blob: str
    size: int
    """Bytes; 0 for a submodule."""
    path: str

    @property
    def top(self) -> str:
        """The top folder of the path; for a file at the root, its own name."""
        return self.path.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository on this machine."""

    folder: Path

    def entries(self, commit: str) -> list[Entry]:
        """Every file of a commit. Raises `Refused` if there are too many, `Unavailable`."""
        entries: list[Entry] = []
        # `-t` lists folders too, so that a tree of empty folders counts towards the limit.
        command = ["ls-tree", "-r", "-t", "-z", "-l", "--full-tree", commit]
        with self._running(command) as process:
            for number, line in enumerate(_split_records(_stdout(process)), 1):
                if number > MAX_FILES:
                    process.kill()
                    raise Refused(
                        f"more than {MAX_FILES:,} files and folders in this push: remove some"
                    )
                if (entry := _parse_entry(line)).mode != _FOLDER_MODE:
                    entries.append(entry)
        if process.returncode:
            raise Unavailable(f"git cannot list the files of {commit[:12]}")
        return entries

    def contents(self, blobs: Sequence[str]) -> Iterator[bytes]:
        """The bytes of each blob, one after the other. Raises `Unavailable`."""
        with self._running(["cat-file", "--batch"]) as process:
            stdin, stdout = process.stdin, _stdout(process)
            for blob in blobs:
                if stdin is None:
                    raise Unavailable("git accepts no request for files: its input is closed")
                stdin.write(f"{blob}\n".encode())
                stdin.flush()
                parts = stdout.readline().split()
                if len(parts) != 3 or parts[1] != b"blob":
                    raise Unavailable(f"git has no file {blob[:12]}")
                content = stdout.read(int(parts[2]))
                stdout.read(1)  # the newline after the content
                yield content

    def tip(self, ref: str) -> str | None:
        """The commit of a ref; None if the ref does not exist."""
        result = self._run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return result.stdout.strip() or None

    def is_commit(self, name: str) -> bool:
        """Whether the object is a commit."""
        return self._run("cat-file", "-t", name).stdout.strip() == "commit"

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `old` is an ancestor of `new`."""
        return self._run("merge-base", "--is-ancestor", old, new).returncode == 0

    def subject(self, commit: str) -> str:
        """The first line of a commit's message."""
        return self._run("log", "-1", "--format=%s", commit).stdout.strip()

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - git, with object names from git
            self._command(command),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            env=os.environ | _LOCALE,
        )

    @contextmanager
    def _running(self, command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(  # noqa: S603 - as in `_run`
            self._command(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            process.communicate()

    def _command(self, command: Sequence[str]) -> list[str]:
        # The caller owns the repository, so git's check of the owner passes.
        return ["git", f"--git-dir={self.folder}", *command]


def _stdout(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise Unavailable("git gives no output")
    return process.stdout


def _split_records(stream: IO[bytes]) -> Iterator[bytes]:
    """The records of git's output, without the zero byte after each."""
    rest = b""
    while chunk := stream.read1(65536):  # type: ignore[attr-defined]  # a pipe is buffered
        *complete, rest = (rest + chunk).split(b"\0")
        yield from complete


def _parse_entry(line: bytes) -> Entry:
    attributes, _, path = line.partition(b"\t")
    mode, _, blob, size = attributes.decode("ascii").split()
    return Entry(
        mode, blob, 0 if size == "-" else int(size), path.decode("utf-8", "surrogateescape")
    )


# --- which pushed files may be written to disk ---

FOLDERS: Final = ("content", "campaigns", "clients")
"""The folders that a push may change. Everything else is code or theme."""
MAX_NAME_LENGTH: Final = 200
"""Bytes."""
MAX_PATH_LENGTH: Final = 1000
"""Bytes. With the release's folder in front, a path stays below the limit of Linux."""
_FILE_MODES: Final = frozenset({"100644", "100755"})
_OTHER_MODES: Final = {
    "120000": "is a symbolic link: replace it with the file itself",
    "160000": "is a submodule: replace it with its files",
}
_NOT_MARKDOWN: Final = frozenset({".asc", ".htm", ".html", ".rst"})
"""File types that Pelican would read as posts without a check."""


def is_published(entry: Entry) -> bool:
    """Whether the entry lies in one of the three folders or has the name of one."""
    return entry.top in FOLDERS


def entry_problems(entries: Sequence[Entry], max_size: int) -> list[Problem]:
    """All problems of these files. `max_size` is the maximum size of a file in bytes."""
    problems: list[Problem] = []
    checked: dict[str, str] = {}
    for entry in entries:
        message = _entry_problem(entry, max_size) or _collision(entry.path, checked)
        if message:
            problems.append(Problem(show_path(entry.path), None, message))
    missing = [name for name in FOLDERS[:2] if all(entry.top != name for entry in entries)]
    problems += [
        Problem(f"{name}/", None, "this folder is missing in the push: add it to git again")
        for name in missing
    ]
    return problems


def show_path(path: str) -> str:
    """The path with `?` for each unprintable character."""
    return "".join(char if char.isprintable() else "?" for char in path)


def _entry_problem(entry: Entry, max_size: int) -> str:
    parts = entry.path.split("/")
    if entry.mode not in _FILE_MODES:
        return _OTHER_MODES.get(entry.mode, f"has the mode {entry.mode}: add it to git again")
    if len(parts) == 1:
        return "is a file, but must be a folder: rename the file"
    return next(filter(None, map(_name_problem, parts)), "") or _file_problem(entry, max_size)


def _name_problem(name: str) -> str:
    if name in {"", ".", ".."} or name.casefold().rstrip(". ") in {".git", "git~1"}:
        return "points out of its folder: remove it"
    if not name.isprintable() or "\\" in name:  # a surrogate is not printable
        return "has a name that some systems cannot store: use letters, digits and hyphens"
    if len(name.encode()) > MAX_NAME_LENGTH:
        return f"has a name of more than {MAX_NAME_LENGTH} bytes: shorten it"
    return ""


def _file_problem(entry: Entry, max_size: int) -> str:
    if len(entry.path.encode()) > MAX_PATH_LENGTH:
        return f"has a path of more than {MAX_PATH_LENGTH} bytes: move it up or shorten a name"
    if entry.size > max_size:
        return (
            f"has {entry.size / 1e6:,.0f} MB, and the maximum is {max_size / 1e6:,.0f} MB: make it "
            "smaller, and remove it from the commits as well (`git commit --amend`)"
        )
    path = PurePosixPath(entry.path)
    if path.suffix.lower() in _NOT_MARKDOWN and path.parts[1:2] in {("posts",), ("pages",)}:
        return "is not Markdown and cannot be checked: write it as a .md file"
    return ""


def _collision(path: str, checked: dict[str, str]) -> str:
    """The problem of a path that some systems treat as the same as one checked before.

    Such paths differ only in case or in Unicode normalisation. Adds the path to `checked`: its
    folders and itself by their normalised form, and itself after a zero byte, as a file.
    """
    for file_or_folder in (path, *_parent_folders(path)):
        normalised = unicodedata.normalize("NFC", file_or_folder).casefold()
        other = checked.setdefault(normalised, file_or_folder)
        if other != file_or_folder:
            return (
                f"differs from {show_path(other)} only in capitals or accents: rename one of them"
            )
    if f"\0{path}" in checked:
        return "is listed twice in the commit: add it to git again"
    checked[f"\0{path}"] = path
    return ""


def _parent_folders(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
