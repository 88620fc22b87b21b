"""What every page of the desk needs: its frame, its files, and who looks at it."""

import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from flask import Response, current_app, render_template, request, url_for

from capture.billing.statement import Agency
from capture.jobs.store import JobStore
from capture.ledger.users import Role
from capture.web.desk.access import logged_in
from capture.web.rate_limit import RateLimit

EXTENSION: Final = "gatepost_desk"
"""The key of `Desk` in `Flask.extensions`."""

_OWN_FILES: Final = Path(__file__).parent / "static"
_HASH_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class Asset:
    """A style, script or picture of the desk. Its address changes with its content."""

    name: str
    content: bytes
    media_type: str
    digest: str


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the navigation."""

    endpoint: str
    label: str
    roles: frozenset[Role]
    others: frozenset[str] = frozenset()
    """Other blueprints whose pages belong to the entry."""

    @property
    def is_current(self) -> bool:
        """Whether the page of this request belongs to the entry."""
        return request.blueprint in {self.endpoint.partition(".")[0], *self.others}


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of the desk that are created once for each process."""

    agency: str
    assets: Mapping[str, Asset]
    limit_by_address: RateLimit
    limit_by_name: RateLimit
    navigation: tuple[NavigationItem, ...]
    origin: str
    """Where the desk is, for links that leave it. The Host header of a request may be forged."""
    supplier: Agency
    """The agency, as statements name it."""
    jobs: JobStore
    """The long work of all users."""
    start_jobs: Callable[[], None]
    """See `DeskConfig.start_jobs`."""


def read_assets(theme: Path, logo: Path | None = None) -> Mapping[str, Asset]:
    """The theme's styles, and the desk's own files, by name; `logo` is the agency's picture.

    The desk has a host name of its own, so it serves all files that its pages need.
    """
    paths = {name: theme / name for name in ("style.css", "desk.css", "favicon.svg")}
    paths |= {path.name: path for path in sorted(_OWN_FILES.iterdir())}
    if logo is not None:
        paths["logo"] = logo
    return {name: _asset(name, path) for name, path in paths.items() if path.is_file()}


def _asset(name: str, path: Path) -> Asset:
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(name, content, media_type, hashlib.sha256(content).hexdigest()[:_HASH_LENGTH])


def desk() -> Desk:
    """The desk that handles this request."""
    return cast("Desk", current_app.extensions[EXTENSION])


def login_limits() -> tuple[RateLimit, RateLimit]:
    """The limits of attempts to log in: by network, and by the typed name."""
    return desk().limit_by_address, desk().limit_by_name


def desk_page(template: str, **context: object) -> str:
    """A page from a template of the desk."""
    found = logged_in()
    return render_template(
        f"desk/{template}",
        user=None if found is None else found.user,
        agency=desk().agency,
        asset_url=asset_url,
        has_logo="logo" in desk().assets,
        navigation=[
            item
            for item in desk().navigation
            if found is not None and found.user.role in item.roles
        ],
        **context,
    )


def asset_url(name: str) -> str:
    """The address of a file of the desk."""
    return url_for("static_file", digest=desk().assets[name].digest, name=name)


def asset_response(digest: str, name: str) -> Response | None:
    """A file of the desk; None if there is none with this name and content."""
    asset = desk().assets.get(name)
    if asset is None or asset.digest != digest:
        return None
    response = Response(asset.content, mimetype=asset.media_type)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
