"""What the preview shows now, and who waits for the next."""

import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gatepost.preview.report import Fault, Held

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True, slots=True)
class Shown:
    """One moment of the preview: the last good site, and what is wrong with the files since."""

    site: "WSGIApplication | None" = None
    """None until the first good build."""
    build: int = 0
    """Number of the last good build."""
    for_all: int = 0
    """The last build after which no page can be sure to be the same: a picture was changed, say."""
    told: int = 0
    """Counts everything that was ever told."""
    faults: tuple[Fault, ...] = ()
    held: tuple[Held, ...] = ()
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    """Tells a browser that the preview was started anew."""


class Showing:
    """The one place that changes. Safe to use from many threads."""

    def __init__(self) -> None:
        self._now = Shown()
        self._changed = threading.Condition()
        self._open = True

    @property
    def now(self) -> Shown:
        """What is shown now."""
        return self._now

    def good(self, site: "WSGIApplication", held: tuple[Held, ...], *, for_all: bool) -> None:
        """Shows another site, without faults."""
        now = self._now
        build = now.build + 1
        everyone = build if for_all else now.for_all
        self._say(replace(now, site=site, build=build, for_all=everyone, faults=(), held=held))

    def faulty(self, faults: tuple[Fault, ...]) -> None:
        """Tells what is wrong; the site stays."""
        self._say(replace(self._now, faults=faults))

    def close(self) -> None:
        """Lets go of all who wait."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def follow(self, patience: float) -> Iterator[Shown | None]:
        """What is shown now, and then each time it changes; None after so many quiet seconds."""
        seen = -1
        while True:
            with self._changed:
                if self._open and self._now.told == seen:
                    self._changed.wait(patience)
                now, is_open = self._now, self._open
            if not is_open:
                return
            yield now if now.told != seen else None
            seen = now.told

    def _say(self, shown: Shown) -> None:
        with self._changed:
            self._now = replace(shown, told=self._now.told + 1)
            self._changed.notify_all()
