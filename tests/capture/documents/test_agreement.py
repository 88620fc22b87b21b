"""The agreement's words: each model and option, and no word on what does not apply."""

from decimal import Decimal

import pytest

from capture.campaign.files import read_campaign
from capture.campaign.model import Client
from capture.documents.agreement.document import agreement
from capture.qualification.criteria import qualify, sentence
from tests.capture.documents.conftest import AGENCY, CLIENT, PRICE, ROOT, made, terms, texts, words

HOURS = "hours = 48"


@pytest.mark.parametrize("slug", ["acme-cloud-guide", "acme-demo"])
def test_every_box_stands_there_in_the_very_sentence_of_the_verdict(slug: str) -> None:
    campaign = read_campaign(ROOT / f"campaigns/{slug}.toml")
    parts = texts(agreement(campaign, CLIENT, AGENCY))
    rules = [result.rule for result in qualify(campaign, {}).criteria]
    assert len(rules) == len(campaign.criteria)
    assert [text for text in parts if text in rules] == rules


def test_sections_and_clauses_are_numbered_without_gaps() -> None:
    found = made()
    assert [section.number for section in found.sections] == list(range(1, 11))
    for section in found.sections:
        expected = [f"{section.number}.{n}" for n in range(1, len(section.clauses) + 1)]
        assert [clause.number for clause in section.clauses] == expected


def test_parties_and_version_are_named() -> None:
    found = made()
    assert [party.name for party in found.parties] == [AGENCY.name, CLIENT.legal_name]
    assert found.parties[1].lines == (*CLIENT.address, CLIENT.tax_id)
    assert found.version == terms().version
    assert found.sections[-1].clauses[0].quote == found.version


@pytest.mark.parametrize(
    ("price", "said"),
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
                "nobody says anything is taken as held 48 hours after its time",
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
def test_each_price_model_says_what_is_paid_for_and_when_it_is_due(
    price: str, said: list[str]
) -> None:
    text = words(made((PRICE, price)))
    assert [part for part in said if part not in text] == []
    assert ("whichever is later" in text) == ("accepted" not in price)


def test_without_refund_days_a_refund_changes_nothing_and_the_agreement_says_so() -> None:
    text = words(made((PRICE, 'model = "cpa"\nrate = 5\nbillable = "won"')))
    assert "A refund to the customer changes no line." in text


@pytest.mark.parametrize(
    ("currency", "rate", "said"), [("JPY", "5000", "¥5,000 per"), ("KWD", "5.125", "5.125 per")]
)
def test_money_has_its_currencys_decimals(currency: str, rate: str, said: str) -> None:
    assert said in words(made(('"USD"', f'"{currency}"'), ("rate = 50", f"rate = {rate}")))


def test_who_speaks_for_the_client_is_said_with_its_hours() -> None:
    text = words(made((HOURS, "hours = 24")))
    assert "What the agency enters for the client is recorded as the agency's entry" in text
    assert "an acceptance that it entered is final 24 hours later" in text
    assert "only the client itself settles a dispute or approves a debit note" in text


@pytest.mark.parametrize(
    ("review", "said"),
    [
        ("hours = 1", ["That is 1 hour after the moment at which the lead qualified; no notice"]),
        ("hours = 24", ["24 hours after", "at night, on weekends and on holidays too"]),
        ("working_days = true", ["stands still on Saturdays and on Sundays, as"]),
        (
            "working_days = true\nholidays = [2026-12-25, 2026-11-26]",
            ["on Saturdays, on Sundays, on 26 November 2026 and on 25 December 2026, as"],
        ),
        ('notice = "email"', ["an e-mail to leads@acme-cloud.example.com;", "silence accepts no"]),
        ('notice = "webhook"', ["(a webhook)", "silence accepts nothing"]),
    ],
)
def test_the_window_is_told_with_its_clock_and_notice(review: str, said: list[str]) -> None:
    text = words(made((HOURS, review)))
    assert [part for part in said if part not in text] == []


def test_reasons_stand_there_with_their_codes() -> None:
    rows = [("too_small", "The company is smaller than it said.")]
    (table,) = [c.table for s in made().sections for c in s.clauses if c.table and s.number == 5]
    assert list(table.rows) == rows
    assert "for this reason only" in words(made())
    two = made(("too_small =", 'rude = "The person was rude.", too_small ='))
    assert "for these reasons only" in words(two)


@pytest.mark.parametrize(
    ("duplicates", "said"),
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
def test_duplicates_are_told_by_key_window_and_scope(duplicates: str, said: str) -> None:
    assert said in words(made(more=f"[duplicates]\n{duplicates}"))


@pytest.mark.parametrize(
    ("caps", "said"),
    [
        ("leads_a_month = 1", ["at most 1 qualified lead a month.", "over the cap is recorded"]),
        (
            'leads_a_month = 1000\nleads_a_company = 5\nover = "free"',
            ["1,000 qualified leads a month.", "5 qualified leads a month from", "over a cap is d"],
        ),
        ("money_a_month = 1000", ["No more than $1,000.00 is billed for a month."]),
    ],
)
def test_each_cap_is_told_with_what_is_over_it(caps: str, said: list[str]) -> None:
    text = words(made(more=f"[caps]\n{caps}"))
    assert [part for part in said if part not in text] == []
    assert ("A lead over" in text) == ("leads" in caps)


def test_without_caps_there_is_no_such_section() -> None:
    assert "Caps" not in [section.title for section in made().sections]


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        ("opens = 2026-11-01", "open from 1 November 2026."),
        ("closes = 2026-11-30", "open until 30 November 2026, that day included."),
        ("opens = 2026-11-01\ncloses = 2026-11-30", "from 1 November 2026 to 30 November 2026, b"),
        ("opens = 2026-11-01\ncloses = 2026-11-01", "open on 1 November 2026."),
    ],
)
def test_the_forms_dates_are_told(dates: str, said: str) -> None:
    assert said in words(made(('kind = "demo"', f'kind = "demo"\n{dates}')))
    assert "The form is open" not in words(made())


def test_the_files_that_visitors_get_are_named() -> None:
    kind = 'kind = "demo"'
    one = words(made((kind, 'kind = "gated"\nassets = ["a.pdf"]')))
    assert "get this file: a.pdf." in one
    two = words(made((kind, 'kind = "gated"\nassets = ["a.pdf", "b.pdf"]')))
    assert "get these files: a.pdf and b.pdf." in two


def test_every_question_is_told_with_its_answers_and_whether_it_is_required() -> None:
    found = made(("required = false", "required = false\nmax_length = 20"))
    (table,) = [c.table for s in found.sections for c in s.clauses if c.table and s.number == 2]
    assert table.rows == (
        ("Name", "text", "yes"),
        ("Work e-mail", "e-mail address", "yes"),
        ("Company size", "one of: 1-50; 51-100; 101+", "yes"),
        ("Phone", "phone number of at most 20 characters", "no"),
    )


def client(**changes: object) -> Client:
    return CLIENT.model_copy(update=changes)


def test_payment_follows_the_clients_record() -> None:
    plain = words(made(client=client(payment_days=0, purchase_order="", vat_note="")))
    assert "payable on its date." in plain
    assert "VAT" not in plain
    assert "order number" not in plain
    one = words(made(client=client(payment_days=1, vat_rate=Decimal("19.0"))))
    assert "payable 1 day after its date. It carries the order number PO-2026-0117." in one
    assert "VAT of 19 % is added to each statement." in one


def test_what_turns_the_order_of_letters_is_shown_as_a_mark() -> None:
    found = made(('"The guide"', '"pay \\u202e00.5$"'))
    assert "pay \N{REPLACEMENT CHARACTER}00.5$" in words(found)
    assert "\u202e" not in words(found)


def test_one_box_is_told_in_the_singular() -> None:
    assert "There is one box:" in words(made())
    more = ("[criteria]", "[criteria]\nfull_name = { one_of = ['Ann'] }")
    assert "The 2 boxes are:" in words(made(more))
    assert sentence(terms(more), "full_name") in words(made(more))
