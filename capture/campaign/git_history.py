"""Finds the versions of a campaign file in git: one given version, or the newest ones."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from re import fullmatch
from typing import Any, Final

from capture.campaign.files import MAX_BYTES

RELEASE_FILE: Final = "release.json"
"""The file of a release, beside its campaigns, that names its commit and its repository."""
MOST_COMMITS: Final = 50
"""Most commits of a file of which the versions are listed, the newest ones."""
_SECONDS: Final = 60
"""Time limit of one call of git."""
_SECONDS_OF_PAGE: Final = 2
"""The same, while somebody waits for a page."""
_LOG: Final = ("log", "--full-history", "--format=%H %cI")


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


@dataclass(frozen=True, slots=True)
class CommittedVersion:
    """One version of a campaign file, and the earliest listed commit that has it."""

    version: str
    """The SHA-256 of the content."""
    content: bytes
    commit: str
    committed_at: datetime


def find_version(folder: Path, name: str, version: str) -> CommittedFile | None:
    """The first commit in which the SHA-256 of the file is `version`.

    `folder` is a folder of a repository, which may be bare; `name` is the file's path in it.
    None if there is no such commit, no repository, or no git.
    """
    try:
        path = f"{_prefix(folder)}{name}"
        log = _git(folder, *_LOG, "--all", "--reverse", "--", name)
        commits = [line.split(" ", 1) for line in log.decode().splitlines()]
        requests = "".join(f"{commit}:{path}\n" for commit, _ in commits)
        contents = list(_contents(_git(folder, "cat-file", "--batch", stdin=requests.encode())))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    for (commit, committed_at), content in zip(commits, contents, strict=False):
        if content is not None and sha256(content).hexdigest() == version:
            return CommittedFile(commit, committed_at, path)
    return None


def committed_versions(campaigns: Path, slug: str) -> list[CommittedVersion]:
    """The versions of a campaign file in its newest `MOST_COMMITS` commits, the newest first.

    `campaigns` is a folder of a clone, where all branches count, or of a release: then the commits
    of the release count, from the repository that received it. The list is empty if there is no
    repository, if it cannot be read, or if git takes too long.
    """
    campaigns = campaigns.resolve()
    name = f"{slug}.toml"
    try:
        if (campaigns.parent / RELEASE_FILE).is_file():
            with _release_history(campaigns.parent) as (folder, commit, environment):
                path = f"{campaigns.name}/{name}"
                return _newest_versions(folder, path, path, (commit,), environment)
        path = f"{_prefix(campaigns)}{name}"
        return _newest_versions(campaigns, name, path, ("--exclude=refs/stash", "--all"), {})
    except (OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError):
        return []


def is_repository(folder: Path) -> bool:
    """Whether git finds a repository there."""
    try:
        _git(folder, "rev-parse", "--git-dir")
    except (OSError, subprocess.SubprocessError):
        return False
    return True


@contextmanager
def _release_history(release: Path) -> Iterator[tuple[Path, str, Mapping[str, str]]]:
    """Yields a folder, a release's commit, and the environment in which git finds its history.

    The repository has another owner, so git must not follow its configuration, which can name
    commands. Here git reads only its objects, from an empty repository of our own.
    """
    data = json.loads((release / RELEASE_FILE).read_text(encoding="utf-8"))
    commit, objects = data["commit"], Path(data["repository"], "objects")
    if not fullmatch("[0-9a-f]{40}", commit):
        raise ValueError("not a commit")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("objects", "refs"):
            (folder / part).mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/main\n")
        places = {"GIT_DIR": name, "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects)}
        yield folder, commit, places


def _newest_versions(
    folder: Path, name: str, path: str, commits: tuple[str, ...], environment: Mapping[str, str]
) -> list[CommittedVersion]:
    """`name` is the file from `folder`, `path` from the top folder of the repository."""

    def git(*command: str, stdin: str = "") -> bytes:
        return _git(folder, *command, stdin=stdin.encode(), seconds=_SECONDS_OF_PAGE, **environment)

    log = git(*_LOG, f"--max-count={MOST_COMMITS}", *commits, "--", name).decode().splitlines()
    times = dict(line.split(" ", 1) for line in log)
    objects = git("cat-file", "--batch-check", stdin="".join(f"{each}:{path}\n" for each in times))
    earliest = {}  # by content: the log has the newest commit first, so the earliest one remains
    for commit, line in zip(times, objects.decode().splitlines(), strict=True):
        match line.split():
            case [blob, "blob", size] if int(size) <= MAX_BYTES:
                earliest[blob] = commit
    contents = _contents(git("cat-file", "--batch", stdin="".join(f"{b}\n" for b in earliest)))
    versions = [
        CommittedVersion(
            sha256(content).hexdigest(), content, commit, datetime.fromisoformat(times[commit])
        )
        for commit, content in zip(earliest.values(), contents, strict=True)
        if content is not None
    ]
    order = {commit: place for place, commit in enumerate(times)}
    return sorted(versions, key=lambda each: order[each.commit])


def _prefix(folder: Path) -> str:
    """The folder's path from the top folder of its repository, with a slash; empty at the top."""
    return _git(folder, "rev-parse", "--show-prefix").decode().strip()


def _git(
    folder: Path, *command: str, stdin: bytes = b"", seconds: int = _SECONDS, **environment: str
) -> bytes:
    return subprocess.run(  # noqa: S603 - git, with names from our own folder
        ["git", "-C", str(folder), *command],  # noqa: S607 - the git that the agency uses
        input=stdin,
        capture_output=True,
        check=True,
        timeout=seconds,
        env=os.environ | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"} | environment,
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
