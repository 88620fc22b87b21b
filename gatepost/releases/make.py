"""Makes a release of a commit: its three folders, the site built of them, and what the ledger says.

Built with the installed code and theme. Until it is shown, no reader sees any of it.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from capture.errors import Refused, Unavailable
from gatepost.releases.ask import changed_campaigns, check_with_ledger
from gatepost.releases.desk import Desk
from gatepost.releases.extract import extract
from gatepost.releases.git import Entry, Repository
from gatepost.releases.release import Release, name_of, size_of
from gatepost.releases.tree import is_published
from publish.build import build
from publish.commands import counted_parts
from publish.release import finish
from publish.writing.layout import PUBLISHED


def make(
    desk: Desk, repository: Repository, commit: str, entries: Sequence[Entry], now: datetime
) -> Release:
    """Makes it and leaves it waiting. Needs the shelf's lock.

    Raises `FileErrors` or `Refused` for what the writer can mend, `Unavailable` for the rest;
    then nothing of it is left.
    """
    name = desk.shelf.free_name(name_of(commit, now))
    release = Release(name, commit, str(repository.folder), repository.subject(commit), now)
    before = desk.shelf.current()
    live = desk.shelf.path(before.name) if before else None
    wanted = [entry for entry in entries if is_published(entry)]
    needed = desk.limits.check_push(wanted)
    desk.limits.check_releases(desk.shelf.needed(), needed)
    desk.limits.check_room(desk.shelf.folder, needed)
    try:
        with desk.shelf.making(name) as folder:
            extract(repository, wanted, folder, desk.limits)
            with chdir(
                folder
            ):  # so that a mistake is told as content/posts/..., as writers know it
                _build(desk, folder, live)
            check_with_ledger(desk.ledger_socket, changed_campaigns(folder, live), desk.say)
            release = replace(release, size=size_of(folder))
            desk.limits.check_releases(desk.shelf.needed(), release.size)
            desk.limits.check_room(folder)
            release.write(folder)
    except OSError as error:
        raise Unavailable(f"the server cannot keep the new site: {error.strerror}") from error
    return release


def _build(desk: Desk, folder: Path, live: Path | None) -> None:
    os.environ["PYTHONSAFEPATH"] = "1"  # no program that a build starts looks for code here
    os.environ["GATEPOST_SITE_URL"] = desk.site_url  # where publishconf.py looks for it
    try:
        built = build(desk.installed / "publishconf.py", _given(desk, folder, live), finish=finish)
    except Refused as error:  # settings, programs: nothing that was pushed
        raise Unavailable(str(error)) from error
    outcome = built.outcome
    for warning in outcome.warnings:
        desk.say(f"warning: {warning}")
    desk.say(f"Built {counted_parts(outcome)} in {built.seconds:.1f} seconds.")
    if outcome.due is not None:
        desk.say(f"The next post is due on {outcome.due}. It is published then by itself.")


def _given(desk: Desk, folder: Path, live: Path | None) -> Mapping[str, object]:
    given: dict[str, object] = {
        "PATH": str(folder / "content"),
        "GATED_PATH": str(folder / "content" / "gated"),
        "CAMPAIGNS_PATH": str(folder / "campaigns"),
        "CLIENTS_PATH": str(folder / "clients"),
        "OUTPUT_PATH": str(folder / "output" / "www"),
        "CACHE_PATH": str(desk.cache),
        "THEME": str(desk.theme),
        "CAPTURE_URL": desk.capture_url,
    }
    if live is not None:  # so that no address which readers know is lost without a word
        given[PUBLISHED] = str(live / "output" / "published.json")
    return given
