"""The text of the agreement: every price model and option, and nothing that does not apply."""

from decimal import Decimal

import pytest

from capture.campaign.client import Client
from capture.campaign.files import read_campaign
from capture.documents.agreement.document import agreement
from capture.documents.agreement.model import Agreement
from capture.qualification.criteria import qualify, sentence
from tests.capture.documents.conftest import (
    AGENCY,
    CLIENT,
    PRICE,
    ROOT,
    agreement_on,
    full_text,
    terms,
    texts,
)

HOURS = "hours = 48"


@pytest.mark.parametrize("slug", ["acme-cloud-guide", "acme-demo"])
def test_each_criterion_has_the_same_sentence_as_in_the_verdict(slug: str) -> None:
    campaign = read_campaign(ROOT / f"campaigns/{slug}.toml")
    parts = texts(agreement(campaign, CLIENT, AGENCY))
    rules = [result.rule for result in qualify(campaign, {}).criteria]
    assert len(rules) == len(campaign.criteria)
    assert [text for text in parts if text in rules] == rules


def test_sections_and_clauses_are_numbered_without_gaps() -> None:
    document = agreement_on()
    assert [section.number for section in document.sections] == list(range(1, 13))
    for section in document.sections:
        expected = [f"{section.number}.{n}" for n in range(1, len(section.clauses) + 1)]
        assert [clause.number for clause in section.clauses] == expected


def test_parties_and_version_are_named() -> None:
    document = agreement_on()
    assert [party.name for party in document.parties] == [AGENCY.name, CLIENT.legal_name]
    assert document.parties[1].lines == (*CLIENT.address, CLIENT.tax_id)
    assert document.version == terms().version
    assert document.sections[-1].clauses[0].quote == document.version


@pytest.mark.parametrize(
    ("price", "phrases"),
    [
        (PRICE, ["The price is $50.00 per accepted lead, net of tax.", "moment of acceptance"]),
        (
            'model = "cpap"\nrate = 300\nbillable = "scheduled"',
            ["$300.00 per appointment scheduled with", "was agreed", "does not come, is charged"],
        ),
        (
            'model = "cpap"\nrate = 250\nbillable = "held"',
            [
                "$250.00 per appointment held with",
                "was held",
                "costs nothing",
                "becomes final, and falls due, 48 hours later",
                "nobody reports anything counts as held 48 hours after its time",
            ],
        ),
        (
            'model = "cpa"\nrate = 500\nbillable = "won"\nrefund_days = 1',
            ["$500.00 per accepted lead that becomes a customer", "within 1 day of the sale"],
        ),
        (
            'model = "cpa"\npercent = 10.0\nbillable = "won"\nrefund_days = 30',
            ["is 10 % of the first purchase of each", "within 30 days of the sale"],
        ),
        (
            'model = "revenue_share"\npercent = 12.5\nbillable = "revenue"\nmonths = 12',
            ["12.5 % of the revenue", "first 12 months,", "once for each period"],
        ),
        (
            'model = "revenue_share"\npercent = 15\nbillable = "revenue"\nmonths = 1',
            [
                "for the first month,",
                "same day 1 month later",
                "split by month, and each part falls due when its month begins",
                "on which the customer left",
            ],
        ),
    ],
)
def test_each_price_model_states_what_is_paid_for_and_when_it_is_due(
    price: str, phrases: list[str]
) -> None:
    text = full_text(agreement_on((PRICE, price)))
    assert [part for part in phrases if part not in text] == []
    assert ("whichever is later" in text) == ("accepted" not in price)


def test_without_refund_days_the_agreement_states_that_a_refund_changes_nothing() -> None:
    text = full_text(agreement_on((PRICE, 'model = "cpa"\nrate = 5\nbillable = "won"')))
    assert "A refund to the customer changes no line." in text


@pytest.mark.parametrize(
    ("currency", "rate", "phrase"), [("JPY", "5000", "¥5,000 per"), ("KWD", "5.125", "5.125 per")]
)
def test_an_amount_has_the_decimals_of_its_currency(currency: str, rate: str, phrase: str) -> None:
    assert phrase in full_text(
        agreement_on(('"USD"', f'"{currency}"'), ("rate = 50", f"rate = {rate}"))
    )


def test_the_agreement_states_who_may_act_for_the_client_and_for_how_many_hours() -> None:
    text = full_text(agreement_on((HOURS, "hours = 24")))
    assert "What the agency enters for the client is recorded as the agency's entry" in text
    assert "an acceptance that it entered is final 24 hours later" in text
    assert "only the client itself settles a dispute or approves a debit note" in text


@pytest.mark.parametrize(
    ("review", "phrases"),
    [
        ("hours = 1", ["That is 1 hour after the moment at which the lead qualified; no notice"]),
        ("hours = 24", ["24 hours after", "at night, on weekends and on holidays too"]),
        ("working_days = true", ["stands still on Saturdays and on Sundays, by"]),
        (
            "working_days = true\nholidays = [2026-12-25, 2026-11-26]",
            ["on Saturdays, on Sundays, on 26 November 2026 and on 25 December 2026, by"],
        ),
        ('notice = "email"', ["an e-mail to leads@acme-cloud.example.com;", "silence accepts no"]),
        ('notice = "webhook"', ["(a webhook)", "silence accepts nothing"]),
    ],
)
def test_the_window_is_stated_with_its_clock_and_notice(review: str, phrases: list[str]) -> None:
    text = full_text(agreement_on((HOURS, review)))
    assert [part for part in phrases if part not in text] == []


def test_reasons_are_listed_with_their_codes() -> None:
    rows = [("too_small", "The company is smaller than it said.")]
    (table,) = [
        c.table for s in agreement_on().sections for c in s.clauses if c.table and s.number == 6
    ]
    assert list(table.rows) == rows
    assert "for this reason only" in full_text(agreement_on())
    two = agreement_on(("too_small =", 'rude = "The person was rude.", too_small ='))
    assert "for these reasons only" in full_text(two)


@pytest.mark.parametrize(
    ("duplicates", "phrase"),
    [
        ("window = 1", "the same e-mail address as a lead of this campaign that came in the day b"),
        ("window = 2", "came in the 2 days before"),
        ('scope = "client"', "of any campaign of the client that came at any time before"),
        ('keys = ["phone"]', "the same phone number as"),
        (
            'keys = ["email", "phone", "company_domain"]',
            "the same e-mail address, phone number or company domain as",
        ),
    ],
)
def test_a_duplicate_is_defined_by_key_window_and_scope(duplicates: str, phrase: str) -> None:
    assert phrase in full_text(agreement_on(more=f"[duplicates]\n{duplicates}"))


@pytest.mark.parametrize(
    ("caps", "phrases"),
    [
        ("leads_a_month = 1", ["at most 1 qualified lead a month.", "over the cap is recorded"]),
        (
            'leads_a_month = 1000\nleads_a_company = 5\nover = "free"',
            ["1,000 qualified leads a month.", "5 qualified leads a month from", "over a cap is d"],
        ),
        ("money_a_month = 1000", ["No more than $1,000.00 is billed for a month."]),
    ],
)
def test_each_cap_is_stated_with_what_happens_over_it(caps: str, phrases: list[str]) -> None:
    text = full_text(agreement_on(more=f"[caps]\n{caps}"))
    assert [part for part in phrases if part not in text] == []
    assert ("A lead over" in text) == ("leads" in caps)


def test_without_caps_there_is_no_section_on_caps() -> None:
    assert "Caps" not in [section.title for section in agreement_on().sections]


@pytest.mark.parametrize(
    ("dates", "phrase"),
    [
        ("opens = 2026-11-01", "open from 1 November 2026."),
        ("closes = 2026-11-30", "open until 30 November 2026, that day included."),
        ("opens = 2026-11-01\ncloses = 2026-11-30", "from 1 November 2026 to 30 November 2026, b"),
        ("opens = 2026-11-01\ncloses = 2026-11-01", "open on 1 November 2026."),
    ],
)
def test_the_opening_dates_of_the_form_are_stated(dates: str, phrase: str) -> None:
    assert phrase in full_text(agreement_on(('kind = "demo"', f'kind = "demo"\n{dates}')))
    assert "The form is open" not in full_text(agreement_on())


def test_the_files_that_visitors_get_are_named() -> None:
    kind = 'kind = "demo"'
    one = full_text(agreement_on((kind, 'kind = "gated"\nassets = ["a.pdf"]')))
    assert "get this file: a.pdf." in one
    two = full_text(agreement_on((kind, 'kind = "gated"\nassets = ["a.pdf", "b.pdf"]')))
    assert "get these files: a.pdf and b.pdf." in two


def test_every_question_is_listed_with_its_answers_and_whether_it_is_required() -> None:
    document = agreement_on(("required = false", "required = false\nmax_length = 20"))
    (table,) = [c.table for s in document.sections for c in s.clauses if c.table and s.number == 2]
    assert table.rows == (
        ("Name", "text", "yes"),
        ("Work e-mail", "e-mail address", "yes"),
        ("Company size", "one of: 1-50; 51-100; 101+", "yes"),
        ("Phone", "phone number of at most 20 characters", "no"),
    )


def client(**changes: object) -> Client:
    return CLIENT.model_copy(update=changes)


def test_payment_follows_the_clients_record() -> None:
    plain = full_text(agreement_on(client=client(payment_days=0, purchase_order="", vat_note="")))
    assert "payable on its date." in plain
    assert "VAT" not in plain
    assert "order number" not in plain
    one = full_text(agreement_on(client=client(payment_days=1, vat_rate=Decimal("19.0"))))
    assert "payable 1 day after its date. It carries the order number PO-2026-0117." in one
    assert "VAT of 19 % is added to each invoice." in one


def test_a_character_that_reverses_the_reading_order_is_replaced() -> None:
    document = agreement_on(('"The guide"', '"pay \\u202e00.5$"'))
    assert "pay \N{REPLACEMENT CHARACTER}00.5$" in full_text(document)
    assert "\u202e" not in full_text(document)


def test_a_single_criterion_is_announced_in_the_singular() -> None:
    assert "There is one criterion:" in full_text(agreement_on())
    more = ("[criteria]", "[criteria]\nfull_name = { one_of = ['Ann'] }")
    assert "The 2 criteria are:" in full_text(agreement_on(more))
    assert sentence(terms(more), "full_name") in full_text(agreement_on(more))


def reporting_texts(document: Agreement) -> str:
    """The text of the section on reporting; empty without one."""
    return "\n".join(
        clause.text
        for section in document.sections
        if section.title == "Reporting"
        for clause in section.clauses
    )


def test_a_file_without_reporting_promises_no_report() -> None:
    assert reporting_texts(agreement_on()) == ""


def test_monthly_reports_are_promised_with_their_time_and_the_addresses_for_bills() -> None:
    text = reporting_texts(agreement_on(more="[reporting]"))
    assert "on the first day of each month after 08:00, on the month before" in text
    assert "Monday" not in text
    assert f"time zone {terms().time_zone}." in text
    assert f"The report is sent to {' and '.join(CLIENT.contacts.bills)}." in text


def test_weekly_reports_are_promised_for_each_monday_and_for_the_end_of_the_month() -> None:
    text = reporting_texts(agreement_on(more='[reporting]\nevery = "week"'))
    assert "each Monday after 08:00, on the month in which the day before lies" in text
    assert "and on the first day of each month after 08:00, on the month before" in text


def test_reports_go_to_the_addresses_for_reports_if_the_client_has_some() -> None:
    contacts = CLIENT.contacts.model_copy(update={"reports": ("board@acme.example",)})
    client = CLIENT.model_copy(update={"contacts": contacts})
    text = reporting_texts(agreement_on(more="[reporting]", client=client))
    assert "The report is sent to board@acme.example." in text
    assert CLIENT.contacts.bills[0] not in text
