"""A file for what is gathered by number while leads are walked, so that little of it is held."""

import pickle
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

Item = TypeVar("Item")

_HELD: Final = 20_000
"""Items held before they are written."""


class Spool(Generic[Item]):
    """Items by number, read back in the order in which they were added."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed at this one's own exit
        self._waiting: dict[int, list[Item]] = defaultdict(list)
        self._places: dict[int, list[int]] = defaultdict(list)
        self._held = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, number: int, item: Item) -> None:
        """Keeps one more."""
        self._waiting[number].append(item)
        self._held += 1
        if self._held >= _HELD:
            self._write()

    def items(self, number: int) -> Iterator[Item]:
        """All that was added under a number."""
        self._write()
        for place in self._places[number]:
            self._file.seek(place)
            yield from pickle.load(self._file)  # noqa: S301 - written here, a moment ago

    def _write(self) -> None:
        end = self._file.seek(0, 2)
        for number, items in self._waiting.items():
            self._places[number].append(end)
            pickle.dump(items, self._file, pickle.HIGHEST_PROTOCOL)
            end = self._file.tell()
        self._waiting.clear()
        self._held = 0
