"""Where a value stands in a file: `("fields", "email", "type")`, with numbers into lists."""

from collections.abc import Mapping
from typing import Any

KeyPath = tuple[str | int, ...]


def value_at(data: Any, path: KeyPath) -> Any:
    """The value at a path. Raises KeyError if the data holds nothing there."""
    for step in path:
        if isinstance(data, Mapping) and step in data:
            data = data[step]
        elif isinstance(data, list) and step in range(len(data)):
            data = data[int(step)]
        else:
            raise KeyError(path)
    return data


def holds(data: Any, path: KeyPath) -> bool:
    """Whether the data holds anything at the path."""
    try:
        value_at(data, path)
    except KeyError:
        return False
    return True
