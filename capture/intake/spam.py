"""What speaks for a robot. Codes only: they are kept in the event, the text is not."""

import re
from collections.abc import Mapping
from typing import Final

from capture.campaign import Answer

DECISIVE: Final = "honeypot"
"""People cannot see that field; one signal that is enough alone."""

LINKS_IN_TEXT: Final = 3
_LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)
_SHORT: Final = ("full_name", "company", "job_title")


def spam_signals(
    answers: Mapping[str, Answer],
    *,
    honeypot: bool,
    seconds: float | None,
    min_fill_seconds: float,
) -> tuple[str, ...]:
    """The signals of one submission; `seconds` is None where no script took the time."""
    signals = []
    if honeypot:
        signals.append(DECISIVE)
    if seconds is not None and seconds < min_fill_seconds:
        signals.append("too_fast")
    if any(_LINK.search(str(answers.get(name, ""))) for name in _SHORT):
        signals.append("link_in_name")
    if any(
        len(_LINK.findall(value)) >= LINKS_IN_TEXT
        for value in answers.values()
        if isinstance(value, str)
    ):
        signals.append("many_links")
    return tuple(signals)


def is_spam(signals: tuple[str, ...]) -> bool:
    """The honeypot, or any two signals: being quick alone never makes spam."""
    return DECISIVE in signals or len(signals) > 1
