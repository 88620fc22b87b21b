"""What the preview shows now, and who waits for the next."""

import hashlib
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Response, request
from markupsafe import Markup

# What one build told: what it made, or what is to be mended.


@dataclass(frozen=True, slots=True)
class BuildProblem:
    """One mistake: where it is, as far as anybody can tell, and how to mend it."""

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}" if where else self.message


@dataclass(frozen=True, slots=True)
class HeldBackPost:
    """A post that readers do not see yet."""

    where: str
    """The file, as a person at the project's root would type it."""
    title: str
    address: str
    """Its address on the preview; empty if it has none."""
    due: str
    """When it is published, in the site's zone; empty for a draft."""


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """What to build, where to, and by which settings."""

    config: Path
    given: dict[str, str]
    """What wins over the settings file."""
    seconds: int
    """How long the build may take."""
    reading: Path
    """Where it notes which file it is reading, as `given` says too."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """Sent from the process that built to the one that serves."""

    problems: tuple[BuildProblem, ...] = ()
    summary: str = ""
    """Such as `8 articles, 3 pages and 3 forms`."""
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    held_back: tuple[HeldBackPost, ...] = ()
    next_due: datetime | None = None
    """When the site changes though nothing is saved: one of them is due, or a form's day. UTC."""
    sources: tuple[Path, ...] = ()
    """Folders that the build read, as far as it came: what lies in them is worth a new build."""


if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True, slots=True)
class PreviewState:
    """One moment of the preview: the last good site, and what is wrong with the files since."""

    site: "WSGIApplication | None" = None
    """None until the first good build."""
    build: int = 0
    """Number of the last good build."""
    for_all: int = 0
    """The last build after which no page can be sure to be the same: a picture was changed, say."""
    revision: int = 0
    """Counts everything that was ever told."""
    problems: tuple[BuildProblem, ...] = ()
    held_back: tuple[HeldBackPost, ...] = ()
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    """Tells a browser that the preview was started anew."""


class PreviewFeed:
    """The one place that changes. Safe to use from many threads."""

    def __init__(self) -> None:
        self._now = PreviewState()
        self._changed = threading.Condition()
        self._open = True

    @property
    def current(self) -> PreviewState:
        """What is shown now."""
        return self._now

    def show_site(
        self, site: "WSGIApplication", held: tuple[HeldBackPost, ...], *, for_all: bool
    ) -> None:
        """Shows another site, without faults."""
        now = self._now
        build = now.build + 1
        everyone = build if for_all else now.for_all
        self._publish(
            replace(now, site=site, build=build, for_all=everyone, problems=(), held_back=held)
        )

    def show_problems(self, problems: tuple[BuildProblem, ...]) -> None:
        """Tells what is wrong; the site stays."""
        self._publish(replace(self._now, problems=problems))

    def close(self) -> None:
        """Lets go of all who wait."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def changes(self, patience: float) -> Iterator[PreviewState | None]:
        """What is shown now, and then each time it changes; None after so many quiet seconds."""
        seen = -1
        while True:
            with self._changed:
                if self._open and self._now.revision == seen:
                    self._changed.wait(patience)
                now, is_open = self._now, self._open
            if not is_open:
                return
            yield now if now.revision != seen else None
            seen = now.revision

    def _publish(self, shown: PreviewState) -> None:
        with self._changed:
            self._now = replace(shown, revision=self._now.revision + 1)
            self._changed.notify_all()


# Puts the preview's script into pages while they are served; the files know nothing of it.


SCRIPT: Final = Markup(
    '<script src="/_live/live.js" data-session="{session}" data-build="{build}" data-page="{page}"'
    " defer></script>"
)
_STYLE: Final = re.compile(rb"<link\b[^>]*\brel=[\"']?stylesheet\b[^>]*>", re.IGNORECASE)
_HEAD_ENDS: Final = re.compile(rb"</head\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Edition:
    """Which build of which start of the preview a page is from."""

    session: str
    build: int


def with_script(response: Response, edition: Edition) -> Response:
    """The same answer; a page that was asked for by GET follows the builds from now on.

    An answer to a POST does not: to load it again would send the form again.
    """
    if response.mimetype != "text/html" or request.method != "GET":
        return response
    response.direct_passthrough = False
    html = response.get_data()
    script = _script_for(html, edition).encode()
    found = _HEAD_ENDS.search(html)
    place = found.start() if found else len(html)
    response.set_data(html[:place] + script + html[place:])
    response.headers["Cache-Control"] = "no-store"
    for name in ("ETag", "Last-Modified", "Accept-Ranges"):  # they are the file's, not the page's
        response.headers.pop(name, None)
    return response


def _script_for(html: bytes, edition: Edition) -> str:
    """The tag for a page. Two that differ by their styles alone have the same `data-page`."""
    page = hashlib.sha256(_STYLE.sub(b"", html)).hexdigest()[:16]
    return SCRIPT.format(session=edition.session, build=edition.build, page=page)
