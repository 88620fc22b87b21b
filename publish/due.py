"""Whether a post, or a form's day, is due: for a timer, so without reading the posts again."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from publish.pelican_run import settings_from
from publish.writing.layout import published_of
from publish.writing.published import read_published


def is_due(config: Path, given: Mapping[str, object], now: datetime) -> bool:
    """Whether a time has come for which the last published build left something."""
    due = read_published(published_of(settings_from(config, given))).due
    return due is not None and due <= now
