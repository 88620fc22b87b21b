"""Tables to CSV, JSON Lines and XLSX. Same rows, same bytes, in every format.

Nothing that a visitor typed may run in a spreadsheet: in CSV a cell that would be taken for a
formula gets an apostrophe before it (OWASP, CSV injection); in XLSX every text is written as text.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import xlsxwriter

Cell = str | int | Decimal | None
Row = Mapping[str, Cell]

_FULL_WIDTH: Final = ("\uff1d", "\uff0b", "\uff0d", "\uff20")  # = + - @ in East Asian text
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", *_FULL_WIDTH)
_MADE_AT: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - XLSX has no zones; fixed: same bytes
_LONGEST_XLSX_CELL: Final = 32_767


def to_csv(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """RFC 4180 in UTF-8, without a byte order mark: for programs; XLSX is for spreadsheets."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([harmless(column) for column in columns])
    for row in rows:
        writer.writerow([_csv_cell(row.get(column)) for column in columns])
    return out.getvalue().encode()


def to_jsonl(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """One JSON object a line; amounts as text, so that no reader makes floats of them."""
    lines = (
        json.dumps({column: _json_value(row.get(column)) for column in columns}, ensure_ascii=False)
        for row in rows
    )
    return "".join(f"{line}\n" for line in lines).encode()


def to_xlsx(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """One sheet with a frozen, bold heading; amounts as numbers, all else as text."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": _MADE_AT})
    sheet = book.add_worksheet("leads")
    bold = book.add_format({"bold": True})
    shapes: dict[int, Any] = {}
    sheet.freeze_panes(1, 0)
    for number, column in enumerate(columns):
        sheet.write_string(0, number, column, bold)
        sheet.set_column(number, number, max(10, min(40, len(column) + 2)))
    for line, row in enumerate(rows, start=1):
        for number, column in enumerate(columns):
            value = row.get(column)
            if isinstance(value, int | Decimal):
                decimals = max(0, -int(Decimal(value).as_tuple().exponent))
                if decimals not in shapes:
                    shapes[decimals] = book.add_format({"num_format": f"{Decimal(0):.{decimals}f}"})
                sheet.write_number(line, number, float(value), shapes[decimals])
            elif value is not None:
                sheet.write_string(line, number, value[:_LONGEST_XLSX_CELL])
    book.close()
    return out.getvalue()


WRITERS: Final[Mapping[str, Callable[[Sequence[str], Iterable[Row]], bytes]]] = {
    "csv": to_csv,
    "jsonl": to_jsonl,
    "xlsx": to_xlsx,
}


def harmless(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").startswith(_FORMULA_STARTS) else text


def _csv_cell(value: Cell) -> str:
    if value is None:
        return ""
    return harmless(value) if isinstance(value, str) else str(value)


def _json_value(value: Cell) -> Any:
    return str(value) if isinstance(value, Decimal) else value
