"""Tables are written row by row, the same bytes wherever they go."""

import io
import os
import threading
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal

import pytest

from capture import export
from capture.errors import Refused
from capture.export import WRITERS, Row, to_xlsx

COLUMNS = ("lead_id", "amount", "name", "note")
SHAPES = sorted(WRITERS)


def rows(count: int) -> Iterator[Row]:
    for number in range(count):
        text = f"{number:020} is no other's"
        yield {"lead_id": text, "amount": Decimal("50.00"), "name": text * 4, "note": text * 4}


class Nowhere(io.RawIOBase):
    """Counts what is written and keeps none of it."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        written = len(data)  # type: ignore[arg-type]
        self.size += written
        return written


@pytest.mark.parametrize("shape", SHAPES)
def test_memory_does_not_grow_with_the_rows(shape: str) -> None:
    out = io.BufferedWriter(Nowhere())
    WRITERS[shape](out, COLUMNS, rows(10))  # what is loaded once
    tracemalloc.start()
    WRITERS[shape](out, COLUMNS, rows(10_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000  # the rows are 4 MB


@pytest.mark.parametrize("shape", SHAPES)
def test_a_pipe_gets_the_bytes_of_a_file(shape: str) -> None:
    in_memory = io.BytesIO()
    WRITERS[shape](in_memory, COLUMNS, rows(3))
    reading, writing = os.pipe()
    with open(reading, "rb") as pipe, open(writing, "wb") as out:  # noqa: PTH123 - a handle
        found: list[bytes] = []
        reader = threading.Thread(target=lambda: found.append(pipe.read()))
        reader.start()
        WRITERS[shape](out, COLUMNS, rows(3))
        out.close()
        reader.join()
    assert found == [in_memory.getvalue()]
    assert len(found[0]) > 300


def test_more_lines_than_a_sheet_has_are_refused_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "_LAST_XLSX_ROW", 3)
    to_xlsx(io.BytesIO(), COLUMNS, rows(3))
    out = io.BytesIO()
    with pytest.raises(Refused, match="a sheet holds 3 lines, and there are more: take CSV"):
        to_xlsx(out, COLUMNS, rows(4))
    assert out.getvalue() == b""
