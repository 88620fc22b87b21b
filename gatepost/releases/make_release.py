"""Makes a release of a commit: writes its three folders, builds the site and checks the campaigns.

The build uses the installed code and theme. A release stays invisible until it is published.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from capture.errors import FileErrors, Refused, Unavailable
from gatepost.releases.context import PublishContext
from gatepost.releases.git import FOLDERS, Entry, Repository, is_published
from gatepost.releases.limits import extract
from gatepost.releases.store import Release, name_of, size_of
from gatepost.releases.wire import (
    ANSWER,
    MAX_MESSAGE_BYTES,
    ORDER,
    SITE,
    BuildAnswer,
    BuildOrder,
    WireError,
    receive_files,
    send_files,
)
from gatepost.settings import PREFIX, Settings

# --- check changed campaigns with the ledger ---
# The publishing user cannot read the ledger, so it asks through a socket. For each connection the
# service's user runs `gatepost campaigns answer`. It gets the files' texts and answers with lines
# about files and counts, never about a person.

SECONDS: Final = 120
"""Time limit of the answer. The service may judge many thousands of leads again for it."""


def changed_campaigns(folder: Path, live: Path | None) -> dict[str, str | None]:
    """The text of each changed campaign file by slug; None for a deleted one."""
    now, before = _texts(folder), _texts(live) if live else {}
    return {
        slug: now.get(slug)
        for slug in sorted(now.keys() | before.keys())
        if now.get(slug) != before.get(slug)
    }


def check_with_ledger(
    path: str, campaigns: Mapping[str, str | None], say: Callable[[str], None]
) -> None:
    """Raises `Refused` if a change breaks a rule, `Unavailable` if the service does not answer."""
    if not campaigns:
        return
    if not path:
        say(
            "warning: the changed campaigns were not checked against the terms of existing leads; "
            "the operator sets GATEPOST_LEDGER_SOCKET"
        )
        return
    data = _ask_ledger(path, campaigns)
    for line in data["messages"]:
        say(line)
    if data["refused"]:
        raise Refused("\n".join(data["refused"]))


def _texts(folder: Path) -> dict[str, str]:
    files = (folder / "campaigns").glob("*.toml")
    return {path.stem: path.read_text(encoding="utf-8", errors="replace") for path in files}


def _ask_ledger(path: str, campaigns: Mapping[str, str | None]) -> dict[str, list[str]]:
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(SECONDS)
            line.connect(path)
            line.sendall(json.dumps(campaigns).encode())
            line.shutdown(socket.SHUT_WR)
            with line.makefile("rb") as answer:
                text: Any = json.loads(answer.read())
        return {name: [str(one) for one in text[name]] for name in ("messages", "refused")}
    except (OSError, ValueError, KeyError, TypeError):
        raise Unavailable(
            f"the ledger does not answer at {path}, so changed campaigns cannot be checked: "
            "`systemctl status gatepost-ledger.socket`"
        ) from None


# --- build the site in the worker ---
# The worker at BUILD_SOCKET runs as a user with fewer rights than the publishing user. Without
# that setting, as in a small setup, the worker runs as the publishing user.

_COMMAND: Final = [sys.executable, "-P", "-m", "gatepost.releases.worker"]
_GRACE_SECONDS: Final = 60
"""Seconds beyond a build's own limit that its answer may take."""
_CLEANUP_SECONDS: Final = 20
_WORKER_SETTINGS: Final = (
    "build_memory_mb",
    "build_seconds",
    "cache_dir",
    "capture_url",
    "largest_push_mb",
    "reserve_mb",
    "site_url",
    "theme_dir",
    "var_dir",
)


def build_site(context: PublishContext, folder: Path, live: Path | None) -> BuildAnswer:
    """Builds the site of a release's three folders into its `output/`.

    Raises `FileErrors` for mistakes that the writer can fix, `Unavailable`, or OSError.
    """
    limits = context.limits
    with _connected(context) as line, line.makefile("rb") as stream:
        try:
            line.settimeout(limits.seconds + _GRACE_SECONDS)
            _send(line, folder, live)
            answer: BuildAnswer = ANSWER.validate_json(stream.readline(MAX_MESSAGE_BYTES))
            _raise_problems(answer)
            receive_files(
                stream, folder, [SITE], limits.releases, lambda: limits.check_room(folder)
            )
        except TimeoutError:
            raise Unavailable(f"the build did not answer within {limits.seconds} seconds") from None
        except (WireError, ConnectionError, ValidationError):
            raise Unavailable(
                "the build gave no answer; if systemd runs it, `journalctl -u "
                "'gatepost-build@*'` shows the reason"
            ) from None
    return answer


def _send(line: socket.socket, folder: Path, live: Path | None) -> None:
    before = live / SITE / "published.json" if live else None
    published = before.read_text(encoding="utf-8") if before and before.is_file() else None
    # The worker may close its input early after an error; its answer has the reason.
    with suppress(ConnectionError), line.makefile("wb") as stream:
        stream.write(ORDER.dump_json(BuildOrder(published)) + b"\n")
        send_files(stream, folder, FOLDERS)


def _raise_problems(answer: BuildAnswer) -> None:
    if answer.problems:
        raise FileErrors(answer.problems)
    if answer.traceback:
        raise RuntimeError(f"in the build:\n{answer.traceback}")
    if answer.unavailable:
        raise Unavailable(answer.unavailable)


@contextmanager
def _connected(context: PublishContext) -> Iterator[socket.socket]:
    """A socket to the worker. Leaving the block closes it and ends a local worker."""
    if context.settings.build_socket:
        with socket.socket(socket.AF_UNIX) as line:
            try:
                line.connect(context.settings.build_socket)
            except OSError:
                raise Unavailable(
                    f"no build service answers at {context.settings.build_socket}: "
                    "`systemctl status gatepost-build.socket`"
                ) from None
            yield line
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        # A new session: a signal to the push's group does not stop the worker's cleanup.
        process = subprocess.Popen(  # noqa: S603 - a constant command
            _COMMAND,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
            cwd=context.install_dir,
            env=os.environ | _environment(context.settings),
            start_new_session=True,
        )
        theirs.close()
        try:
            yield ours
        finally:
            ours.shutdown(socket.SHUT_RDWR)
            ours.close()
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Waits for the worker: it deletes its files and ends when the socket closes."""
    try:
        process.wait(_CLEANUP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    """The environment that gives the worker the same settings."""
    return {PREFIX + name.upper(): str(getattr(settings, name)) for name in _WORKER_SETTINGS}


def make_release(
    context: PublishContext,
    repository: Repository,
    commit: str,
    entries: Sequence[Entry],
    now: datetime,
) -> Release:
    """Makes a release that waits for publication. Needs the store's lock.

    Raises `FileErrors` or `Refused` for mistakes that the writer can fix, `Unavailable` for others.
    Leaves no files after an error.
    """
    name = context.store.free_name(name_of(commit, now))
    release = Release(name, commit, str(repository.folder), repository.subject(commit), now)
    before = context.store.current()
    live = context.store.path(before.name) if before else None
    files = [entry for entry in entries if is_published(entry)]
    needed = context.limits.check_push(files)
    context.limits.check_releases(context.store.space_needed(), needed)
    context.limits.check_room(context.store.folder, needed)
    try:
        with context.store.new_folder(name) as folder:
            extract(repository, files, folder, context.limits)
            _report_build(context, build_site(context, folder, live))
            check_with_ledger(
                context.settings.ledger_socket, changed_campaigns(folder, live), context.report
            )
            release = replace(release, size=size_of(folder))
            context.limits.check_releases(context.store.space_needed(), release.size)
            context.limits.check_room(folder)
            release.write(folder)
    except OSError as error:
        raise Unavailable(f"the server cannot keep the new site: {error.strerror}") from error
    return release


def _report_build(context: PublishContext, built: BuildAnswer) -> None:
    for warning in built.warnings:
        context.report(f"warning: {warning}")
    context.report(f"Built {built.summary} in {built.seconds:.1f} seconds.")
    if built.due is not None:
        context.report(f"The next post is due on {built.due}. It will be published automatically.")
