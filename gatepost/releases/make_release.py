"""Makes a release of a commit: its three folders, the site built of them, and what the ledger says.

Built with the installed code and theme. Until it is shown, no reader sees any of it.
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
    LONGEST,
    ORDER,
    SITE,
    BuildAnswer,
    BuildOrder,
    WireError,
    receive_files,
    send_files,
)
from gatepost.settings import PREFIX, Settings

# Asks the ledger of pushed campaign files, through a socket: the publishing user cannot read it.
#
# Behind the socket stands `gatepost campaigns answer`, run by the service's user for each
# question. It is given the texts of the files and says two lists of lines, about files and counts,
# never about a person.


SECONDS: Final = 120
"""How long the ledger may think: a campaign with many thousands of leads is judged again."""


def changed_campaigns(folder: Path, live: Path | None) -> dict[str, str | None]:
    """The texts of campaign files that are not as in the live release; None where one is gone."""
    now, before = _texts(folder), _texts(live) if live else {}
    return {
        slug: now.get(slug)
        for slug in sorted(now.keys() | before.keys())
        if now.get(slug) != before.get(slug)
    }


def check_with_ledger(
    path: str, campaigns: Mapping[str, str | None], say: Callable[[str], None]
) -> None:
    """Raises `Refused` with what the ledger refuses, `Unavailable` if it does not answer."""
    if not campaigns:
        return
    if not path:
        say(
            "warning: nobody asked the ledger whether the changed campaigns keep the terms of "
            "their leads; the operator sets GATEPOST_LEDGER_SOCKET"
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
            f"the ledger does not answer at {path}, and campaigns are not changed unasked"
        ) from None


# Has the site of a release built by one who may do less than the publishing user.
#
# Behind BUILD_SOCKET stands a process of a user of its own. Where no such socket is set, on a
# writer's machine or in a small setup, the same process runs as the publishing user.


_COMMAND: Final = [sys.executable, "-P", "-m", "gatepost.releases.worker"]
_GRACE_SECONDS: Final = 60
"""Seconds beyond a build's own limit that its answer may take."""
_TIDY: Final = 20
_ITS_SETTINGS: Final = (
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
    """Adds `output/`, made of the three folders, to a release's folder.

    Raises `FileErrors` for what the writer can mend, `Unavailable`, or OSError.
    """
    limits = context.limits
    with _connected(context) as line, line.makefile("rb") as stream:
        try:
            line.settimeout(limits.seconds + _GRACE_SECONDS)
            _send(line, folder, live)
            answer: BuildAnswer = ANSWER.validate_json(stream.readline(LONGEST))
            _raise_faults(answer)
            receive_files(
                stream, folder, [SITE], limits.releases, lambda: limits.check_room(folder)
            )
        except TimeoutError:
            raise Unavailable(f"the build did not answer within {limits.seconds} seconds") from None
        except (WireError, ConnectionError, ValidationError):
            raise Unavailable(
                "the build gave no answer; where it runs by systemd, `journalctl -u "
                "'gatepost-build@*'` says why"
            ) from None
    return answer


def _send(line: socket.socket, folder: Path, live: Path | None) -> None:
    before = live / SITE / "published.json" if live else None
    published = before.read_text(encoding="utf-8") if before and before.is_file() else None
    # Who builds may hang up before it has read all: it has its reasons, and tells them.
    with suppress(ConnectionError), line.makefile("wb") as stream:
        stream.write(ORDER.dump_json(BuildOrder(published)) + b"\n")
        send_files(stream, folder, FOLDERS)


def _raise_faults(answer: BuildAnswer) -> None:
    if answer.problems:
        raise FileErrors(answer.problems)
    if answer.is_broken:
        raise RuntimeError(f"in the build:\n{answer.is_broken}")
    if answer.unavailable:
        raise Unavailable(answer.unavailable)


@contextmanager
def _connected(context: PublishContext) -> Iterator[socket.socket]:
    """What is written goes to who builds, what is read comes from it. It ends with the block."""
    if context.settings.build_socket:
        with socket.socket(socket.AF_UNIX) as line:
            try:
                line.connect(context.settings.build_socket)
            except OSError:
                raise Unavailable(
                    f"nobody builds at {context.settings.build_socket}: `systemctl status "
                    "gatepost-build.socket`"
                ) from None
            yield line
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        # In a session of its own: who ends a push by its group lets this one clean up behind it.
        process = subprocess.Popen(  # noqa: S603 - ours
            _COMMAND,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
            cwd=context.installed,
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
    """It ends by itself when nobody is there any more, and takes its files away."""
    try:
        process.wait(_TIDY)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    """The process reads the same settings, wherever we had them from."""
    return {PREFIX + name.upper(): str(getattr(settings, name)) for name in _ITS_SETTINGS}


def make_release(
    context: PublishContext,
    repository: Repository,
    commit: str,
    entries: Sequence[Entry],
    now: datetime,
) -> Release:
    """Makes it and leaves it waiting. Needs the shelf's lock.

    Raises `FileErrors` or `Refused` for what the writer can mend, `Unavailable` for the rest;
    then nothing of it is left.
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
            _say(context, build_site(context, folder, live))
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


def _say(context: PublishContext, built: BuildAnswer) -> None:
    for warning in built.warnings:
        context.report(f"warning: {warning}")
    context.report(f"Built {built.counted} in {built.seconds:.1f} seconds.")
    if built.due is not None:
        context.report(f"The next post is due on {built.due}. It is published then by itself.")
