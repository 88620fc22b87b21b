"""One document a client, month and currency, over all campaigns (rules 25 to 29)."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from capture.billing.statement import Statement
from capture.campaign.model import Campaign
from capture.closing.charged_lines import draw_month
from capture.closing.checks import check_documents
from capture.closing.close import close_month, preview_statements, read_statement
from capture.closing.credit import CorrectionRequest, issue_credit
from capture.closing.documents import accounts_of, documents_of, find_closed_statement
from capture.closing.drawing import spend_of
from capture.errors import NotFound, Refused
from capture.intake.receive import receive_submission
from capture.lead.events import Actor
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.review.acts import Act, accept
from tests.capture.desk import DAY
from tests.samples import CAMPAIGN, NOW, PARTIES, campaign, submission

GUIDE = campaign()
TALK = campaign(slug="talk", text=CAMPAIGN.replace("The guide", "The talk").replace("50\n", "70\n"))
BERLIN = campaign(
    slug="berlin",
    text=CAMPAIGN.replace("The guide", "Der Leitfaden").replace(
        "America/New_York", "Europe/Berlin"
    ),
)
EUROS = campaign(slug="euros", text=CAMPAIGN.replace('"USD"', '"EUR"'))
OTHERS = campaign(slug="others", text=CAMPAIGN.replace('"acme"', '"other"'))
DECEMBER = datetime(2026, 12, 9, tzinfo=UTC)
JANUARY = datetime(2027, 1, 9, tzinfo=UTC)


class Agency:
    """A ledger with leads of several campaigns."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.taken = 0

    def take(self, terms: Campaign, at: datetime = NOW) -> str:
        """A lead that the client accepted; its id."""
        self.taken += 1
        sent = submission(terms, email=f"ann{self.taken}@clinic.example")
        lead_id = self.ledger.transact(
            lambda records: receive_submission(records, terms, sent, at)
        ).lead_id
        act = Act(lead_id, "Carol", Actor.CLIENT)
        self.ledger.transact(lambda records: accept(records, act, at))
        return lead_id

    def close(self, month: str, now: datetime, *, empty: bool = False) -> list[Statement]:
        """The statements of acme's month, one for each currency that has one."""
        return self.ledger.transact(
            lambda records: [
                read_statement(find_closed_statement(records, each.number))
                for each in close_month(
                    records, "acme", PARTIES, month, now, empty_statement=empty, by="Ada"
                )
                if each.number
            ]
        )


@pytest.fixture
def agency(ledger: Ledger) -> Agency:
    """The fixture `ledger` draws all statements again after each test."""
    return Agency(ledger)


def lead_ids(statement: Statement) -> dict[str, list[str]]:
    return {part.campaign: [line.lead_id for line in part.lines] for part in statement.parts}


def test_campaigns_of_one_currency_share_one_document_with_a_part_each(agency: Agency) -> None:
    expected = {"guide": [agency.take(GUIDE)], "talk": [agency.take(TALK)]}
    (statement,) = agency.close("2026-11", DECEMBER)
    assert (statement.number, lead_ids(statement)) == ("acme-0001", expected)
    assert [(part.title, part.total) for part in statement.parts] == [
        ("The guide", 5000),
        ("The talk", 7000),
    ]
    assert (statement.total, statement.parties.document) == (12_000, "invoice")


def test_each_currency_has_a_document_and_the_numbers_run_on(agency: Agency) -> None:
    agency.take(GUIDE)
    agency.take(EUROS)
    statements = agency.close("2026-11", DECEMBER)
    assert [(each.number, each.currency) for each in statements] == [
        ("acme-0001", "EUR"),
        ("acme-0002", "USD"),
    ]


def test_another_client_is_neither_billed_nor_closed(agency: Agency) -> None:
    agency.take(GUIDE)
    agency.take(OTHERS)
    (statement,) = agency.close("2026-11", DECEMBER)
    assert list(lead_ids(statement)) == ["guide"]
    previews = agency.ledger.read(
        lambda reading: preview_statements(reading, "other", PARTIES, "2026-11", DECEMBER)
    )
    assert [each.total for each in previews] == [5000]


def test_a_campaign_without_lines_and_counts_has_no_part(agency: Agency) -> None:
    agency.take(TALK)
    agency.take(GUIDE, JANUARY)
    (november,) = agency.close("2026-11", datetime(2027, 2, 9, tzinfo=UTC))
    assert list(lead_ids(november)) == ["talk"]


def test_the_month_must_be_over_in_the_zone_of_every_campaign(agency: Agency) -> None:
    agency.take(GUIDE)
    agency.take(BERLIN)
    with pytest.raises(Refused, match="2026-11 is not over in America/New_York"):
        agency.close("2026-11", datetime(2026, 12, 1, 3, tzinfo=UTC))
    (statement,) = agency.close("2026-11", datetime(2026, 12, 1, 6, tzinfo=UTC))
    assert statement.time_zone == "Europe/Berlin"  # that of the first campaign by name
    assert [part.time_zone for part in statement.parts] == ["Europe/Berlin", "America/New_York"]


def test_months_are_cut_in_the_zone_of_each_campaign(agency: Agency) -> None:
    at = datetime(2026, 12, 1, 2, tzinfo=UTC)  # December in Berlin, November in New York
    expected = {"guide": [agency.take(GUIDE, at)]}
    late = agency.take(BERLIN, at)
    (november,) = agency.close("2026-11", DECEMBER)
    assert lead_ids(november) == expected
    (december,) = agency.close("2026-12", JANUARY)
    assert lead_ids(december) == {"berlin": [late]}


def test_a_campaign_that_joins_later_does_not_reopen_closed_months(agency: Agency) -> None:
    agency.take(GUIDE)
    agency.close("2026-11", DECEMBER)
    before = agency.ledger.read(lambda reading: reading.statements.get("acme-0001"))
    joined = agency.take(TALK, DECEMBER + DAY)
    assert [each.number for each in agency.close("2026-11", JANUARY)] == ["acme-0001"]
    assert agency.ledger.read(lambda reading: reading.statements.get("acme-0001")) == before
    (december,) = agency.close("2026-12", JANUARY)
    assert lead_ids(december) == {"talk": [joined]}


def test_closing_again_changes_nothing(agency: Agency) -> None:
    agency.take(GUIDE)
    agency.take(EUROS)
    first = agency.close("2026-11", DECEMBER)
    assert agency.close("2026-11", JANUARY) == first
    assert len(agency.ledger.read(documents_of)) == 2


def test_the_export_of_a_closed_month_has_the_lines_of_its_campaign_alone(agency: Agency) -> None:
    guide, talk = agency.take(GUIDE), agency.take(TALK)
    agency.close("2026-11", DECEMBER)
    for slug, lead_id in (("guide", guide), ("talk", talk)):
        exported = agency.ledger.read(
            lambda reading, slug=slug: [
                due.line.lead_id for due in draw_month(reading, slug, "2026-11", JANUARY).lines
            ]
        )
        assert exported == [lead_id]


def test_a_credit_belongs_to_the_campaign_of_its_line(agency: Agency) -> None:
    agency.take(GUIDE)
    talk = agency.take(TALK)
    agency.close("2026-11", DECEMBER)
    request = CorrectionRequest("acme-0001", talk, "goodwill", amount=Decimal(10))
    agency.ledger.transact(lambda records: issue_credit(records, request, "Ada", JANUARY))
    note = agency.ledger.read(documents_of)[-1]
    assert (note.number, note.campaigns, note.net) == ("acme-0002", ("talk",), 1000)
    spending = agency.ledger.read(lambda reading: list(spend_of(reading, "acme")))
    assert {each.campaign: each.credited for each in spending if each.credited} == {"talk": 1000}


def test_the_account_is_over_all_campaigns(agency: Agency) -> None:
    agency.take(GUIDE)
    agency.take(TALK)
    agency.close("2026-11", DECEMBER)
    (account,) = agency.ledger.read(accounts_of)
    assert (account.open, [entry.document.campaigns for entry in account.entries]) == (
        12_000,
        [("guide", "talk")],
    )


def test_a_client_without_leads_has_nothing_to_close(agency: Agency) -> None:
    with pytest.raises(NotFound, match="acme has no lead yet"):
        agency.close("2026-11", DECEMBER)


def test_an_empty_month_makes_a_document_only_on_request(agency: Agency) -> None:
    agency.take(GUIDE, DECEMBER + DAY)
    agency.take(TALK)
    (november,) = agency.close("2026-11", DECEMBER)
    agency.close("2026-12", JANUARY)
    february = datetime(2027, 2, 9, tzinfo=UTC)
    (empty,) = agency.close("2027-01", february, empty=True)
    assert (november.number, empty.number, empty.parts) == ("acme-0001", "acme-0003", [])


def break_lead(ledger: Ledger, lead_id: str) -> None:
    """Removes the criteria from the lead's verdict, which no command can do."""
    connection = ledger._connection()[0].conn  # type: ignore[attr-defined]
    connection.execute("DROP TRIGGER events_never_updated")
    connection.execute(
        "UPDATE events SET data = json_remove(data, '$.verdict.criteria')"
        " WHERE lead_id = ? AND kind = 'qualified'",
        (lead_id,),
    )


class TestParking:
    """One lead whose line cannot be computed never blocks a close."""

    @pytest.fixture
    def parked(self, tmp_path: Path) -> Iterator[Agency]:
        with closing(open_ledger(f"sqlite:///{tmp_path}/broken.db", b"a key")) as ledger:
            yield Agency(ledger)

    def test_every_other_line_is_billed_and_the_lead_is_named(self, parked: Agency) -> None:
        broken, sound = parked.take(GUIDE), parked.take(GUIDE)
        break_lead(parked.ledger, broken)
        (statement,) = parked.close("2026-11", DECEMBER)
        assert lead_ids(statement) == {"guide": [sound]}
        assert [(lead.lead_id, lead.reason) for lead in statement.parts[0].parked] == [
            (broken, "not_computable")
        ]
        assert statement.parts[0].parked[0].detail == ""
        assert parked.ledger.read(check_documents) == []

    def test_a_month_with_nothing_else_is_closed_without_a_document(self, parked: Agency) -> None:
        break_lead(parked.ledger, parked.take(GUIDE))
        assert parked.close("2026-11", DECEMBER) == []
        assert parked.ledger.read(check_documents) == []

    def test_a_later_month_bills_it_once_it_is_sound(
        self, parked: Agency, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lead_id = parked.take(GUIDE)
        with monkeypatch.context() as patch:
            patch.setattr("capture.closing.drawing.met_criteria", lambda verdict: verdict["none"])
            parked.close("2026-11", DECEMBER)
        (december,) = parked.close("2026-12", JANUARY)
        (line,) = december.lines
        assert (line.lead_id, line.late) == (lead_id, True)
        assert parked.ledger.read(check_documents) == []
        exported = parked.ledger.read(
            lambda reading: list(draw_month(reading, "guide", "2026-11", JANUARY).lines)
        )
        assert exported == []
