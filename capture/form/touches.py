"""First and last touch: as the page's script sends them, or as the request itself tells.

Read leniently, never refused: a touch is a help to the agency and no duty of the visitor.
"""

import json
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from capture.form.text import cleaned_line

Touch = dict[str, str]
"""What is known of a visit that led here; only what is known has a key."""

CAMPAIGN_KEYS: Final = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "gclid",
)
"""Parameters of an address by which advertisers know their own visitors."""

TOUCH_KEYS: Final = ("path", "referrer", *CAMPAIGN_KEYS, "time")
MAX_VALUE_LENGTH: Final = 500
_MAX_MESSAGE_LENGTH: Final = 16_384


def read_touch(message: str) -> Touch:
    """The known, non-empty texts of a JSON object, each cut to 500 characters; {} if it is none.

    `time` is kept only if it is an ISO 8601 date and time.
    """
    if not message or len(message) > _MAX_MESSAGE_LENGTH:
        return {}
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    touch = {key: _touch_value(found.get(key)) for key in TOUCH_KEYS}
    if not _is_time(touch["time"]):
        touch["time"] = ""
    return {key: value for key, value in touch.items() if value}


def touch_of_page(url: str, referrer: str, now: datetime) -> Touch:
    """The touch of a visit to `url` from `referrer`, for a visitor without script.

    {} where no page is known.
    """
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, max_num_fields=50))
    except ValueError:  # a visitor may send anything as an address
        return {}
    if not parts.path:
        return {}
    found = {key: query.get(key, "") for key in CAMPAIGN_KEYS} | {
        "path": parts.path,
        "referrer": referrer,
        "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    touch = {key: _touch_value(found[key]) for key in TOUCH_KEYS}
    return {key: value for key, value in touch.items() if value}


def _touch_value(value: object) -> str:
    return cleaned_line(value)[:MAX_VALUE_LENGTH].strip() if isinstance(value, str) else ""


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text
