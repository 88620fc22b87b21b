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
from gatepost.raw_settings import PREFIX
from gatepost.releases.context import PublishContext
from gatepost.releases.git import FOLDERS, Entry, Repository, is_published
from gatepost.releases.kept_build import hash_file, site_files
from gatepost.releases.limits import extract
from gatepost.releases.store import Release, folder_size, release_name
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
from gatepost.settings import Settings


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
    name = context.store.free_name(release_name(commit, now))
    release = Release(name, commit, str(repository.folder), repository.subject(commit), now)
    live_release = context.store.live_release()
    live = context.store.path(live_release.name) if live_release else None
    files = [entry for entry in entries if is_published(entry)]
    needed = context.limits.check_push(files)
    context.limits.check_releases(context.store.space_needed(), needed)
    context.limits.check_disk_space(context.store.folder, needed)
    try:
        with context.store.new_folder(name) as folder:
            extract(repository, files, folder, context.limits)
            _report_build(context, build_site(context, folder, live))
            check_with_ledger(
                context.settings.ledger_socket, changed_campaigns(folder, live), context.report
            )
            release = replace(release, size=folder_size(folder))
            context.limits.check_releases(context.store.space_needed(), release.size)
            context.limits.check_disk_space(folder)
            release.write(folder)
    except OSError as error:
        raise Unavailable(f"the server cannot keep the new site: {error.strerror}") from error
    return release


def _report_build(context: PublishContext, answer: BuildAnswer) -> None:
    for warning in answer.warnings:
        context.report(f"warning: {warning}")
    context.report(f"Built {answer.summary} in {answer.seconds:.1f} seconds.")
    if answer.due is not None:
        context.report(f"The next post is due on {answer.due}. It will be published automatically.")


# --- build the site in the worker ---
# The worker at BUILD_SOCKET runs as a user with fewer rights than the publishing user. Without
# that setting, as in a small setup, the worker runs as the publishing user.

_COMMAND: Final = [sys.executable, "-P", "-m", "gatepost.releases.worker"]
_GRACE_SECONDS: Final = 60
"""How much longer than a build's own time limit the answer may take."""
_CLEANUP_SECONDS: Final = 20
_HASHES: Final = "site-hashes.json"
"""The file in a release with the hash of each file of its site."""
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
    """Builds the site of the release in `folder` into its `output/`. `live` is the live release.

    Files that are the same as in the live release are links to them. The hashes of all are kept
    for the next push. Raises `FileErrors` for mistakes that the writer can fix, `Unavailable`, or
    OSError.
    """
    limits, live_files = context.limits, _read_hashes(live)
    known = {path: live / path for path in live_files} if live else {}
    with _connection_to_worker(context) as connection, connection.makefile("rb") as stream:
        try:
            connection.settimeout(limits.seconds + _GRACE_SECONDS)
            _send_order(connection, folder, live, live_files)
            answer: BuildAnswer = ANSWER.validate_json(stream.readline(MAX_MESSAGE_BYTES))
            _raise_problems(answer)
            linked = receive_files(
                stream, folder, [SITE], limits.releases,
                lambda: limits.check_disk_space(folder), known=known,
            )  # fmt: skip
        except TimeoutError:
            raise Unavailable(f"the build did not answer within {limits.seconds} seconds") from None
        except (WireError, ConnectionError, ValidationError):
            raise Unavailable(
                "the build gave no answer; if systemd runs it, `journalctl -u "
                "'gatepost-build@*'` shows the reason"
            ) from None
    hashes = {
        path: live_files[path] if path in linked else hash_file(folder, path)
        for path in site_files(folder)
    }
    (folder / _HASHES).write_text(json.dumps(hashes), encoding="utf-8")
    return answer


def _read_hashes(live: Path | None) -> dict[str, str]:
    """The hashes of the files of a release; none if there is no release, or no list of them."""
    if live is None:
        return {}
    try:
        hashes: dict[str, str] = json.loads((live / _HASHES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {path: digest for path, digest in hashes.items() if (live / path).is_file()}


def _send_order(
    connection: socket.socket, folder: Path, live: Path | None, live_files: Mapping[str, str]
) -> None:
    """Sends the order and the three folders of the release in `folder`."""
    file = live / SITE / "published.json" if live else None
    published_json = file.read_text(encoding="utf-8") if file and file.is_file() else None
    # The worker may close its input early after an error; its answer has the reason.
    with suppress(ConnectionError), connection.makefile("wb") as stream:
        stream.write(ORDER.dump_json(BuildOrder(published_json, live_files)) + b"\n")
        send_files(stream, folder, FOLDERS)


def _raise_problems(answer: BuildAnswer) -> None:
    if answer.problems:
        raise FileErrors(answer.problems)
    if answer.traceback:
        raise RuntimeError(f"in the build:\n{answer.traceback}")
    if answer.unavailable:
        raise Unavailable(answer.unavailable)


@contextmanager
def _connection_to_worker(context: PublishContext) -> Iterator[socket.socket]:
    """A socket to the worker. Leaving the block closes it and ends a local worker."""
    if context.settings.build_socket:
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(context.settings.build_socket)
            except OSError:
                raise Unavailable(
                    f"no build service answers at {context.settings.build_socket}: "
                    "`systemctl status gatepost-build.socket`"
                ) from None
            yield connection
        return
    own_end, worker_end = socket.socketpair()
    with own_end, worker_end:
        # A new session: a signal to the push's group does not stop the worker's cleanup.
        process = subprocess.Popen(  # noqa: S603 - a constant command
            _COMMAND,
            stdin=worker_end.fileno(),
            stdout=worker_end.fileno(),
            stderr=subprocess.DEVNULL,
            cwd=context.install_dir,
            env=os.environ | _worker_environment(context.settings),
            start_new_session=True,
        )
        worker_end.close()
        try:
            yield own_end
        finally:
            own_end.shutdown(socket.SHUT_RDWR)
            own_end.close()
            _wait_for_end(process)


def _wait_for_end(process: subprocess.Popen[bytes]) -> None:
    """Waits for the worker: it deletes its files and ends when the socket closes."""
    try:
        process.wait(_CLEANUP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _worker_environment(settings: Settings) -> dict[str, str]:
    """The environment that gives the worker the same settings."""
    return {PREFIX + name.upper(): str(getattr(settings, name)) for name in _WORKER_SETTINGS}


# --- check changed campaigns with the ledger ---
# The publishing user cannot read the ledger, so it sends a request through a socket. For each
# connection the service's user runs `gatepost campaigns answer`. It gets the files' texts and
# answers with lines about files and counts, never about a person.

LEDGER_SECONDS: Final = 120
"""Time limit of the answer. The service may have to judge many thousands of leads again."""


def changed_campaigns(folder: Path, live: Path | None) -> dict[str, str | None]:
    """The text of each changed campaign file by slug; None for a deleted one.

    Compares the release in `folder` with the one in `live`.
    """
    new, old = _campaign_texts(folder), _campaign_texts(live) if live else {}
    return {
        slug: new.get(slug)
        for slug in sorted(new.keys() | old.keys())
        if new.get(slug) != old.get(slug)
    }


def check_with_ledger(
    socket_path: str, campaigns: Mapping[str, str | None], report: Callable[[str], None]
) -> None:
    """Raises `Refused` if a change breaks a rule, `Unavailable` if the service does not answer."""
    if not campaigns:
        return
    if not socket_path:
        report(
            "warning: the changed campaigns were not checked against the terms of existing leads; "
            "the operator sets GATEPOST_LEDGER_SOCKET"
        )
        return
    answer = _request_check(socket_path, campaigns)
    for line in answer["messages"]:
        report(line)
    if answer["refused"]:
        raise Refused("\n".join(answer["refused"]))


def _campaign_texts(folder: Path) -> dict[str, str]:
    files = (folder / "campaigns").glob("*.toml")
    return {path.stem: path.read_text(encoding="utf-8", errors="replace") for path in files}


def _request_check(socket_path: str, campaigns: Mapping[str, str | None]) -> dict[str, list[str]]:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(LEDGER_SECONDS)
            connection.connect(socket_path)
            connection.sendall(json.dumps(campaigns).encode())
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as stream:
                answer: Any = json.loads(stream.read())
        return {name: [str(line) for line in answer[name]] for name in ("messages", "refused")}
    except (OSError, ValueError, KeyError, TypeError):
        raise Unavailable(
            f"the ledger does not answer at {socket_path}, so changed campaigns cannot be checked: "
            "`systemctl status gatepost-ledger.socket`"
        ) from None
