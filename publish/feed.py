"""A Pelican plugin that keeps feeds valid: an author (RFC 4287), no control characters (XML)."""

import re
from collections.abc import MutableMapping
from typing import Any, Final

from pelican import signals

from publish.wiring import listen

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def mend(context: MutableMapping[str, Any], feed: Any) -> None:
    """Names the publisher as author of what has none, and takes out what XML cannot say."""
    feed.feed["author_name"] = context["site"].publisher
    for item in feed.items:
        for part, value in item.items():
            if isinstance(value, str):
                item[part] = _NOT_XML.sub("", value)
            elif part == "categories":
                item[part] = [_NOT_XML.sub("", str(word)) for word in value or ()]


def register() -> None:
    """Called by Pelican."""
    listen(signals.feed_generated, mend)
