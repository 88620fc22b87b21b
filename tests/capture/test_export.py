"""Tables are written row by row, the same bytes wherever they go."""

import codecs
import csv
import io
import os
import re
import threading
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.documents import lead_export as export
from capture.documents.lead_export import EXCEL, WRITERS, Row, to_xlsx
from capture.errors import Refused

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
        contents: list[bytes] = []
        reader = threading.Thread(target=lambda: contents.append(pipe.read()))
        reader.start()
        WRITERS[shape](out, COLUMNS, rows(3))
        out.close()
        reader.join()
    assert contents == [in_memory.getvalue()]
    assert len(contents[0]) > 300


def test_more_rows_than_a_sheet_allows_are_refused_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "_LAST_XLSX_ROW", 3)
    to_xlsx(io.BytesIO(), COLUMNS, rows(3))
    out = io.BytesIO()
    with pytest.raises(
        Refused, match="an XLSX sheet holds at most 3 rows, and there are more: use CSV"
    ):
        to_xlsx(out, COLUMNS, rows(4))
    assert out.getvalue() == b""


PHONES = {
    "+493012345678": "+49 30 12345678",
    "+12125550100": "+1 212 555 0100",
    "+442079460000 ext. 45": "+44 20 7946 0000 ext. 45",
}


def cells(shape: str, *texts: str) -> list[str]:
    out = io.BytesIO()
    WRITERS[shape](out, ("name",), ({"name": text} for text in texts))
    raw = out.getvalue()
    assert raw.startswith(codecs.BOM_UTF8) == (shape == EXCEL)
    return [row[0] for row in csv.reader(io.StringIO(raw.decode("utf-8-sig")))][1:]


def test_csv_for_programs_has_the_phone_number_unchanged() -> None:
    typed = ["+1 (624) 305-1111", "+49 30.123.456"]
    assert cells("csv", *PHONES, *typed) == [*PHONES, *typed]


def test_excel_gets_the_phone_number_in_groups_so_that_it_is_text() -> None:
    assert cells(EXCEL, *PHONES) == list(PHONES.values())
    assert cells(EXCEL, "+1-624-305-1111") == ["'+1-624-305-1111"]  # else it is computed


@pytest.mark.parametrize("shape", ["csv", EXCEL])
@pytest.mark.parametrize(
    "text",
    [
        "+1",
        "+12",
        "+A1234567",
        "+123456+SUM(A1)",
        "+123456|cmd",
        "+1234567\n=1",
        "-4930123456",
        "=4930123456",
        "+49301234567890123456789",
        "+123456 ext. 1=1",
        "\uff0b4930123456",
    ],
)
def test_any_other_text_is_escaped_for_excel(shape: str, text: str) -> None:
    assert cells(shape, text) == [f"'{text}"]


@settings(max_examples=100)
@given(st.text(alphabet="+-=@0123456789 ().ext/*A\t|", max_size=30))
def test_no_cell_begins_like_a_formula_with_more_than_digits(text: str) -> None:
    for shape in ("csv", EXCEL):
        (cell,) = cells(shape, text)
        if cell.lstrip().startswith(("=", "-", "@", "+", "|", "\t")):
            assert re.fullmatch(r"\+[0-9 ().-]+( ext\. [0-9]+)?", cell)
