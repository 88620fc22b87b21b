"""Imported leads follow the same rules of docs/rules.md as every lead."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from capture.campaign.model import Campaign
from capture.errors import FileErrors, Refused
from capture.intake.gate import CampaignClosed
from capture.intake.import_leads import MAX_ROWS, ImportedLead, Origin, import_leads, read_lead_rows
from capture.intake.pausing import pause_campaign
from capture.intake.receive import receive_submission
from capture.lead.events import Actor
from capture.ledger import open_ledger
from capture.ledger.dry_run import dry_run_of
from capture.ledger.protocol import Ledger
from tests.samples import CAMPAIGN, NOW, campaign, submission

EVENT = Origin("event-2026", "consent, GDPR art. 6(1)(a), signed at the stand", "Ada")
HEADING = "full_name,email,company_size"
ANN = "Ann Lee,ann@clinic.example,101+"
BOB = "Bob Ray,bob@other.example,1-50"
NEEDS = """
[fields.needs]
label = "What do you need?"
type = "multiple_choice"
choices = ["Backup", "Security; audits", "Cost"]
required = false
[criteria]"""
WIDE = campaign(text=CAMPAIGN.replace("\n[criteria]", NEEDS))


class Intake:
    """A campaign's ledger, with a method to import tables of leads."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.terms = campaign()

    def import_table(
        self, *lines: str, origin: Origin = EVENT, days: int = 0
    ) -> list[ImportedLead]:
        rows = read_lead_rows("\n".join([HEADING, *lines]).encode(), "leads.csv", self.terms)
        now = NOW + timedelta(days=days)
        return self.ledger.transact(
            lambda records: import_leads(records, self.terms, origin, rows, now)
        )

    def count(self) -> int:
        return self.ledger.read(lambda reading: len(list(reading.leads.select())))


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key for tests only")
    yield Intake(ledger)
    assert ledger.verify().problems == ()


def faults(text: str | bytes, terms: Campaign | None = None) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(FileErrors) as refused:
        read_lead_rows(content, "leads.csv", terms or campaign())
    return [str(problem) for problem in refused.value.problems]


def answers(text: str, terms: Campaign | None = None) -> list[object]:
    return [dict(row.answers) for row in read_lead_rows(text.encode(), "x", terms or campaign())]


class TestTable:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("start", ["", "\ufeff", "\r\n"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_a_table_of_any_spreadsheet_is_read(self, delimiter: str, start: str, end: str) -> None:
        lines = [line.replace(",", delimiter) for line in (HEADING, ANN, "", BOB)]
        imported = answers(start + end.join(lines) + end)
        assert imported == [
            {"full_name": "Ann Lee", "email": "ann@clinic.example", "company_size": "101+"},
            {"full_name": "Bob Ray", "email": "bob@other.example", "company_size": "1-50"},
        ]

    def test_a_heading_may_be_a_fields_label_in_any_order(self) -> None:
        imported = answers("WORK E-MAIL;Company size; name ;;\na@b.example;51-100;Ann;;\n;;;;\n")
        assert imported == [{"email": "a@b.example", "company_size": "51-100", "full_name": "Ann"}]

    def test_several_choices_are_separated_by_semicolons(self) -> None:
        table = f'{HEADING},needs\n{ANN},"Cost; Backup"\n{ANN},"Security; audits"\n{ANN},\n'
        needs = [row.answers.get("needs") for row in read_lead_rows(table.encode(), "x", WIDE)]
        assert needs == [("Backup", "Cost"), ("Security; audits",), None]

    def test_unknown_repeated_and_missing_columns_are_reported_together(self) -> None:
        assert faults("full_name,emial,Name,x\n1,2,3,4\n") == [
            'leads.csv:1: no field "emial" in guide; did you mean `email`?',
            "leads.csv:1: two columns for full_name; keep one",
            'leads.csv:1: no field "x" in guide',
            "leads.csv:1: no column for email, company_size, which must be answered",
        ]

    def test_every_faulty_row_is_reported_with_line_column_and_fix(self) -> None:
        table = f'{HEADING}\n"Ann\nLee",ann@,101+\n{ANN}\n,bob@other.example,100\nCut,cut@o\n'
        assert faults(table) == [
            'leads.csv:2: email = "ann@": Enter your work e-mail as name@company.com.',
            "leads.csv:5: full_name: Enter your name.",
            'leads.csv:5: company_size = "100": Choose your company size from the answers '
            'offered. Offered: "1-50", "51-100", "101+".',
            "leads.csv:6: 2 cells, and the heading has 3",
        ]

    @pytest.mark.parametrize(
        ("table", "fault"),
        [
            (b"", "leads.csv: empty; its first line names the columns"),
            (b" , ,\n\n", "leads.csv: empty; its first line names the columns"),
            (HEADING.encode(), "leads.csv: a heading but no leads below it"),
            (b"full_name\nJos\xe9\n", "leads.csv:2: not UTF-8 text; save it as CSV UTF-8"),
            (
                f'{HEADING}\n{ANN}\n"Bob,1,2\n3,4\n'.encode(),
                "leads.csv:3: cannot be read as CSV from here on: unexpected end of data; "
                "look at its quotation marks",
            ),
            (
                (HEADING + f"\n{ANN}" * (MAX_ROWS + 1)).encode(),
                "leads.csv: 5001 leads; at most 5000 at once: split the file into parts, each with "
                "the heading",
            ),
        ],
    )
    def test_a_file_that_is_not_a_table_is_refused_in_one_line(
        self, table: bytes, fault: str
    ) -> None:
        assert faults(table) == [fault]

    def test_hostile_text_is_shown_escaped(self) -> None:
        (message,) = faults(f"{HEADING}\nAnn,\x1b[2J\u202e@,101+")
        assert "\\u001b[2J\\u202e@" in message


class TestOrigin:
    @pytest.mark.parametrize("source", ["", "Event", "a b", "form", "-x", "a" * 41, "x\n"])
    def test_a_source_is_a_short_code_other_than_form(self, source: str) -> None:
        with pytest.raises(Refused, match="source"):
            Origin(source, "consent", "Ada")

    @pytest.mark.parametrize("basis", ["", " ", "two\nlines", "x" * 301])
    def test_a_basis_is_one_line(self, basis: str) -> None:
        with pytest.raises(Refused, match="basis: write on one line"):
            Origin("event", basis, "Ada")


def test_a_row_is_judged_like_a_form_and_has_its_source_and_basis(intake: Intake) -> None:
    ann, bob = intake.import_table(ANN, BOB)
    assert (ann.stage, bob.stage) == ("qualified", "disqualified")
    assert bob.reason == "Company size is at least 101: answered 1-50, which is not at least 101"
    lead = intake.ledger.read(lambda reading: reading.leads.get(ann.lead_id))
    event = intake.ledger.read(
        lambda reading: next(reading.events.select(lead_id=ann.lead_id)).event
    )
    assert lead is not None
    assert (lead.source, lead.deadline) == ("event-2026", NOW + timedelta(hours=48))
    assert (event.actor, event.data["basis"]) == (Actor.AGENCY, EVENT.basis)
    assert "Ann" not in repr(event)


def test_the_same_row_is_always_the_same_lead_rule_1(intake: Intake) -> None:
    first = intake.import_table(ANN, BOB)
    again = intake.import_table(BOB, ANN, "Eve,eve@e.example,101+", days=400)
    assert [lead.is_known for lead in again] == [True, True, False]
    assert [lead.lead_id for lead in again[1::-1]] == [lead.lead_id for lead in first]
    assert (again[1].stage, intake.count()) == ("accepted", 3)


def test_another_source_or_answer_is_another_row(intake: Intake) -> None:
    intake.import_table(BOB)
    other = intake.import_table(BOB, origin=Origin("outbound", EVENT.basis, "Ada"))
    changed = intake.import_table(BOB.replace("Ray", "Roy"))
    assert not other[0].is_known
    assert not changed[0].is_known


def test_no_form_can_claim_a_rows_identity(intake: Intake) -> None:
    (row,) = intake.import_table(ANN)
    sent = submission(intake.terms)
    created = intake.ledger.transact(
        lambda records: receive_submission(records, intake.terms, sent, NOW)
    )
    assert created.lead_id != row.lead_id
    assert not created.is_repeat


def test_a_person_who_sent_the_form_is_a_duplicate_rule_2(intake: Intake) -> None:
    sent = submission(intake.terms)
    first = intake.ledger.transact(
        lambda records: receive_submission(records, intake.terms, sent, NOW)
    )
    (row, twice) = intake.import_table(ANN, ANN.replace("Lee", "B. Lee"))
    assert (row.stage, row.reason) == ("duplicate", f"of lead {first.lead_id}")
    assert twice.stage == "duplicate"


def test_a_suppressed_person_and_a_reached_cap_are_reported_rules_4_and_7(intake: Intake) -> None:
    entries = [("email", "ann@clinic.example")]
    intake.ledger.transact(lambda records: records.people.suppress("acme", entries, NOW))
    intake.terms = campaign("[caps]\nleads_a_month = 1")
    imported = intake.import_table(ANN, "E,e@e.example,101+", "F,f@f.example,101+")
    assert [(lead.stage, lead.reason) for lead in imported] == [
        ("suppressed", "on acme's suppression list"),
        ("qualified", ""),
        ("over_cap", "leads_a_month is reached"),
    ]


def test_a_second_try_with_other_answers_needs_an_explicit_acceptance_rule_3(
    intake: Intake,
) -> None:
    intake.import_table(BOB)
    (again,) = intake.import_table(BOB.replace("1-50", "101+"))
    assert again.reason.startswith("gave other answers before: only an explicit acceptance")


def test_a_dry_run_gives_the_same_result_and_writes_nothing(intake: Intake) -> None:
    table = "\n".join([HEADING, ANN, BOB, ANN.replace("Lee", "Roy")]).encode()
    rows = read_lead_rows(table, "x", intake.terms)
    dry_results = dry_run_of(
        intake.ledger, lambda r: import_leads(r, intake.terms, EVENT, rows, NOW)
    )
    assert intake.ledger.read(lambda reading: reading.events.head()[0]) == 0
    version = intake.terms.version
    assert (
        intake.ledger.read(lambda reading: reading.campaigns.version_text("guide", version)) is None
    )
    real_results = intake.ledger.transact(lambda r: import_leads(r, intake.terms, EVENT, rows, NOW))
    results = [(lead.line, lead.stage, lead.reason) for lead in dry_results]
    assert results == [(lead.line, lead.stage, lead.reason) for lead in real_results]
    assert results[2] == (4, "duplicate", "of line 2")


def test_a_closed_or_paused_campaign_refuses_a_table_rule_18(intake: Intake) -> None:
    intake.import_table(ANN)
    intake.ledger.transact(lambda records: pause_campaign(records, intake.terms, "Ada", NOW))
    for table in ([BOB], [ANN]):  # a known row is refused as well
        with pytest.raises(CampaignClosed, match="guide is paused"):
            intake.import_table(*table)
    intake.terms = campaign(text="closes = 2026-11-22\n" + CAMPAIGN, slug="other")
    with pytest.raises(CampaignClosed, match="other is closed by its dates"):
        intake.import_table(ANN)
    assert intake.count() == 1


def test_a_table_is_refused_if_fixed_terms_changed_rule_17(intake: Intake) -> None:
    intake.import_table(ANN)
    intake.terms = campaign(text=CAMPAIGN.replace('"USD"', '"EUR"'))
    with pytest.raises(Refused, match="new slug"):
        intake.import_table(BOB)
    assert intake.count() == 1
