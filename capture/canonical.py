"""Canonical JSON: one text for one value, always the same, so that it can be hashed and compared.

Sorted keys, no white space, UTF-8 and no floats: for our data (strings, integers, booleans, null,
lists, objects) that is the form of RFC 8785.
"""

import json
from typing import Any

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def canonical(value: Any) -> str:
    """The value's text. Raises ValueError for a float that is no number, TypeError for others."""
    return _encode(value)
