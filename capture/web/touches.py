"""The touch of a visitor without script: what the request itself tells of the page visit."""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from capture.form.text import cleaned_line

CAMPAIGN_PARAMETERS: Final = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "gclid",
)
LONGEST: Final = 500


def touch_of_page(url: str, referrer: str, now: datetime) -> dict[str, str]:
    """The touch of a visit to `url`, coming from `referrer`; empty values are left out."""
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, max_num_fields=50))
    except ValueError:  # a visitor may send anything as an address
        return {}
    values = {
        "path": parts.path,
        "referrer": referrer,
        "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    } | {name: query.get(name, "") for name in CAMPAIGN_PARAMETERS}
    cleaned = {name: cleaned_line(value)[:LONGEST].strip() for name, value in values.items()}
    return {name: value for name, value in cleaned.items() if value}
