"""Random terms, times and acts, often at limits: equal times, month ends, clock changes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from tests.capture.billing.oracle_acts import ACTS_ON_A_LEAD, Act, full_refunds
from tests.capture.billing.oracle_history import LeadHistory, Outcome, Terms, months_later
from tests.capture.billing.oracle_waiting import ACTS_ON_DELIVERY

MODELS: Final = ("cpl", "cpap", "cpa", "revenue_share")
ZONES: Final = ("America/New_York", "Europe/Berlin", "Asia/Tokyo", "Australia/Lord_Howe")
CURRENCIES: Final = (("USD", 2), ("JPY", 0), ("KWD", 3))
VAT_RATES: Final = ("0", "7.5", "19", "33.333")
STARTS: Final = [
    datetime(*day, 12, tzinfo=UTC)  # type: ignore[misc]
    for day in (
        (2026, 3, 27),  # clocks change in Berlin on the 29th
        (2026, 4, 2),  # in Lord Howe on the 5th, by half an hour
        (2026, 10, 30),  # in New York on 1 November
        (2026, 12, 30),
        (2027, 1, 29),
        (2028, 2, 27),  # a leap day
    )
]
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
GAPS: Final = [
    timedelta(0),
    SECOND,
    10 * SECOND,
    11 * SECOND,
    HOUR,
    2 * HOUR,
    24 * HOUR,
    48 * HOUR,
    5 * DAY,
    32 * DAY,
]
DOMAINS: Final = ["clinic.example", "lab.example", "bank.example", "gmail.com"]
DETAILS: Final[Mapping[str, Sequence[str]]] = {
    "rejected": ["reason"],
    "corrected": ["answer"],
    "scheduled": ["meeting"],
    "moved": ["meeting"],
    "objected": ["reason", "period"],
    "won": ["amount"],
    "revenue": ["amount", "period", "months"],
    "refunded": ["period", "months", "amount"],
}
"""The further fields of each kind of act."""
SHORT_GAPS: Final = GAPS[:7]
"""The times between submissions, up to a day."""
REVIEWS: Final = {"accepted", "rejected", "withdrawn", "bounced", "disputed", "settled"}
OUTCOMES: Final = set(ACTS_ON_A_LEAD) - REVIEWS
ANY_KIND: Final = (*ACTS_ON_A_LEAD, *ACTS_ON_DELIVERY, "corrected", "confirmed", "released")
BY_THE_PERSON: Final = ("consent_withdrawn", "consent_withdrawn", "erased", "forgotten")
SIZES: Final = ["101+"] * 6 + ["51-100", "1-50"]
REASONS: Final = ["too_small"] * 7 + ["no_reason"]


def random_terms(rng: Random, model: str) -> Terms:
    """Random valid terms of a price model."""
    currency, decimals = rng.choice(CURRENCIES)
    return change_terms(rng, Terms(model, "", rng.choice(ZONES), currency, decimals))


def random_client(rng: Random, model: str) -> dict[str, Terms]:
    """Random terms of one to three campaigns, mostly in one currency; `model` is that of one."""
    first = random_terms(rng, model)
    slugs = rng.sample(["demo", "guide", "talk"], rng.choice([1, 2, 3, 3]))
    campaigns = {slugs[0]: first}
    for slug in slugs[1:]:
        terms = random_terms(rng, rng.choice(MODELS))
        if rng.random() < 0.8:
            terms = replace(terms, currency=first.currency, decimals=first.decimals)
        campaigns[slug] = terms
    return campaigns


def change_terms(rng: Random, terms: Terms) -> Terms:
    """Other terms of the same campaign; currency, time zone and model stay (rule 17)."""
    billables = {
        "cpl": ["accepted"],
        "cpap": ["scheduled", "held"],
        "cpa": ["won"],
        "revenue_share": ["revenue"],
    }[terms.model]
    flat = terms.model in ("cpl", "cpap") or (terms.model == "cpa" and rng.random() < 0.4)
    rate = rng.choice([1, 5, 5000, 25001, 99_999_999]) if flat else None
    percent = Decimal(rng.choice(["10", "15", "12.5", "0.5", "33.333", "100"]))
    month_cap = rng.choice([None, None, None, None, 1, 3, 6])
    company_cap = rng.choice([None, None, None, None, 1, 2])
    if month_cap and company_cap:
        company_cap = min(month_cap, company_cap)
    money = rng.choice([None, None, None, 1, 2, 700])
    if money:
        money = min(money * (rate or 1) + rng.choice([0, 1, -1][: money + 1]), 10**9)
    working = rng.random() < 0.4
    return replace(
        terms,
        billable=rng.choice(billables),
        rate=rate,
        percent=None if flat else percent,
        months=rng.choice([1, 2, 12]) if terms.model == "revenue_share" else None,
        refund_days=rng.choice([0, 1, 30]) if terms.model in ("cpa", "revenue_share") else 0,
        hours=rng.choice([1, 24, 48]),
        working_days=working,
        holidays=(date(2026, 11, 3), date(2027, 1, 1)) if working else (),
        notice=rng.random() < 0.25,
        window_days=rng.choice([None, 1, 40]),
        scope=rng.choice(["campaign", "campaign", "client"]),
        leads_a_month=month_cap,
        leads_a_company=company_cap,
        over=rng.choice(["refuse", "free"]),
        money_a_month=money,
        at_least=rng.choice([101, 101, 51]),
        confirm=rng.random() < 0.3,
    )


def random_email(rng: Random, known: list[str]) -> str:
    """Mostly the address of a new person; there are few companies."""
    if known and rng.random() < 0.3:
        return rng.choice(known)
    return f"p{rng.randrange(10**6)}@{rng.choice(DOMAINS)}"


def choose_lead(rng: Random, histories: list[LeadHistory]) -> LeadHistory:
    """Mostly one of the newest open leads: not ended at the gate, and not refunded."""
    active = [
        history
        for history in histories
        if history.stage in ("qualified", "unconfirmed", "quarantined", "held_back")
        and (history.sale != "refunded" or rng.random() < 0.1)
    ]
    return rng.choice(active[-6:] if active and rng.random() < 0.9 else histories)


def random_time(rng: Random, now: datetime, history: LeadHistory) -> datetime:
    """A time not before `now`, often within a second of a deadline or of a meeting."""
    limits = [history.deadline, history.deemed_held_at, history.meeting, history.link_ends]
    limits += [outcome.final_at for outcome in billable_outcomes(history)]
    moments = [
        limit + rng.choice([-SECOND, 0 * SECOND, SECOND]) for limit in limits if limit is not None
    ]
    moments = [moment for moment in moments if moment >= now]
    if moments and rng.random() < 0.6:
        return min(moments) if rng.random() < 0.6 else rng.choice(moments)
    return now + rng.choice(GAPS)


def billable_outcomes(history: LeadHistory) -> list[Outcome]:
    """The recorded outcomes for which the client may have to pay."""
    amounts = [amount for amounts in history.revenue.values() for amount in amounts]
    outcomes = (history.booked, history.held, history.won, *amounts)
    return [outcome for outcome in outcomes if outcome]


def random_period(rng: Random, act: Act, history: LeadHistory) -> date:
    """A first day of revenue: near the sale, at month ends, or one that is recorded already."""
    waiting = [
        day
        for day, amounts in history.revenue.items()
        if any(amount.final_at > act.at for amount in amounts)
    ]
    if act.kind == "objected" and waiting:
        return rng.choice(waiting)
    near = history.terms.day(history.won.occurred_at if history.won else act.at)
    days = [near, near - DAY, near + DAY, near + 28 * DAY, near.replace(day=28) + 3 * DAY]
    days += [months_later(near, rng.choice([1, 2, 3])), months_later(near, 4) - DAY]
    if history.terms.months:
        days.append(months_later(near, history.terms.months) - rng.choice([0, 1]) * DAY)
    return rng.choice([*days, *sorted(history.revenue)])


def random_act(rng: Random, now: datetime, history: LeadHistory) -> Act:
    """An act on a lead: mostly one that the rules are likely to allow."""
    is_any_kind = rng.random() < 0.15
    kinds = ANY_KIND if is_any_kind else likely_kinds(rng, history, now)
    kind = rng.choice(kinds)
    at, by = random_time(rng, now, history), rng.choice(["Carol", "Carol", "Carol", "Dan"])
    if history.undo and kind == "withdrawn":
        at, by = now + rng.choice([0, 0, 1, 10, 11]) * SECOND, rng.choice([history.undo[0], by])
    if kind == "objected":
        pending = history.appointment == "scheduled" and history.meeting
        at = max(now, history.meeting) if pending else now
    if kind in ("held", "no_show") and history.meeting and rng.random() < 0.7:
        at = max(now, history.meeting + rng.choice([-SECOND, 0 * SECOND, HOUR]))
    act = Act(at, kind, lead=history.lead, by=by)
    if kind in OUTCOMES:
        back = rng.choice([None, None, HOUR, 20 * DAY, 40 * DAY])
        on = None if back is None or at - back < history.received else at - back
        client = rng.random() < (0.9 if kind == "objected" else 0.5)
        act = replace(act, client=client, on=on)
    if kind == "forgotten":
        act = replace(act, email=rng.choice(["", history.email]))
    if kind in ("accepted", "rejected", "withdrawn"):
        act = replace(act, entered=by == "Dan")  # Dan works at the agency
    if kind == "corrected" and rng.random() < 0.3:
        return replace(act, email=random_email(rng, [history.email]))
    for name in DETAILS.get(kind, ()):
        act = replace(act, **{name: _detail(rng, name, act, history)})
    return act


def _detail(rng: Random, name: str, act: Act, history: LeadHistory) -> object:
    if name == "amount":
        return _amount(rng, act, history)
    if act.kind == "refunded":
        return _refund_detail(rng, name, act, history)
    if name == "period":
        return random_period(rng, act, history)
    if name == "meeting":
        return act.at + rng.choice([-DAY, 0 * DAY, HOUR, HOUR, 3 * DAY, 20 * DAY])
    return rng.choice({"months": [1, 1, 2, 3, 12], "reason": REASONS, "answer": SIZES}[name])


def _refund_detail(rng: Random, name: str, act: Act, history: LeadHistory) -> object:
    """The months that a refund names: under revenue share mostly recorded ones."""
    known = sorted(history.revenue)
    if name == "months":
        return rng.choice([1, 1, 1, 2, 3]) if act.period else 1
    if history.terms.model == "revenue_share" and rng.random() < 0.85:
        return rng.choice([None, *known, *known]) if rng.random() < 0.9 else act.at.date()
    return rng.choice([None] * 9 + known[:1])


def _amount(rng: Random, act: Act, history: LeadHistory) -> int:
    """Minor units: small amounts, whose shares are often ties, large ones, parts of a sale."""
    if act.kind == "refunded" and history.won and rng.random() < 0.9:
        if act.period in history.revenue:
            net = history.net_revenue(act.period) * act.months
            return rng.choice([net, max(1, net // 3), max(1, net // 7), act.months])
        if history.revenue:
            return rng.choice([*full_refunds(history), 1])
        return rng.choice([history.won.amount, max(1, history.won.amount // 3), 1])
    large = [100, 1005, 120005, 99_999_999_999]
    return rng.choice([rng.randint(1, 60), rng.randint(1, 10**7), rng.choice(large)])


LIKELY_BEFORE_REVIEW: Final[Mapping[str, list[str]]] = {
    "unconfirmed": ["confirmed"] * 6 + ["held_back", "corrected", "bounced"],
    "quarantined": ["released"] * 4 + ["confirmed", "discarded", "corrected", "bounced"],
    "held_back": ["released"] * 4 + ["discarded", "corrected", "bounced", "accepted", "rejected"],
}
"""By stage of a lead that is not in review."""


def likely_kinds(rng: Random, history: LeadHistory, now: datetime) -> list[str]:
    """The kinds of acts that the rules are likely to allow next, so that histories advance."""
    by_the_person = [rng.choice(BY_THE_PERSON)] if rng.random() < 0.1 else []
    if history.stage != "qualified":
        return LIKELY_BEFORE_REVIEW.get(history.stage, ["corrected"]) + by_the_person
    reviews = by_the_person
    if history.undo is not None and now - history.undo[1] < 11 * SECOND:
        reviews += ["withdrawn"] * 6
    if history.rejected:
        return reviews + (["settled"] if history.disputed else ["disputed"])
    if history.is_undecided:
        reviews += ["accepted"] * 3 + ["rejected"] * 2 + ["corrected"]
        reviews += ["bounced"] * (rng.random() < 0.2)
        reviews += ["held_back"] * (rng.random() < 0.4)
    if any(outcome.final_at > now for outcome in billable_outcomes(history)):
        reviews += ["objected"] * 2 + ["no_show"]
    meetings = {
        "scheduled": ["moved", "held", "held", "no_show", "cancelled", "objected"],
        "held": [],
        "objected": ["scheduled", "held"],
    }.get(history.appointment, ["scheduled"])
    sales = {
        "won": ["revenue"] * 3 + ["refunded"] * 2 if history.terms.model != "cpa" else ["refunded"],
        "churned": ["revenue", "won", "refunded"],
        "refunded": ["revenue"],
    }.get(history.sale, ["won", "won", "lost"])
    weights = {"cpl": (1, 1), "cpap": (3, 1), "cpa": (1, 3), "revenue_share": (1, 3)}
    meeting_weight, sale_weight = weights[history.terms.model]
    churn = ["churned"] if history.sale == "won" and rng.random() < 0.3 else []
    return reviews + meetings * meeting_weight + sales * sale_weight + churn or ["refunded"]
