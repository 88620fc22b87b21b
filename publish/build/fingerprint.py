"""Fingerprints of the values that templates and plugins use: equal values have equal fingerprints.

A fingerprint does not depend on the process: not on the order of sets, nor on Python's hash seed.
A value of an unknown type has none, so whatever uses it is made again.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import PurePath
from typing import Any, Final
from zoneinfo import ZoneInfo

from pelican.contents import Content
from pelican.paginator import Page, Paginator
from pelican.urlwrappers import URLWrapper
from pydantic import BaseModel

_PLAIN: Final = (str, int, float, bool, bytes, type(None))
_SIZE: Final = 16
"""Bytes of a fingerprint."""


class UnknownValue(TypeError):
    """A value whose changes cannot be seen."""


def fingerprint(value: object) -> bytes:
    """The fingerprint of a value. Raises `UnknownValue`."""
    return hash_of(_parts(value))


def hash_of(parts: Iterable[bytes]) -> bytes:
    """One fingerprint of several parts."""
    digest = hashlib.blake2b(digest_size=_SIZE)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _parts(value: Any) -> Iterator[bytes]:
    """The value as bytes, each with its type."""
    if isinstance(value, _PLAIN):
        text = value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")
        yield b"%b %d:" % (type(value).__name__.encode(), len(text))
        yield text
    elif isinstance(value, Content):
        yield _of_text(value)
    else:
        name, items = _items(value)
        yield b"%b(" % name.encode()
        for item in items:
            yield from _parts(item)
        yield b")"


def _items(value: Any) -> tuple[str, Iterable[object]]:
    """The type of a value, and the simpler values that it is made of."""
    for kind, items in _ITEMS:
        if isinstance(value, kind):
            return type(value).__name__, items(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value).__qualname__, (
            getattr(value, field.name) for field in dataclasses.fields(value)
        )
    raise UnknownValue(f"{type(value).__module__}.{type(value).__qualname__}")


_ITEMS: Final[tuple[tuple[Any, Callable[[Any], Iterable[object]]], ...]] = (
    (list | tuple, lambda value: value),
    (Mapping, lambda value: sorted((fingerprint(key), fingerprint(value[key])) for key in value)),
    (set | frozenset, lambda value: sorted(map(fingerprint, value))),
    # The zone counts too: a template may print its name.
    (datetime, lambda value: (value.isoformat(), value.fold, repr(value.tzinfo))),
    (date | PurePath | ZoneInfo, lambda value: (str(value),)),
    (URLWrapper, lambda value: (value.name, value.slug)),
    # The articles of a list are noted apart, see stored_pages.
    (Page, lambda value: (value.number, value.full_name, value.paginator)),
    (Paginator, lambda value: (value.name, value.url, value.count, value.per_page)),
    (BaseModel, lambda value: (value.model_dump_json(),)),
)
"""By type: what a value is made of."""


def _of_text(text: Any) -> bytes:
    """Of a stored text. What others show of one that is not stored cannot be known."""
    known: bytes | None = getattr(text, "stored_fingerprint", None)
    if known is None:
        raise UnknownValue(f"{type(text).__module__}.{type(text).__qualname__}")
    return known
