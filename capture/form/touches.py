"""Reads the first and last touch from the page's script, or from the request.

An invalid touch is ignored and never refused: the visitor does not have to send one.
"""

import json
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from capture.form.text import cleaned_line

Touch = dict[str, str]
"""A visit that led here: `TOUCH_KEYS` to text, only for known values."""

CAMPAIGN_KEYS: Final = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "gclid",
)
"""URL parameters with which advertisers track their campaigns."""

TOUCH_KEYS: Final = ("path", "referrer", *CAMPAIGN_KEYS, "time")
MAX_VALUE_LENGTH: Final = 500
_MAX_MESSAGE_LENGTH: Final = 16_384


def read_touch(message: str) -> Touch:
    """Reads a touch from JSON: known, non-empty texts, each cut to 500 characters.

    `time` must be an ISO 8601 date and time. Returns {} for anything but a JSON object.
    """
    if not message or len(message) > _MAX_MESSAGE_LENGTH:
        return {}
    try:
        data = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    touch = {key: _touch_value(data.get(key)) for key in TOUCH_KEYS}
    if not _is_time(touch["time"]):
        touch["time"] = ""
    return {key: value for key, value in touch.items() if value}


def touch_of_page(url: str, referrer: str, now: datetime) -> Touch:
    """The touch of a visit to `url` from `referrer`, for a browser without JavaScript.

    Returns {} if the URL has no path.
    """
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, max_num_fields=50))
    except ValueError:  # a visitor may send anything as an address
        return {}
    if not parts.path:
        return {}
    values = {key: query.get(key, "") for key in CAMPAIGN_KEYS} | {
        "path": parts.path,
        "referrer": referrer,
        "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    touch = {key: _touch_value(values[key]) for key in TOUCH_KEYS}
    return {key: value for key, value in touch.items() if value}


def page_of_form(referrer: str, site_host: str, service_host: str) -> str:
    """The path of the page with the form, from the request's `Referer`; empty if it is unknown.

    Only a page of our own site counts. If the site has another host than the service, browsers send
    only the origin; then the path `/` means nothing.
    """
    try:
        parts = urlsplit(referrer)
    except ValueError:
        return ""
    is_cut = parts.netloc != service_host and parts.path in {"", "/"}
    is_ours = parts.netloc in {site_host, service_host}
    return checked_path(parts.path) if is_ours and not is_cut else ""


def checked_path(text: str) -> str:
    """The path of a page as the browser sent it, cut to 500 characters; empty if it is no path."""
    path = _touch_value(text)
    return path if path.startswith("/") else ""


def _touch_value(value: object) -> str:
    return cleaned_line(value)[:MAX_VALUE_LENGTH].strip() if isinstance(value, str) else ""


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text
