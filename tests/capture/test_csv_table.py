"""CSV as spreadsheets save it. One reader reads every table that is imported."""

import pytest

from capture.csv_table import Columns, read_table
from capture.errors import FileErrors
from capture.intake.import_leads import read_lead_rows
from capture.intake.suppression import read_suppressions
from capture.outcomes.import_outcomes import read_outcomes
from tests.samples import campaign

NAMES = Columns({"name": "name", "note": "note"}, ("name",), unknown="no column", place="here")


def table(text: str) -> list[tuple[int, dict[str, str]]]:
    return list(read_table(text.encode(), "t.csv", NAMES).rows([]))


@pytest.mark.parametrize(
    "first",
    ["sep=;", '"sep=;"', "SEP=;", "sep=;;;", "\ufeffsep=;"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_first_line_may_name_the_delimiter(first: str, end: str) -> None:
    text = end.join([first, "name;note", "Ann, Bob;x,y", ""])
    ((line, cells),) = table(text)
    assert cells == {"name": "Ann, Bob", "note": "x,y"}
    assert line == 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_character_may_be_the_delimiter(delimiter: str) -> None:
    text = f"sep={delimiter}\nname{delimiter}note\nAnn{delimiter}x\n"
    assert table(text) == [(3, {"name": "Ann", "note": "x"})]


def test_without_such_a_line_the_heading_shows_the_delimiter() -> None:
    assert table("name;note\nAnn, Bob;x\n") == [(2, {"name": "Ann, Bob", "note": "x"})]


def test_mistakes_are_reported_with_the_line_of_the_file() -> None:
    with pytest.raises(FileErrors) as raised:
        read_table(b"sep=;\nname;nose\n", "t.csv", NAMES)
    assert str(raised.value).startswith('t.csv:2: no column "nose" here')
    with pytest.raises(FileErrors, match="empty; its first line names the columns"):
        read_table(b"sep=;\n", "t.csv", NAMES)


def test_leads_outcomes_and_suppressions_use_the_same_reader() -> None:
    leads = "sep=;\nfull_name;email;company_size\nLee, Ann;ann@clinic.example;101+\n"
    (lead,) = read_lead_rows(leads.encode(), "x", campaign())
    assert (lead.line, lead.answers["full_name"]) == (3, "Lee, Ann")
    outcomes = read_outcomes(b"sep=;\nlead_id;outcome;on\nx;held;2026-12-01\n", "x")
    assert list(outcomes.columns) == ["lead_id", "outcome", "on"]
    (entry,) = read_suppressions(b"sep=;\nemail;name\nann@clinic.example;Lee, Ann\n", "x")
    assert (entry.line, entry.text) == (3, "ann@clinic.example")


def test_the_line_of_a_row_is_the_one_where_the_row_begins() -> None:
    """Blank lines and line breaks inside cells count, as an editor counts them."""
    rows = '\r\nemail;note\r\n\r\nann@clinic.example;"one\r\ntwo\r\n\r\nthree"\r\n\r\n'
    (_, entry) = read_suppressions(f"{rows}bob@clinic.example;\r\n".encode(), "s.csv")
    assert (entry.line, entry.text) == (9, "bob@clinic.example")
    with pytest.raises(FileErrors, match=r"^s\.csv:9: 'nobody'"):
        read_suppressions(f"{rows}nobody;\r\n".encode(), "s.csv")
    assert [line for line, _ in table('name,note\n"A\nB",x\n\nC,y\n')] == [2, 5]
