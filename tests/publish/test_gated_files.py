"""The guide and the workbook equal the output of their sources, and their sums are correct."""

import re
import sys
import warnings
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path
from subprocess import run
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from pypdf import PdfReader

from capture.errors import GatepostError

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "content" / "gated" / "cloud-guide.pdf"
KPIS = ROOT / "content" / "gated" / "lead-kpis.xlsx"
MAKE = ROOT / "content" / "gated" / "sources" / "make.py"


def loaded(script: Path) -> Any:
    """The script as a module, without a folder of compiled code beside it."""
    spec = spec_from_file_location("make_gated_files", script)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        spec.loader.exec_module(module)
    return module


gated_files = loaded(MAKE)


class Calculator(dict[str, Any]):
    """A second opinion on the workbook: Python itself works out the formulas that were written."""

    def __init__(self, book: Workbook) -> None:
        super().__init__(
            IFERROR=lambda value, _: value, IF=lambda test, yes, no: yes if test else no
        )
        self.book = book

    def __missing__(self, name: str) -> Any:
        if name in self.book.defined_names:
            sheet, cell = self.book.defined_names[name].attr_text.split("!")
            return self.cell(sheet, cell.replace("$", ""))
        if re.fullmatch(r"B\d+", name):
            return self.cell("Results", name)
        raise KeyError(name)

    def cell(self, sheet: str, cell: str) -> Any:
        content = self.book[sheet][cell].value
        if isinstance(content, str) and content.startswith("="):
            return eval(content[1:], {"__builtins__": {}}, self)
        return content


@pytest.fixture
def formulas() -> Workbook:
    return load_workbook(KPIS)


@pytest.fixture
def cached() -> Workbook:
    return load_workbook(KPIS, data_only=True)


@pytest.fixture(scope="module")
def pages() -> list[str]:
    return [page.extract_text() for page in PdfReader(GUIDE).pages]


def formula_cells(book: Workbook) -> Iterator[tuple[str, str]]:
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield sheet.title, cell.coordinate


def test_the_files_in_the_tree_are_the_output_of_their_sources() -> None:
    assert gated_files.made_files() == {GUIDE: GUIDE.read_bytes(), KPIS: KPIS.read_bytes()}


def test_making_the_files_raises_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(gated_files.workbook()) > 20_000


def test_the_command_finds_the_files_up_to_date_in_another_process_and_zone() -> None:
    process = run(
        [sys.executable, MAKE, "--check"],
        cwd=ROOT,
        env={"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, "")


def test_check_names_a_stale_file_and_does_not_change_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gated_files, "GATED", tmp_path)
    (tmp_path / "lead-kpis.xlsx").write_bytes(KPIS.read_bytes())
    (tmp_path / "cloud-guide.pdf").write_bytes(b"old")
    with pytest.raises(SystemExit) as ended:
        gated_files.main(["--check"])
    message = capsys.readouterr().err
    assert ended.value.code == 1
    assert "cloud-guide.pdf: out of date; run `python content/gated/sources/make.py`" in message
    assert "lead-kpis" not in message
    assert (tmp_path / "cloud-guide.pdf").read_bytes() == b"old"


def test_the_command_replaces_a_stale_file_and_adds_a_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gated_files, "GATED", tmp_path)
    (tmp_path / "cloud-guide.pdf").write_bytes(b"old")
    gated_files.main([], standalone_mode=False)
    assert (tmp_path / "cloud-guide.pdf").read_bytes() == GUIDE.read_bytes()
    assert (tmp_path / "lead-kpis.xlsx").read_bytes() == KPIS.read_bytes()


def test_the_guide_has_a_page_for_each_heading(pages: list[str]) -> None:
    headings = [
        "1 Decide what you pay for",
        "2 What is different in healthcare",
        "3 Definition worksheet",
        "4 SLA checklist",
        "5 The numbers, worked",
        "6 Reasons for rejection",
        "7 A plan for 30 days",
    ]
    assert len(pages) == 1 + len(headings)
    openings = [
        " ".join(page.split())[: len(h)] for page, h in zip(pages[1:], headings, strict=True)
    ]
    assert openings == headings


def test_the_guide_has_a_title_and_a_list_of_headings_for_screen_readers() -> None:
    reader = PdfReader(GUIDE)
    assert reader.metadata is not None
    assert reader.metadata.title == "The Cloud Guide: buying leads by result in healthcare"
    assert reader.trailer["/Root"]["/Lang"] == "en-US"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_the_guide_embeds_all_its_fonts() -> None:
    fonts = [f for page in PdfReader(GUIDE).pages for f in page["/Resources"]["/Font"].values()]
    inner = [f.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"] for f in fonts]
    assert inner
    assert all("/FontFile3" in d or "/FontFile2" in d for d in inner)


def test_every_formula_gives_the_value_stored_beside_it(
    formulas: Workbook, cached: Workbook
) -> None:
    calculator = Calculator(formulas)
    cells = list(formula_cells(formulas))
    assert len(cells) > 30
    for sheet, cell in cells:
        expected = calculator.cell(sheet, cell)
        value = cached[sheet][cell].value
        assert value == (expected if isinstance(expected, str) else pytest.approx(expected)), cell


def test_every_default_result_equals_the_one_computed_by_hand(cached: Workbook) -> None:
    by_hand = {
        "lead_to_close": 0.025,
        "cost_qualified": 68,
        "roas_fees": 4.8,
        "lifetime_value": 24_000,
        "fees": 10_000,
        "handling_lead": 18,
        "handling": 3_600,
        "selling": 8_400,
        "total_cost": 22_000,
        "revenue_year": 48_000,
        "roas_all": 2.1818,
        "cost_customer": 4_400,
        "times_earned": 5.4545,
        "payback_months": 7.3333,
        "qualified_rate": 0.65625,
        "rejection_rate": 0.047619,
        "meeting_rate": 0.12,
        "close_rate": 0.208333,
        "meeting_by_lead": 566.6667,
        "break_even_rate": 0.272,
        "break_even_close": 0.0919118,
    }
    results = Calculator(cached)
    assert {name: results[name] for name in by_hand} == pytest.approx(by_hand, rel=1e-4)
    assert results["cheaper_model"] == "Appointments"


def test_the_results_follow_a_readers_own_figures(formulas: Workbook) -> None:
    own = {"accepted_leads": 100, "meetings_held": 40, "customers_won": 10, "fee_lead": 80}
    for name, figure in own.items():
        cell = formulas.defined_names[name].attr_text.split("!")[1].replace("$", "")
        formulas["Inputs"][cell].value = figure
    results = Calculator(formulas)
    assert results["lead_to_close"] == 0.1
    assert results["cost_qualified"] == 98  # 80 and 18 of handling
    assert results["total_cost"] == 23_800  # 8,000 and 1,800 and 40 x 350
    assert results["meeting_by_lead"] == 245  # 9,800 / 40
    assert results["cheaper_model"] == "Leads"


def test_every_result_is_a_formula(formulas: Workbook) -> None:
    names = [n for n, d in formulas.defined_names.items() if d.attr_text.startswith("Results!")]
    cells = [formulas.defined_names[n].attr_text.split("!")[1].replace("$", "") for n in names]
    assert len(names) == 22
    assert all(formulas["Results"][cell].data_type == "f" for cell in cells)


def test_every_formula_shows_a_dash_where_nothing_can_be_divided(formulas: Workbook) -> None:
    guarded = [formulas[sheet][cell].value for sheet, cell in formula_cells(formulas)]
    assert all(re.fullmatch(r'=IFERROR\(.+,"-"\)', formula) for formula in guarded)


def test_no_label_is_wider_than_its_column(formulas: Workbook) -> None:
    for sheet in ("Inputs", "Results"):
        for column in "BD":
            width = formulas[sheet].column_dimensions[column].width
            texts = [cell.value for cell in formulas[sheet][column][2:] if cell.data_type == "s"]
            headings = ("The leads of one period,", "The cost of a held meeting,")
            longest = max(len(text) for text in texts if not text.startswith(headings))
            assert longest <= width, (sheet, column)


def test_guide_and_workbook_give_the_same_numbers(pages: list[str], cached: Workbook) -> None:
    results = Calculator(cached)
    numbers = " ".join(pages[5].split())
    for number in (
        f"${results['cost_qualified']:,.2f}",
        f"${results['lifetime_value']:,.0f}",
        f"${results['total_cost']:,.0f}",
        f"${results['meeting_by_lead']:,.2f}",
        f"{results['roas_all']:.2f}",
        f"{results['break_even_rate'] * 100:.1f}",
    ):
        assert number in numbers


def test_the_workbook_is_stored_without_compression() -> None:
    with ZipFile(BytesIO(KPIS.read_bytes())) as archive:
        facts = {(m.compress_type, m.date_time, m.create_system) for m in archive.infolist()}
    assert facts == {(ZIP_STORED, (1980, 1, 1, 0, 0, 0), 3)}


@pytest.mark.parametrize(
    "formula", ["price ** 2", "unknown + 1", "__import__('os')", "IF(1, 2, 3)"]
)
def test_an_unknown_formula_is_refused_by_name(formula: str) -> None:
    with pytest.raises(GatepostError, match=re.escape(f"cannot calculate `{formula}`")):
        gated_files.calculate(formula, {}, {"price": 2.0})
