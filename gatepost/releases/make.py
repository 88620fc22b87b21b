"""Makes a release of a commit: its three folders, the site built of them, and what the ledger says.

Built with the installed code and theme. Until it is shown, no reader sees any of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from capture.errors import Unavailable
from gatepost.releases.ask import changed_campaigns, check_with_ledger
from gatepost.releases.desk import Desk
from gatepost.releases.extract import extract
from gatepost.releases.git import Entry, Repository
from gatepost.releases.order import Answer
from gatepost.releases.release import Release, name_of, size_of
from gatepost.releases.site_builder import build_site
from gatepost.releases.tree import is_published


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
            _say(desk, build_site(desk, folder, live))
            check_with_ledger(
                desk.settings.ledger_socket, changed_campaigns(folder, live), desk.say
            )
            release = replace(release, size=size_of(folder))
            desk.limits.check_releases(desk.shelf.needed(), release.size)
            desk.limits.check_room(folder)
            release.write(folder)
    except OSError as error:
        raise Unavailable(f"the server cannot keep the new site: {error.strerror}") from error
    return release


def _say(desk: Desk, built: Answer) -> None:
    for warning in built.warnings:
        desk.say(f"warning: {warning}")
    desk.say(f"Built {built.counted} in {built.seconds:.1f} seconds.")
    if built.due is not None:
        desk.say(f"The next post is due on {built.due}. It is published then by itself.")
