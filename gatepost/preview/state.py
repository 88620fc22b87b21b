"""The state of the preview: build orders and reports, the current site, and the feed of changes.

`PreviewFeed` holds the current `PreviewState` and wakes the browsers that wait for the next one.
`with_script` adds the preview's script to each page that is served.
"""

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

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True, slots=True)
class BuildProblem:
    """One mistake: its file and line, if they are known, and how to fix it."""

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}" if where else self.message


@dataclass(frozen=True, slots=True)
class HeldBackPost:
    """A post that is not published yet."""

    where: str
    """The file's path relative to the project's root."""
    title: str
    address: str
    """Its address on the preview; empty if it has none."""
    due: str
    """When it will be published, in the site's time zone; empty for a draft."""


@dataclass(frozen=True, slots=True)
class PreviewOrder:
    """The order for one build, sent from the preview to the fork server."""

    config: Path
    """Pelican's settings file."""
    overrides: dict[str, str]
    """Pelican settings that override that file."""
    seconds: int
    """Time limit of the build."""
    current_file: Path
    """The file into which the build writes the path of the file that it reads. `overrides` names
    it too, by `CURRENT_FILE`."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """The result of one build, sent from the process that builds to the one that serves."""

    problems: tuple[BuildProblem, ...] = ()
    summary: str = ""
    """Such as `8 articles, 3 pages and 3 forms`."""
    seconds: float = 0.0
    """How long the build took."""
    warnings: tuple[str, ...] = ()
    rule_warnings: frozenset[str] = frozenset()
    """The warnings that `gatepost check` lists too."""
    held_back: tuple[HeldBackPost, ...] = ()
    next_due: datetime | None = None
    """UTC time of the next change without a save: a post falls due or a form opens or closes."""
    sources: tuple[Path, ...] = ()
    """Folders that the build has read. A change in one of them starts a new build."""


@dataclass(frozen=True, slots=True)
class PreviewState:
    """The last good site, and the problems of the builds after it."""

    site: "WSGIApplication | None" = None
    """The site as an app; None until the first good build."""
    build: int = 0
    """Number of the last good build."""
    for_all: int = 0
    """Number of the last build that may have changed every page, such as by a new picture."""
    revision: int = 0
    """Counts the changes of this state."""
    problems: tuple[BuildProblem, ...] = ()
    held_back: tuple[HeldBackPost, ...] = ()
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    """Random name of this start of the preview. A browser with another one reloads."""


class PreviewFeed:
    """Holds the current state and passes each change to all waiting threads. Thread-safe."""

    def __init__(self) -> None:
        self._state = PreviewState()
        self._changed = threading.Condition()
        self._open = True

    @property
    def current(self) -> PreviewState:
        """The current state."""
        return self._state

    def show_site(
        self, site: "WSGIApplication", held_back: tuple[HeldBackPost, ...], *, for_all: bool
    ) -> None:
        """Shows a new site and clears the problems. `for_all`: any page may look different."""
        build = self._state.build + 1
        self._publish(
            replace(
                self._state,
                site=site,
                build=build,
                for_all=build if for_all else self._state.for_all,
                problems=(),
                held_back=held_back,
            )
        )

    def show_problems(self, problems: tuple[BuildProblem, ...]) -> None:
        """Shows problems. The site stays as it is."""
        self._publish(replace(self._state, problems=problems))

    def close(self) -> None:
        """Ends `changes` in all threads."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def changes(self, timeout: float) -> Iterator[PreviewState | None]:
        """Yields the current state, then each new one; None after `timeout` quiet seconds."""
        last_revision = -1
        while True:
            with self._changed:
                if self._open and self._state.revision == last_revision:
                    self._changed.wait(timeout)
                state, is_open = self._state, self._open
            if not is_open:
                return
            yield state if state.revision != last_revision else None
            last_revision = state.revision

    def _publish(self, state: PreviewState) -> None:
        with self._changed:
            self._state = replace(state, revision=self._state.revision + 1)
            self._changed.notify_all()


SCRIPT: Final = Markup(
    '<script src="/_live/live.js" data-session="{session}" data-build="{build}" data-page="{page}"'
    " defer></script>"
)
_STYLE: Final = re.compile(rb"<link\b[^>]*\brel=[\"']?stylesheet\b[^>]*>", re.IGNORECASE)
_HEAD_END: Final = re.compile(rb"</head\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Edition:
    """Which session and build of the preview a page is from."""

    session: str
    build: int


EDITION: Final = "gatepost.edition"
"""The name of a request's `Edition` in its WSGI environment."""


def with_script(response: Response) -> Response:
    """Adds the preview's script to an HTML response, so that the page follows the builds.

    The page may be newer than the edition of its request, which is harmless, but is never older.
    The response to a POST gets no script: a reload would send the form again.
    """
    if response.mimetype != "text/html" or request.method != "GET":
        return response
    response.direct_passthrough = False
    html = response.get_data()
    script = _script_for(html, request.environ[EDITION]).encode()
    match = _HEAD_END.search(html)
    position = match.start() if match else len(html)
    response.set_data(html[:position] + script + html[position:])
    response.headers["Cache-Control"] = "no-store"
    for name in ("ETag", "Last-Modified", "Accept-Ranges"):  # they describe the file on disk
        response.headers.pop(name, None)
    return response


def _script_for(html: bytes, edition: Edition) -> str:
    """The script tag of a page. `data-page` is a hash of the page without its style sheets."""
    page = hashlib.sha256(_STYLE.sub(b"", html)).hexdigest()[:16]
    return SCRIPT.format(session=edition.session, build=edition.build, page=page)
