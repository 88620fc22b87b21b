"""What happens when somebody pushes: before git takes it, and after."""

from collections.abc import Iterable
from datetime import datetime

from capture.errors import Refused
from gatepost.releases.desk import Desk
from gatepost.releases.git import Repository
from gatepost.releases.make import make
from gatepost.releases.outside import check_outside
from gatepost.releases.push import BRANCH, REF, read_push
from gatepost.releases.release import Release


def before_push(desk: Desk, repository: Repository, lines: Iterable[str], now: datetime) -> Release:
    """Judges the push and makes its release. Raises a `GatepostError`: git then refuses it."""
    push = read_push(lines, repository)
    with desk.shelf.locked(lambda: desk.say("Another push is being published; waiting for it.")):
        if repository.tip(REF) != push.old:
            raise Refused(
                f"somebody's push was quicker: `git pull --rebase live {BRANCH}`, then push again"
            )
        entries = repository.entries(push.new)
        check_outside(repository.entries(push.old) if push.old else [], entries, desk.installed)
        return make(desk, repository, push.new, entries, now)


def after_push(desk: Desk, repository: Repository, now: datetime) -> Release | None:
    """Shows the release of the branch's tip, if it was never shown; None if there is none such.

    The tip and not the push: of two pushes in a row, the later one's release stays.
    """
    with desk.shelf.locked():
        return show_waiting(desk, repository, now)


def show_waiting(desk: Desk, repository: Repository, now: datetime) -> Release | None:
    """The same for one who holds the lock."""
    tip = repository.tip(REF)
    waiting = [one for one in desk.shelf.all() if one.live_at is None and one.commit == tip]
    if not waiting:
        return None
    desk.shelf.show(waiting[-1], now)
    desk.shelf.prune(desk.settings.keep_releases, now, desk.limits.releases)
    return waiting[-1]
