"""What publishing asks of git: what a commit holds, byte for byte, without checking it out.

No attribute, filter or hook of what was pushed has a say in it, as it would in `git archive`.
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
"""A tree can name itself a million times in a few bytes: no more files and folders than these are
read."""
_FOLDER: Final = "040000"
_OLD_LOCALE: Final = {"LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a tree. `path` as git has it: any bytes, with surrogates for what is no UTF-8."""

    mode: str
    blob: str
    size: int
    """Bytes; 0 for a submodule, which has none."""
    path: str

    @property
    def top(self) -> str:
        """The folder at the root that it lies in, or its own name."""
        return self.path.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository on this machine."""

    folder: Path

    def entries(self, commit: str) -> list[Entry]:
        """Every file of a commit. Raises `Refused` if there are too many, `Unavailable`."""
        found: list[Entry] = []
        # With the folders themselves: a tree of nothing but folders has an end, too.
        command = ["ls-tree", "-r", "-t", "-z", "-l", "--full-tree", commit]
        with self._running(command) as process:
            for number, line in enumerate(_records(_out(process)), 1):
                if number > MAX_FILES:
                    process.kill()
                    raise Refused(f"more than {MAX_FILES:,} files: that is no site of ours")
                if (entry := _entry(line)).mode != _FOLDER:
                    found.append(entry)
        if process.returncode:
            raise Unavailable(f"git cannot list the files of {commit[:12]}")
        return found

    def contents(self, blobs: Sequence[str]) -> Iterator[bytes]:
        """The bytes of each blob, one after the other. Raises `Unavailable`."""
        with self._running(["cat-file", "--batch"]) as process:
            asked, message = process.stdin, _out(process)
            for blob in blobs:
                if asked is None:
                    raise Unavailable("git takes no questions")
                asked.write(f"{blob}\n".encode())
                asked.flush()
                parts = message.readline().split()
                if len(parts) != 3 or parts[1] != b"blob":
                    raise Unavailable(f"git has no file {blob[:12]}")
                content = message.read(int(parts[2]))
                message.read(1)  # the line's end after it
                yield content

    def tip(self, ref: str) -> str | None:
        """The commit that a ref names; None if there is no such ref."""
        ran = self._run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return ran.stdout.strip() or None

    def is_commit(self, name: str) -> bool:
        """Whether the object is a commit, not a tag or a file."""
        return self._run("cat-file", "-t", name).stdout.strip() == "commit"

    def leads_to(self, old: str, new: str) -> bool:
        """Whether `new` was made on top of `old`."""
        return self._run("merge-base", "--is-ancestor", old, new).returncode == 0

    def subject(self, commit: str) -> str:
        """The first line of a commit's message."""
        return self._run("log", "-1", "--format=%s", commit).stdout.strip()

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - git, with names that git gave us
            self._command(command),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            env=os.environ | _OLD_LOCALE,
        )

    @contextmanager
    def _running(self, command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(  # noqa: S603 - as above
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
        # The repository's own owner calls it: what is asked for here is no other's.
        return ["git", f"--git-dir={self.folder}", *command]


def _out(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise Unavailable("git says nothing")
    return process.stdout


def _records(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read1(65536):  # type: ignore[attr-defined]  # a pipe is buffered
        *complete, rest = (rest + chunk).split(b"\0")
        yield from complete


def _entry(line: bytes) -> Entry:
    facts, _, path = line.partition(b"\t")
    mode, _, blob, size = facts.decode("ascii").split()
    number = 0 if size == "-" else int(size)
    return Entry(mode, blob, number, path.decode("utf-8", "surrogateescape"))


# Which of the pushed files may be written to this machine's disk, and which stop the push.


FOLDERS: Final = ("content", "campaigns", "clients")
"""What a push may change; all else is code."""
MAX_NAME_LENGTH: Final = 200
MAX_PATH_LENGTH: Final = 1000
"""Bytes; with the release's folder before it a path stays below what Linux takes."""
_FILES: Final = frozenset({"100644", "100755"})
_NO_FILE: Final = {
    "120000": "is a symbolic link: put the file itself in its place",
    "160000": "is a submodule: put its files themselves in its place",
}
_NOT_MARKDOWN: Final = frozenset({".asc", ".htm", ".html", ".rst"})
"""Kinds that Pelican would read as posts, unchecked."""


def is_published(entry: Entry) -> bool:
    """Whether it lies in one of the three folders, or takes the place of one."""
    return entry.top in FOLDERS


def problems_of(entries: Sequence[Entry], largest: int) -> list[Problem]:
    """Everything that keeps these files from being written. `largest` in bytes."""
    found: list[Problem] = []
    seen: dict[str, str] = {}
    for entry in entries:
        problem = _fault(entry, largest) or _collision(entry.path, seen)
        if problem:
            found.append(Problem(show_path(entry.path), None, problem))
    missing = [name for name in FOLDERS[:2] if all(entry.top != name for entry in entries)]
    found += [Problem(f"{name}/", None, "no such folder in this push") for name in missing]
    return found


def show_path(path: str) -> str:
    """A path as a terminal may show it."""
    return "".join(sign if sign.isprintable() else "?" for sign in path)


def _fault(entry: Entry, largest: int) -> str:
    parts = entry.path.split("/")
    if entry.mode not in _FILES:
        return _NO_FILE.get(entry.mode, f"has the mode {entry.mode}: add it to git again")
    if len(parts) == 1:
        return "is a file, and a folder is wanted"
    return next(filter(None, map(_fault_of_name, parts)), "") or _fault_of_file(entry, largest)


def _fault_of_name(name: str) -> str:
    if name in {"", ".", ".."} or name.casefold().rstrip(". ") in {".git", "git~1"}:
        return "leads out of its folder: take it away"
    if not name.isprintable() or "\\" in name:  # a lone surrogate, for bytes, is not printable
        return "has a name that not every machine can keep: use letters, digits and hyphens"
    if len(name.encode()) > MAX_NAME_LENGTH:
        return f"has a name of more than {MAX_NAME_LENGTH} bytes: shorten it"
    return ""


def _fault_of_file(entry: Entry, largest: int) -> str:
    if len(entry.path.encode()) > MAX_PATH_LENGTH:
        return f"lies more than {MAX_PATH_LENGTH} bytes deep: move it up"
    if entry.size > largest:
        return (
            f"has {entry.size / 1e6:,.0f} MB, and {largest / 1e6:,.0f} MB is the most: make it "
            "smaller, and take it out of the commits as well (`git commit --amend`)"
        )
    path = PurePosixPath(entry.path)
    if path.suffix.lower() in _NOT_MARKDOWN and path.parts[1:2] in {("posts",), ("pages",)}:
        return "is not Markdown, and would not be checked: write it as a .md file"
    return ""


def _collision(path: str, seen: dict[str, str]) -> str:
    """Names that some machine takes for one: they differ in case or in how a letter is written."""
    for one in (path, *_folders(path)):
        similar = unicodedata.normalize("NFC", one).casefold()
        other = seen.setdefault(similar, one)
        if other != one:
            return (
                f"differs from {show_path(other)} in capitals or accents alone: rename one of them"
            )
    if seen.get(f"\0{path}"):
        return "stands twice in the commit: add it to git again"
    seen[f"\0{path}"] = path
    return ""


def _folders(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
