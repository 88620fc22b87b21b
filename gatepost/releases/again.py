"""Publishes again without a push: what a timer does, and the operator after an upgrade."""

from datetime import datetime
from pathlib import Path

from capture.errors import Refused
from gatepost.releases.desk import Desk
from gatepost.releases.git import Repository
from gatepost.releases.make import make
from gatepost.releases.receive import show_waiting
from gatepost.releases.release import Release
from publish.writing.published import read_published


def publish_again(desk: Desk, now: datetime, *, if_due: bool) -> Release | None:
    """Builds the live release's commit again, with today's date and the installed code.

    First shows what a push left that was cut off after git had taken it. With `if_due` builds only
    if a post that was held back is due, and returns None if there is nothing to do.
    Raises a `GatepostError`.
    """
    with desk.shelf.locked():
        for waiting in desk.shelf.all():
            repository = Repository(Path(waiting.repository))
            if waiting.live_at is None and (shown := show_waiting(desk, repository, now)):
                return shown
        live = desk.shelf.current()
        if live is None:
            if if_due:
                return None
            raise Refused("nothing was published yet: push first")
        due = read_published(desk.shelf.path(live.name) / "output" / "published.json").due
        if if_due and (due is None or due > now):
            return None
        repository = Repository(Path(live.repository))
        made = make(desk, repository, live.commit, repository.entries(live.commit), now)
        desk.shelf.show(made, now)
        desk.shelf.prune(desk.settings.keep_releases, now, desk.limits.releases)
        return made
