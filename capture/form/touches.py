"""First and last touch as the page's script sends them: read leniently, never refused."""

import json
from datetime import datetime
from typing import Final

from capture.form.text import cleaned_line

Touch = dict[str, str]
"""What is known of a visit that led here; only what is known has a key."""

TOUCH_KEYS: Final = (
    *("path", "referrer", "time", "gclid"),
    *("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"),
)
LONGEST_VALUE: Final = 500
_LONGEST_MESSAGE: Final = 16_384


def read_touch(message: str) -> Touch:
    """The known, non-empty texts of a JSON object, each cut to 500 characters; {} if it is none.

    `time` is kept only if it is an ISO 8601 date and time.
    """
    if not message or len(message) > _LONGEST_MESSAGE:
        return {}
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    touch = {key: _value(found.get(key)) for key in TOUCH_KEYS}
    if not _is_time(touch["time"]):
        touch["time"] = ""
    return {key: value for key, value in touch.items() if value}


def _value(given: object) -> str:
    return cleaned_line(given)[:LONGEST_VALUE].strip() if isinstance(given, str) else ""


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text
