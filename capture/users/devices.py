"""The device of a session in words, from the User-Agent header of its login.

The words only help a person to recognise their own sessions, so a few common names are enough.
"""

from typing import Final

_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
"""By part of the header: the browser. The order matters: Edge also names Chrome and Safari."""
_SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def device_in_words(user_agent: str) -> str:
    """Such as `Firefox on Windows`; empty for an unknown browser on an unknown system."""
    found = (_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent))
    return " on ".join(name for name in found if name)


def _first(names: dict[str, str], text: str) -> str:
    return next((name for part, name in names.items() if part in text), "")
