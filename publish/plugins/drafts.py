"""A Pelican plugin, after `checks`, that holds back drafts and posts with a future date.

Such a post is published only under /drafts/<preview>/, an address that cannot be guessed. Without
`preview` it is not published at all. Each build decides again, even if Pelican uses its cache.
"""

from datetime import UTC, datetime
from typing import Any

from pelican import signals

from publish.checks.project import WRITING, Writing
from publish.plugins.signals import connect_last


def hold_back_post(generator: Any, metadata: dict[str, Any]) -> None:
    """Called with the metadata of each post and page, before Pelican uses it."""
    writing: Writing = generator.settings[WRITING]
    date: datetime | None = metadata.get("date")
    if date is not None and metadata.get("status", "published") in {"published", "hidden"}:
        due = date if date.tzinfo else date.replace(tzinfo=writing.layout.zone)
        if due.astimezone(UTC) > writing.now:
            metadata["status"] = "draft"
    if metadata.get("status") != "draft":
        return
    preview = metadata.get("preview")
    if preview is None:
        metadata["status"] = "skip"
        return
    metadata["url"] = f"drafts/{preview}/"
    metadata["save_as"] = f"drafts/{preview}/index.html"


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.article_generator_context, hold_back_post)
    connect_last(signals.page_generator_context, hold_back_post)
