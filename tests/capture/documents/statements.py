"""Statements for tests: a small one to change, and random ones."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pypdf
from hypothesis import strategies as st

from capture.billing.account import Account, Document, DocumentKind, Payment, build_accounts
from capture.billing.lines import LinePrice
from capture.billing.statement import (
    Counts,
    MetCriterion,
    Parties,
    Statement,
    StatementLine,
    StatementPart,
)
from capture.closing.credit import Correction
from capture.documents.sheet import Sheet, to_pdf
from capture.money import round_minor
from tests.samples import PARTIES

DIGEST, HEAD = "ab" * 32, "cd" * 32
TAXED = replace(PARTIES, vat_rate="19", vat_note="VAT number DE123.")
MET = MetCriterion("company_size", "Company size is at least 101")
VERSION = "199f02ba6ae3" + "0" * 52
LINE = StatementLine(
    lead_id="7ffwzp2npa6a",
    period="",
    version=VERSION,
    received_at=datetime(2026, 11, 23, 15, tzinfo=UTC),
    event="accepted",
    event_at=datetime(2026, 12, 1, 3, tzinfo=UTC),  # 30 November in New York
    due_at=datetime(2026, 12, 1, 3, tzinfo=UTC),
    price=LinePrice(5000),
    amount=5000,
    free_over_cap=False,
    late=False,
    met=[MET],
)
PART = StatementPart(
    campaign="guide",
    title="The guide",
    model="cpl",
    time_zone="America/New_York",
    lines=[LINE],
    counts=Counts(2, 1, 0),
)
STATEMENT = Statement(
    number="acme-0001",
    client="acme",
    month="2026-11",
    currency="USD",
    parts=[PART],
    parties=TAXED,
    issued_on=date(2026, 12, 2),
    time_zone="America/New_York",
    brought_forward=0,
    closed_at=datetime(2026, 12, 2, 15, tzinfo=UTC),
    last_event=84,
    chain_head=HEAD,
)


def line(**changes: Any) -> StatementLine:
    """The sample line with changes; its amount follows its price."""
    changed = replace(LINE, **changes)
    amount = 0 if changed.free_over_cap else round_minor(changed.price.exact)
    return replace(changed, amount=amount)


def statement_of(*lines: StatementLine, **changes: Any) -> Statement:
    """The sample statement with these lines in one campaign."""
    return replace(STATEMENT, **{"parts": [replace(PART, lines=lines)], **changes})


def sold_line(event: str, price: LinePrice, **changes: Any) -> StatementLine:
    """A line for a sale, or for a period of revenue."""
    period = "2026-11-15" if event == "revenue" else ""
    return line(event=event, period=period, price=price, **changes)


# The client's account, and texts of sheets.


CREDIT = Correction(
    number="acme-0002",
    kind=DocumentKind.CREDIT,
    client="acme",
    campaign="guide",
    statement="acme-0001",
    lead_id="7ffwzp2npa6a",
    period="",
    amount=2000,
    vat=380,
    currency="USD",
    reason="too_small",
    issued_at=datetime(2026, 12, 3, tzinfo=UTC),
)


def document(place: int, kind: DocumentKind, gross: int = 5950) -> Document:
    """The client's document number `place`; notes correct the first one."""
    is_statement = kind is DocumentKind.INVOICE
    net = round(gross / 1.19)
    return Document(
        number=f"acme-{place:04d}",
        kind=kind,
        client="acme",
        campaigns=("guide",),
        time_zone="America/New_York",
        month="2026-11",
        corrects="" if is_statement else "acme-0001",
        currency="USD",
        net=net,
        vat=gross - net,
        vat_rate="19",
        issued_on=date(2026, 12, 1 + place),
        due_on=None if kind is DocumentKind.CREDIT else date(2027, 1, 1),
    )


def account_of(documents: Sequence[Document], payments: Sequence[Payment] = ()) -> Account:
    """The client's account."""
    (account,) = build_accounts(documents, payments)
    return account


def payment(number: str, amount: int, paid_on: date) -> Payment:
    """A payment of the client."""
    return Payment("acme", number, amount, paid_on)


def pdf_text(sheet_: Sheet) -> str:
    """The text of the PDF on one line."""
    pages = pypdf.PdfReader(io.BytesIO(to_pdf(sheet_))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


# Random statements.


_MODELS: Final = {
    "cpl": "accepted",
    "cpap": "held",
    "cpa": "won",
    "revenue_share": "revenue",
}
_ZONES: Final = ("America/New_York", "Europe/Berlin", "Asia/Tokyo", "UTC", "Asia/Kathmandu")
_TITLES: Final = ("The guide", "Demo", "Über uns", "10 % off: $5.00 of 100", "= 1 + 1")
_MONTH: Final = datetime(2026, 11, 1, tzinfo=UTC)
_money = st.integers(1, 10**9) | st.integers(1, 99)
_percents = st.sampled_from(["10", "15", "12.5", "7.25", "33.333", "0.5", "100"])


@st.composite
def prices(draw: st.DrawFn, model: str) -> LinePrice:
    """A price of a model; a sale or revenue may be refunded in part."""
    sold = draw(_money)
    refunded = draw(st.just(0) | st.integers(0, sold - 1))
    if model == "revenue_share" or (model == "cpa" and draw(st.booleans())):
        return LinePrice(None, draw(_percents), sold, refunded)
    if model == "cpa":
        return LinePrice(draw(_money), "", sold, refunded)
    return LinePrice(draw(_money))


@st.composite
def _lines(draw: st.DrawFn, model: str, lead_id: str) -> StatementLine:
    due_at = _MONTH + timedelta(minutes=draw(st.integers(0, 30 * 24 * 60)))
    return line(
        lead_id=lead_id,
        period="2026-11-15" if model == "revenue_share" else "",
        version=draw(st.sampled_from([VERSION, "f" * 64])),
        event=_MODELS[model],
        event_at=due_at - timedelta(hours=draw(st.sampled_from([0, 48]))),
        due_at=due_at,
        price=draw(prices(model)),
        free_over_cap=draw(st.integers(0, 5)) == 0,
        late=draw(st.booleans()),
        entered=draw(st.booleans()),
        by_silence=draw(st.booleans()),
    )


@st.composite
def _parts(draw: st.DrawFn, number: int) -> StatementPart:
    model = draw(st.sampled_from(list(_MODELS)))
    ids = [f"{number}ffwzp2npa{place:02d}" for place in range(draw(st.integers(0, 6)))]
    return StatementPart(
        campaign=f"guide-{number}",
        title=draw(st.sampled_from(_TITLES)),
        model=model,
        time_zone=draw(st.sampled_from(_ZONES)),
        lines=[draw(_lines(model, lead_id)) for lead_id in ids],
        counts=Counts(*(draw(st.integers(0, 3)) for _ in range(3))),
    )


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    """A statement over a few campaigns, with tax or not, with or without earlier credit."""
    parts = [draw(_parts(number)) for number in range(draw(st.integers(1, 3)))]
    parties = replace(PARTIES, vat_rate=draw(st.sampled_from(["0", "19", "7.5", "20"])))
    return replace(
        STATEMENT,
        currency=draw(st.sampled_from(["USD", "JPY", "KWD", "EUR"])),
        parts=parts,
        parties=_with_document(parties, draw(st.sampled_from(["invoice", "statement"]))),
        brought_forward=draw(st.just(0) | st.integers(-(10**9), -1)),
    )


def references_of(statement: Statement) -> dict[str, str]:
    """A company for every other lead."""
    leads: Sequence[StatementLine] = statement.lines
    return {each.lead_id: f"Company {each.lead_id[-2:]} Ltd" for each in leads[::2]}


def _with_document(parties: Parties, document: str) -> Parties:
    return replace(parties, document=document)
