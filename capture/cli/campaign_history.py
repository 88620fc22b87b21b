"""Finds the git commit with a given version of a campaign file."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

_SECONDS: Final = 60
"""Time limit of one call of git."""


@dataclass(frozen=True, slots=True)
class CommittedFile:
    """A file as it is in one commit."""

    commit: str
    committed_at: str
    """ISO 8601."""
    path: str
    """From the top folder of the repository."""

    @property
    def replay(self) -> str:
        """The command that prints the file of this commit."""
        return f"git show {self.commit[:12]}:{self.path}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "commit": self.commit,
            "committed_at": self.committed_at,
            "path": self.path,
            "replay": self.replay,
        }


def find_version(folder: Path, name: str, version: str) -> CommittedFile | None:
    """The first commit in which the SHA-256 of the file is `version`.

    `folder` is a folder of a repository, which may be bare; `name` is the file's path in it.
    None if there is no such commit, no repository, or no git.
    """
    try:
        prefix = _git(folder, "rev-parse", "--show-prefix").decode().strip()
        format_ = "--format=%H %cI"
        log = _git(folder, "log", "--all", "--full-history", "--reverse", format_, "--", name)
        commits = [line.split(" ", 1) for line in log.decode().splitlines()]
        path = f"{prefix}{name}"
        requests = "".join(f"{commit}:{path}\n" for commit, _ in commits)
        contents = list(_contents(_git(folder, "cat-file", "--batch", stdin=requests.encode())))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    for (commit, committed_at), content in zip(commits, contents, strict=False):
        if content is not None and sha256(content).hexdigest() == version:
            return CommittedFile(commit, committed_at, path)
    return None


def is_repository(folder: Path) -> bool:
    """Whether git finds a repository there."""
    try:
        _git(folder, "rev-parse", "--git-dir")
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _git(folder: Path, *command: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(  # noqa: S603 - git, with names from our own folder
        ["git", "-C", str(folder), *command],  # noqa: S607 - the git that the agency uses
        input=stdin,
        capture_output=True,
        check=True,
        timeout=_SECONDS,
        env=os.environ | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
    ).stdout


def _contents(output: bytes) -> Iterator[bytes | None]:
    """The content of each object that `cat-file --batch` printed; None for a missing object."""
    start = 0
    while start < len(output):
        end = output.index(b"\n", start)
        header = output[start:end].split()
        start = end + 1
        if header[-1] == b"missing":
            yield None
            continue
        size = int(header[-1])
        yield output[start : start + size]
        start += size + 1
