"""The protocol between the publishing process and the build worker, which do not trust each other.

Each file is one line of JSON, `{"path": ..., "size": ...}`, and its bytes; an empty line ends the
files. A file without a size is one that the receiver has already, from the live release: the order
names these files and their hashes. The format has no links, modes or owners, so none of them needs
a check. `BuildOrder` goes before the files to the worker, `BuildAnswer` before the site back.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from pydantic import TypeAdapter

from capture.errors import Problem, Unavailable

_MAX_HEADER_BYTES: Final = 16_384
_CHUNK_BYTES: Final = 1_000_000


class WireError(Exception):
    """The stream does not follow the protocol or ended too early."""


def send_files(
    stream: IO[bytes],
    root: Path,
    folders: Iterable[str],
    is_known: Callable[[str], bool] = lambda _: False,
) -> None:
    """Sends every regular file of these folders below `root`, but no links.

    Only the path is sent of a file that the receiver has, which `is_known` tells of a path. A file
    that grows meanwhile is sent as long as it was. Raises `Unavailable` if a file becomes shorter,
    and OSError; the receiver then gets an incomplete stream.
    """
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            name = path.relative_to(root).as_posix()
            if is_known(name):
                stream.write(json.dumps({"path": name}).encode() + b"\n")
                continue
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                stream.write(json.dumps({"path": name, "size": size}).encode() + b"\n")
                _copy(file, stream, name, size)
    stream.write(b"\n")
    stream.flush()


def _copy(file: IO[bytes], stream: IO[bytes], name: str, size: int) -> None:
    """Copies exactly `size` bytes: the receiver takes any further ones for the next header."""
    while size:
        chunk = file.read(min(size, _CHUNK_BYTES))
        if not chunk:
            raise Unavailable(f"{name}: became shorter while it was sent; try again")
        stream.write(chunk)
        size -= len(chunk)


def receive_files(  # noqa: PLR0913 - where from, where to, and what is allowed
    stream: IO[bytes],
    root: Path,
    folders: Iterable[str],
    max_bytes: int,
    check_disk_space: Callable[[], None] = lambda: None,
    *,
    known: Mapping[str, Path] | None = None,
) -> set[str]:
    """Writes the received files below `root`, only into these folders and never over a file.

    Accepts at most `max_bytes`. Calls `check_disk_space` after each chunk; it may raise. `known`
    has the files that may arrive without content, by path: they are linked. Returns the paths of
    these. Raises `WireError` and OSError.
    """
    allowed = frozenset(folders)
    for folder in allowed:
        (root / folder).mkdir(exist_ok=True)
    free_bytes, linked = max_bytes, set[str]()
    while line := _read_line(stream):
        path, size = _parse_header(line, allowed)
        if size is None:
            if path not in (known or {}):
                raise WireError("a file without its content")
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).hardlink_to((known or {})[path])
            linked.add(path)
            continue
        free_bytes -= size
        if free_bytes < 0:
            raise WireError(f"more than {max_bytes:,} bytes")
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "wb") as file:
            while size:
                chunk = stream.read(min(size, _CHUNK_BYTES))
                if not chunk:
                    raise WireError("ended within a file")
                file.write(chunk)
                size -= len(chunk)
                check_disk_space()
    return linked


def _read_line(stream: IO[bytes]) -> bytes:
    line = stream.readline(_MAX_HEADER_BYTES)
    if not line.endswith(b"\n"):
        raise WireError("ended without the closing empty line")
    return line[:-1]


def _parse_header(line: bytes, allowed: frozenset[str]) -> tuple[str, int | None]:
    """The path of a file and its size; None for a file that the receiver has."""
    try:
        header: Any = json.loads(line)
        path, size = header["path"], header.get("size", 0)
        is_known = "size" not in header
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WireError("a file header is missing or not valid") from None
    if not isinstance(path, str) or not isinstance(size, int) or size < 0 or "\0" in path:
        raise WireError("a file header is missing or not valid")
    parts = path.split("/")
    if len(parts) < 2 or parts[0] not in allowed or not {"", ".", ".."}.isdisjoint(parts):
        raise WireError("a file outside the allowed folders")
    return path, None if is_known else size


SITE: Final = "output"
"""The folder of the built site, beside the pushed folders."""
MAX_MESSAGE_BYTES: Final = 64_000_000
"""Maximum length of an order or an answer."""


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """Sent to the worker. The files of the pushed folders follow."""

    published_json: str | None
    """The text of the live release's `published.json`; None before the first one."""
    live_files: Mapping[str, str] = field(default_factory=dict)
    """The hash of each file of the live site, as `hash_file` makes it, by path in the release."""


@dataclass(frozen=True, slots=True)
class BuildAnswer:
    """Sent back by the worker. The site follows if `is_good`."""

    problems: tuple[Problem, ...] = ()
    """What the writer can fix."""
    unavailable: str = ""
    """A message about what the operator must fix."""
    traceback: str = ""
    """The traceback of an unexpected error, for the operator's log. It cannot show a lead: the
    worker's user can read neither the ledger nor its keys."""
    warnings: tuple[str, ...] = ()
    summary: str = ""
    """Such as `8 articles, 3 pages and 3 forms`."""
    seconds: float = 0.0
    """How long the build took."""
    due: str | None = None
    """When the next held-back post is due, and its file; None if there is none."""

    @property
    def is_good(self) -> bool:
        """Whether a site follows."""
        return not (self.problems or self.unavailable or self.traceback)


ORDER: Final = TypeAdapter(BuildOrder)
ANSWER: Final = TypeAdapter(BuildAnswer)
