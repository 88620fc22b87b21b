"""Makes the files that visitors get for their answers: the guide (PDF) and the workbook (XLSX).

    python content/gated/sources/make.py            writes both into content/gated/
    python content/gated/sources/make.py --check    names those that are out of date

The same sources give the same bytes on every machine: typst uses only the fonts that it carries
and the date in the source; the workbook has a fixed time and is stored without compression,
because compressors differ from one build of Python to the next.
"""

import ast
import operator
import re
import tomllib
import zipfile
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import click
import typst
import xlsxwriter
from pydantic import BaseModel, ConfigDict, Field

from capture.errors import GatepostError, short_path

SOURCES = Path(__file__).resolve().parent
GATED = SOURCES.parent

INPUTS, RESULTS, NOTES = "Inputs", "Results", "Notes"
LABELS, NUMBERS, REMARKS = 1, 2, 3  # the columns B, C and D; A is a margin
RESULTS_LEAD = "All of it follows from Inputs. The yellow shares at the end are yours to change."
NOTHING = "-"  # what a cell shows when there is nothing to divide by
SHOWN_AS = {
    "count": "#,##0",
    "money": "$#,##0",
    "cents": "$#,##0.00",
    "percent": "0.0%",
    "ratio": "0.00",
    "months": "0.0",
    "text": "General",
}
LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 18, "font_color": "#0B6B5D"},
    "lead": {"font_color": "#55626A"},
    "part": {"bold": True, "font_size": 12, "bottom": 2, "bottom_color": "#0B6B5D"},
    "head": {"bold": True, "bg_color": "#F1EEE7", "align": "right"},
    "label": {},
    "remark": {"font_color": "#55626A", "indent": 1},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "input": {"bg_color": "#FFF7DB", "border": 1, "border_color": "#CFC9BC"},
    "result": {"bold": True, "align": "right"},
    "beside": {"bold": True, "align": "left", "indent": 1},
    "head beside": {"bold": True, "bg_color": "#F1EEE7", "align": "left", "indent": 1},
}


class Row(BaseModel):
    """A named cell: an input has a value, a result has a formula."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    shown_as: str = Field(alias="as")
    note: str
    value: float | None = None
    formula: str = ""


class Part(BaseModel):
    """A heading with its rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    rows: dict[str, Row]


class Curve(BaseModel):
    """The table under the chart: one line for each share of leads that meet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    headings: tuple[str, str, str]
    rates: tuple[float, ...]
    by_lead: str
    by_appointment: str


class NoteSheet(BaseModel):
    """The last sheet: sentences."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lines: tuple[str, ...]


class KpiSource(BaseModel):
    """What `lead-kpis.toml` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    author: str
    created: datetime
    inputs: tuple[Part, ...]
    results: tuple[Part, ...]
    curve: Curve
    notes: NoteSheet

    def rows(self) -> dict[str, Row]:
        """Every named cell of both sheets."""
        return {k: row for part in self.inputs + self.results for k, row in part.rows.items()}


Value = float | str
ARITHMETIC = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def calculate(formula: str, rows: Mapping[str, Row], given: Mapping[str, float]) -> Value:
    """What the formula comes to; `given` names cells beside the rows. Stored next to the formula,
    so that a viewer which cannot calculate shows the number all the same.
    """

    def number(node: ast.expr) -> float:
        return float(of(node))

    def of(node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() | str() as constant):
                return constant
            case ast.Name(id=name) if name in given:
                return given[name]
            case ast.Name(id=name) if name in rows:
                row = rows[name]
                return row.value if row.value is not None else calculate(row.formula, rows, given)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                return float(ARITHMETIC[type(op)](number(left), number(right)))
            case ast.Call(
                func=ast.Name(id="IF"),
                args=[ast.Compare(left=left, ops=[ast.Gt()], comparators=[right]), yes, no],
            ):
                return of(yes) if number(left) > number(right) else of(no)
        raise GatepostError(f"lead-kpis.toml: cannot calculate `{formula}`; use + - * / and IF")

    return of(ast.parse(formula, mode="eval").body)


class Workbook:
    """Writes the three sheets; one method for each thing that a reader sees."""

    def __init__(self, source: KpiSource, target: BytesIO) -> None:
        self.source = source
        self.rows = source.rows()
        self.book = xlsxwriter.Workbook(target, {"in_memory": True})
        self.book.set_properties(
            {
                "title": source.title,
                "author": source.author,
                # A spreadsheet keeps its time without a zone.
                "created": source.created.replace(tzinfo=None),
            }
        )
        self.formats: dict[tuple[str, str], Any] = {}

    def look(self, name: str, shown_as: str = "text") -> Any:
        """A cell format, made once: how it looks and how its number is shown."""
        if (name, shown_as) not in self.formats:
            settings = {"valign": "vcenter", **LOOKS[name], "num_format": SHOWN_AS[shown_as]}
            self.formats[name, shown_as] = self.book.add_format(settings)
        return self.formats[name, shown_as]

    def sheet(self, name: str, title: str, lead: str) -> Any:
        """An empty sheet with its title, sized for the screen and for paper, one page wide."""
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 2)
        sheet.set_column(LABELS, LABELS, 40)  # the longest label has 36 characters
        sheet.set_column(NUMBERS, NUMBERS, 17)  # "Appointments", bold
        sheet.set_column(REMARKS, REMARKS, 56)
        sheet.set_row(0, 28)
        sheet.write(0, LABELS, title, self.look("title"))
        sheet.write(1, LABELS, lead, self.look("lead"))
        sheet.freeze_panes(2, 0)
        sheet.set_paper(1)  # US letter
        sheet.fit_to_pages(1, 0)
        return sheet

    def heading(self, sheet: Any, line: int, title: str) -> None:
        """A part's heading with its rule across all columns."""
        for column in (NUMBERS, REMARKS):
            sheet.write_blank(line, column, None, self.look("part"))
        sheet.write(line, LABELS, title, self.look("part"))

    def formula(
        self, sheet: Any, line: int, column: int, text: str, look: Any, **given: Any
    ) -> None:
        """A guarded formula with its value; `given` maps a name to its cell and its number."""
        value = calculate(text, self.rows, {name: number for name, (_, number) in given.items()})
        for name, (cell, _) in given.items():
            text = re.sub(rf"\b{name}\b", cell, text)
        guarded = f'=IFERROR({text},"{NOTHING}")'
        sheet.write_formula(line, column, guarded, look, value)

    def parts(self, sheet: Any, parts: tuple[Part, ...]) -> int:
        """All headings and rows, each value's cell named; the first free line comes back."""
        line = 3
        for part in parts:
            self.heading(sheet, line, part.title)
            for name, row in part.rows.items():
                line += 1
                sheet.write(line, LABELS, row.label, self.look("label"))
                sheet.write(line, REMARKS, row.note, self.look("remark"))
                self.book.define_name(name, f"={sheet.name}!$C${line + 1}")
                if row.value is None:
                    look = self.look("result", row.shown_as)
                    self.formula(sheet, line, NUMBERS, row.formula, look)
                else:
                    self.input(sheet, line, row)
            line += 2
        return line

    def input(self, sheet: Any, line: int, row: Row) -> None:
        """A yellow cell that takes numbers that can be, and says so otherwise."""
        sheet.write_number(line, NUMBERS, row.value, self.look("input", row.shown_as))
        most = 1 if row.shown_as == "percent" else 1_000_000_000
        sheet.data_validation(
            line,
            NUMBERS,
            line,
            NUMBERS,
            {
                "validate": "decimal",
                "criteria": "between",
                "minimum": 0,
                "maximum": most,
                "error_title": row.label,
                "error_message": "Please give a percentage from 0 % to 100 %."
                if most == 1
                else "Please give a number, nought or more.",
            },
        )

    def curve(self, sheet: Any, line: int) -> None:
        """The table of break-even costs, and the chart beside what it draws from."""
        curve = self.source.curve
        self.heading(sheet, line, curve.title)
        for column, heading in enumerate(curve.headings, start=LABELS):
            look = "head beside" if column == REMARKS else "head"
            sheet.write(line + 1, column, heading, self.look(look))
        first = line + 2
        for offset, rate in enumerate(curve.rates):
            at = first + offset
            sheet.write_number(at, LABELS, rate, self.look("input", "percent"))
            cell = {"rate": (f"B{at + 1}", rate)}
            money, beside = self.look("result", "cents"), self.look("beside", "cents")
            self.formula(sheet, at, NUMBERS, curve.by_lead, money, **cell)
            self.formula(sheet, at, REMARKS, curve.by_appointment, beside)
        last = first + len(curve.rates) - 1
        chart = self.book.add_chart({"type": "scatter", "subtype": "straight"})
        for column, colour in ((NUMBERS, "#B04E16"), (REMARKS, "#0B6B5D")):
            chart.add_series(
                {
                    "name": [sheet.name, line + 1, column],
                    "categories": [sheet.name, first, LABELS, last, LABELS],
                    "values": [sheet.name, first, column, last, column],
                    "line": {"color": colour, "width": 2.5},
                }
            )
        chart.set_x_axis({"name": curve.headings[0], "num_format": "0%", "min": 0})
        chart.set_y_axis({"name": "Cost of a held meeting", "num_format": "$#,##0", "min": 0})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 800, "height": 330})
        sheet.insert_chart(last + 2, LABELS, chart, {"description": curve.title})

    def write(self) -> None:
        """All three sheets, Inputs in front."""
        title = self.source.title
        inputs = self.sheet(INPUTS, title, "Your own figures go into the yellow cells.")
        self.parts(inputs, self.source.inputs)
        results = self.sheet(RESULTS, f"{title}: results", RESULTS_LEAD)
        self.curve(results, self.parts(results, self.source.results))
        notes = self.sheet(NOTES, f"{title}: notes", "How to read the figures.")
        notes.set_column(LABELS, LABELS, 100)
        for line, text in enumerate(self.source.notes.lines, start=3):
            notes.set_row(line, 18 if len(text) < 95 else 34)
            notes.write(line, LABELS, text, self.look("wrapped"))
        self.book.close()


def stored(archive: bytes) -> bytes:
    """The same archive without compression and with fixed times."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(archive)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name)
            member.create_system = 3  # else Windows would write another byte
            new.writestr(member, old.read(name))
    return target.getvalue()


def workbook() -> bytes:
    """The KPI workbook. Raises `GatepostError` for a formula that cannot be calculated."""
    text = (SOURCES / "lead-kpis.toml").read_text(encoding="utf-8")
    target = BytesIO()
    Workbook(KpiSource.model_validate(tomllib.loads(text)), target).write()
    return stored(target.getvalue())


def guide() -> bytes:
    """The guide as PDF/UA-1, which screen readers can follow."""
    made = typst.compile(
        SOURCES / "cloud-guide.typ", ignore_system_fonts=True, format="pdf", pdf_standards="ua-1"
    )
    if not isinstance(made, bytes):
        raise GatepostError("cloud-guide.typ: typst made no single PDF of it")
    return made


def made_files() -> dict[Path, bytes]:
    """Each gated file that has a source here, as it should be."""
    return {GATED / "cloud-guide.pdf": guide(), GATED / "lead-kpis.xlsx": workbook()}


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is out of date.")
def main(check: bool) -> None:
    """Makes the gated files from content/gated/sources/."""
    stale = []
    for path, content in made_files().items():
        if path.is_file() and path.read_bytes() == content:
            continue
        stale.append(short_path(path))
        if not check:
            path.write_bytes(content)
            click.echo(f"made {short_path(path)}")
    if check and stale:
        raise click.ClickException(
            f"{', '.join(stale)}: out of date; run `python content/gated/sources/make.py`"
        )


if __name__ == "__main__":
    main()
