"""Fingerprints of the values that templates and plugins use: equal values have equal fingerprints.

A fingerprint does not depend on the process: not on the order of sets, nor on Python's hash seed.
A value of an unknown type has none, so whatever uses it is made again.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import PurePath
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from pelican.contents import Content
from pelican.paginator import Page, Paginator
from pelican.urlwrappers import URLWrapper
from pydantic import BaseModel

_SIZE: Final = 16
"""Bytes of a fingerprint."""


class UnknownValue(TypeError):
    """A value whose changes cannot be seen."""


def fingerprint(value: object) -> bytes:
    """The fingerprint of a value. Raises `UnknownValue`."""
    if _kind(type(value))[1] is _known:  # type: ignore[arg-type]  # types can be hashed
        return _known(value)
    digest = hashlib.blake2b(digest_size=_SIZE)
    _add(value, digest.update)
    return digest.digest()


def hash_of(parts: Iterable[bytes]) -> bytes:
    """One fingerprint of several parts."""
    digest = hashlib.blake2b(digest_size=_SIZE)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _add(value: Any, add: Callable[[bytes], None]) -> None:
    """Adds the value as bytes, each with its type. Lists of a site have many values."""
    name, parts = _kind(type(value))  # type: ignore[arg-type]  # types can be hashed
    if parts is _known:
        add(_known(value))
    elif parts is _plain:
        data = _plain(value)
        add(b"%b %d:%b" % (name, len(data), data))
    else:
        items = parts(value)
        add(b"%b(" % name)
        if parts is _items and all(_kind(kind)[1] is _known for kind in set(map(type, items))):
            add(b"".join(map(_known, items)))  # a list of texts may be long
        else:
            for item in items:
                _add(item, add)
        add(b")")


@cache
def _kind(kind: type) -> tuple[bytes, "_Parts"]:
    """The name of a type, and what its values are made of."""
    for known, parts in _PARTS:
        if issubclass(kind, known):
            return kind.__name__.encode(), parts
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
        return kind.__qualname__.encode(), lambda value: [getattr(value, name) for name in names]
    raise UnknownValue(f"{kind.__module__}.{kind.__qualname__}")


def _plain(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


def _items(value: Any) -> Any:
    return value


def _known(value: Any) -> bytes:
    """The fingerprint that a stored text, or a part of a list, knows of itself.

    What others show of a text that is not stored cannot be known.
    """
    known: bytes | None = getattr(value, "stored_fingerprint", None)
    if known is None:
        raise UnknownValue(f"{type(value).__module__}.{type(value).__qualname__}")
    return known


_Parts: TypeAlias = Callable[[Any], Any]
_PARTS: Final[tuple[tuple[Any, _Parts], ...]] = (
    (str | int | float | bool | bytes | type(None), _plain),
    (Content | Page | Paginator, _known),
    (list | tuple, _items),
    (Mapping, lambda value: sorted((fingerprint(key), fingerprint(value[key])) for key in value)),
    (set | frozenset, lambda value: sorted(map(fingerprint, value))),
    # The zone counts too: a template may print its name.
    (datetime, lambda value: (value.isoformat(), value.fold, repr(value.tzinfo))),
    (date | PurePath | ZoneInfo, lambda value: (str(value),)),
    (URLWrapper, lambda value: (value.name, value.slug)),
    (BaseModel, lambda value: (value.model_dump_json(),)),
)
"""By type: the bytes of a value, or the simpler values that it is made of."""
