"""Addresses with letters of any script, as URIs: RFC 3986 has ASCII letters alone."""

import re
from typing import Final

_PLAIN: Final = re.compile(
    r"(?:https?://[a-z0-9.-]+(?::[1-9]\d*)?(?=/|$))?/?(?:[\w.~+-]+/)*[\w.~+-]*", re.ASCII
)
"""The usual addresses, which are URIs already."""


def to_uri(address: str) -> str:
    """The address with all other letters percent-encoded. Raises `ValueError` if it is invalid."""
    if _PLAIN.fullmatch(address):
        return address
    # Importing it takes 20 ms, and most sites have only plain addresses.
    from werkzeug.urls import iri_to_uri  # noqa: PLC0415

    return iri_to_uri(address)
