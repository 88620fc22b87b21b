"""Writes rows as CSV, JSON Lines and XLSX. The same rows give the same bytes.

Nothing that a visitor typed may run in a spreadsheet. In CSV, a cell that looks like a formula gets
an apostrophe before it (OWASP, CSV injection); in XLSX, every text is written as text. A phone
number begins with a plus but is safe: CSV for programs keeps it unchanged. CSV for Excel groups its
digits, because Excel would otherwise read it as a number and drop the plus.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from traceback import clear_frames
from typing import Any, BinaryIO, Final, TextIO

from capture.errors import Refused
from capture.form.contact import phone_in_groups

Cell = str | int | Decimal | None
Row = Mapping[str, Cell]

_FULL_WIDTH: Final = ("\uff1d", "\uff0b", "\uff0d", "\uff20")  # = + - @ in East Asian text
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", *_FULL_WIDTH)
_PHONE: Final = re.compile(r"\+(?:[ ().-]*[0-9]){6,20}(?: ext\. [0-9]{1,20})?")
_CREATED_AT: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - XLSX has no zones; fixed: same bytes
_MAX_XLSX_CELL: Final = 32_767
_LAST_XLSX_ROW: Final = 1_048_575
"""Row 0 is the heading."""


def to_csv(out: BinaryIO, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """RFC 4180 in UTF-8, without a byte order mark: for programs."""
    _write_csv(out, columns, rows, _escape_for_programs)


def to_excel_csv(out: BinaryIO, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """CSV for Excel, which recognises UTF-8 only by a byte order mark."""
    out.write(codecs.BOM_UTF8)
    _write_csv(out, columns, rows, _escape_for_excel)


def _write_csv(
    out: BinaryIO, columns: Sequence[str], rows: Iterable[Row], escape: Callable[[str], str]
) -> None:
    with _text_output(out) as text:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([escape_formula(column) for column in columns])
        for row in rows:
            writer.writerow([_csv_cell(row.get(column), escape) for column in columns])


def to_jsonl(out: BinaryIO, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """One JSON object per line; amounts are strings, so that no reader makes floats of them."""
    with _text_output(out) as text:
        for row in rows:
            cells = {column: _json_value(row.get(column)) for column in columns}
            text.write(f"{json.dumps(cells, ensure_ascii=False)}\n")


def to_xlsx(out: BinaryIO, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """One sheet with a frozen, bold heading; amounts as numbers, all else as text.

    Raises `Refused` for more rows than a sheet has (ECMA-376 as Excel limits it).
    """
    # XLSX needs a seekable file. A temporary one gives a pipe the same bytes as a file, and its
    # folder also removes what XlsxWriter leaves behind.
    with TemporaryDirectory() as folder:
        raw = _WorkbookFile(f"{folder}/book", "x+")
        with io.BufferedRandom(raw) as buffer:
            book = _book(buffer, folder)
            try:
                _fill_sheet(book, columns, rows)
            finally:
                _close(book, raw)
            buffer.seek(0)
            copyfileobj(buffer, out)


def _book(out: BinaryIO, folder: str) -> Any:
    # This import takes 0.1 seconds, so only a command that writes a sheet runs it.
    import xlsxwriter  # noqa: PLC0415

    # constant_memory: holds one row at a time, and writes texts into their cells.
    options = {
        "constant_memory": True,
        "tmpdir": folder,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"created": _CREATED_AT})
    return book


class _WorkbookFile(io.FileIO):
    """A file that ignores writes once `ignores_writes` is set.

    After an error the archive still writes its end in its destructor, where an exception cannot be
    caught.
    """

    ignores_writes = False

    def write(self, data: Any) -> int:
        return len(data) if self.ignores_writes else super().write(data)


def _close(book: Any, raw: _WorkbookFile) -> None:
    from xlsxwriter.exceptions import FileCreateError, FileSizeError  # noqa: PLC0415

    try:
        book.close()
    except FileSizeError:
        raise Refused("the sheet is too large for XLSX: use CSV") from None
    except FileCreateError as error:  # it wraps the OSError
        os_error: OSError = error.args[0]
        raw.ignores_writes = True
        # This runs the destructor of the archive while its file is still open.
        clear_frames(os_error.__traceback__)
        raise os_error from None


def _fill_sheet(book: Any, columns: Sequence[str], rows: Iterable[Row]) -> None:
    sheet = book.add_worksheet("leads")
    bold = book.add_format({"bold": True})
    number_formats: dict[int, Any] = {}
    sheet.freeze_panes(1, 0)
    for position, column in enumerate(columns):
        sheet.write_string(0, position, column, bold)
        sheet.set_column(position, position, max(10, min(40, len(column) + 2)))
    for line, row in enumerate(rows, start=1):
        if line > _LAST_XLSX_ROW:
            raise Refused(
                f"an XLSX sheet holds at most {_LAST_XLSX_ROW:,} rows, and there are more: use CSV"
            )
        for position, column in enumerate(columns):
            value = row.get(column)
            if isinstance(value, int | Decimal):
                decimals = max(0, -int(Decimal(value).as_tuple().exponent))
                if decimals not in number_formats:
                    number_formats[decimals] = book.add_format(
                        {"num_format": f"{Decimal(0):.{decimals}f}"}
                    )
                sheet.write_number(line, position, float(value), number_formats[decimals])
            elif value is not None:
                sheet.write_string(line, position, value[:_MAX_XLSX_CELL])


Writer = Callable[[BinaryIO, Sequence[str], Iterable[Row]], None]

XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The media type of an XLSX file."""

EXCEL: Final = "csv for Excel"

WRITERS: Final[Mapping[str, Writer]] = {
    "csv": to_csv,
    EXCEL: to_excel_csv,
    "jsonl": to_jsonl,
    "xlsx": to_xlsx,
}
"""The writers by format. Each streams the rows."""

FORMATS: Final = ("csv", "jsonl", "xlsx")
"""The formats that a user can choose. CSV for Excel is a variant of csv."""


def escape_formula(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet would read it as a formula."""
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").startswith(_FORMULA_STARTS) else text


@contextmanager
def _text_output(out: BinaryIO) -> Iterator[TextIO]:
    """The output as UTF-8 text without newline translation. It stays open afterwards."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    try:
        yield text
        text.flush()
    finally:
        text.detach()


def _csv_cell(value: Cell, escape: Callable[[str], str]) -> str:
    if value is None:
        return ""
    return escape(value) if isinstance(value, str) else str(value)


def _escape_for_programs(text: str) -> str:
    """A phone number needs no apostrophe: it has only digits, brackets and separators."""
    return text if _PHONE.fullmatch(text) else escape_formula(text)


def _escape_for_excel(text: str) -> str:
    grouped = phone_in_groups(text)
    return escape_formula(text) if grouped is None else grouped


def _json_value(value: Cell) -> Any:
    return str(value) if isinstance(value, Decimal) else value
