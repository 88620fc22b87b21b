"""Random terms, times and acts, often at edges: equal times, month ends, clock changes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from tests.capture.billing.oracle_acts import ON_A_LEAD, Act, sums_in_full
from tests.capture.billing.oracle_life import Life, Outcome, Terms, months_later

ZONES: Final = ("America/New_York", "Europe/Berlin", "Asia/Tokyo", "Australia/Lord_Howe")
CURRENCIES: Final = (("USD", 2), ("JPY", 0), ("KWD", 3))
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
    24 * HOUR,
    48 * HOUR,
    5 * DAY,
    32 * DAY,
]
DOMAINS: Final = ["clinic.example", "lab.example", "bank.example", "gmail.com"]
SAYS: Final[Mapping[str, Sequence[str]]] = {
    "rejected": ["reason"],
    "corrected": ["answer"],
    "scheduled": ["meeting"],
    "moved": ["meeting"],
    "objected": ["reason", "period"],
    "won": ["amount"],
    "revenue": ["amount", "period", "months"],
    "refunded": ["period", "months", "amount"],
}
"""What an act says beside who, when and about whom."""
OUTCOMES: Final = set(ON_A_LEAD) - {"accepted", "rejected", "withdrawn", "disputed", "settled"}
SIZES: Final = ["101+"] * 6 + ["51-100", "1-50"]
REASONS: Final = ["too_small"] * 7 + ["no_reason"]


def agreement(any_: Random, model: str) -> Terms:
    """Any terms that a campaign file may say under a price model."""
    currency, decimals = any_.choice(CURRENCIES)
    return changed(any_, Terms(model, "", any_.choice(ZONES), currency, decimals))


def changed(any_: Random, terms: Terms) -> Terms:
    """The same campaign under other terms; client, currency, zone and model stay (rule 17)."""
    billables = {
        "cpl": ["accepted"],
        "cpap": ["scheduled", "held"],
        "cpa": ["won"],
        "revenue_share": ["revenue"],
    }[terms.model]
    flat = terms.model in ("cpl", "cpap") or (terms.model == "cpa" and any_.random() < 0.4)
    rate = any_.choice([1, 5, 5000, 25001, 99_999_999]) if flat else None
    percent = Decimal(any_.choice(["10", "15", "12.5", "0.5", "33.333", "100"]))
    month_cap = any_.choice([None, None, None, None, 1, 3, 6])
    company_cap = any_.choice([None, None, None, None, 1, 2])
    if month_cap and company_cap:
        company_cap = min(month_cap, company_cap)
    money = any_.choice([None, None, None, 1, 2, 700])
    if money:
        money = min(money * (rate or 1) + any_.choice([0, 1, -1][: money + 1]), 10**9)
    working = any_.random() < 0.4
    return replace(
        terms,
        billable=any_.choice(billables),
        rate=rate,
        percent=None if flat else percent,
        months=any_.choice([1, 2, 12]) if terms.model == "revenue_share" else None,
        refund_days=any_.choice([0, 1, 30]) if terms.model in ("cpa", "revenue_share") else 0,
        hours=any_.choice([1, 24, 48]),
        working_days=working,
        holidays=(date(2026, 11, 3), date(2027, 1, 1)) if working else (),
        notice=any_.random() < 0.25,
        window_days=any_.choice([None, 1, 40]),
        leads_a_month=month_cap,
        leads_a_company=company_cap,
        over=any_.choice(["refuse", "free"]),
        money_a_month=money,
        at_least=any_.choice([101, 101, 51]),
    )


def email(any_: Random, known: list[str]) -> str:
    """Mostly somebody new; there are few companies."""
    if known and any_.random() < 0.3:
        return any_.choice(known)
    return f"p{any_.randrange(10**6)}@{any_.choice(DOMAINS)}"


def chosen(any_: Random, lives: list[Life]) -> Life:
    """Mostly a lead of which something can become, and rather a new one."""
    good = [
        history
        for history in lives
        if history.stage == "qualified" and (history.sale != "refunded" or any_.random() < 0.1)
    ]
    return any_.choice(good[-6:] if good and any_.random() < 0.9 else lives)


def edge(any_: Random, now: datetime, history: Life) -> datetime:
    """A moment not before `now`: often the very instant at which something is decided."""
    decides = [history.deadline, history.silent, history.meeting]
    decides += [one.final for one in standing(history)]
    found = [
        moment + any_.choice([-SECOND, 0 * SECOND, SECOND])
        for moment in decides
        if moment is not None
    ]
    found = [moment for moment in found if moment >= now]
    if found and any_.random() < 0.6:
        return min(found) if any_.random() < 0.6 else any_.choice(found)
    return now + any_.choice(GAPS)


def standing(history: Life) -> list[Outcome]:
    """Paying outcomes that there are."""
    amounts = [one for paid in history.revenue.values() for one in paid]
    return [one for one in (history.booked, history.held, history.won, *amounts) if one]


def period(any_: Random, act: Act, history: Life) -> date:
    """A first day of revenue: near the sale, at month ends, or one that is recorded already."""
    waiting = [
        day for day, paid in history.revenue.items() if any(one.final > act.at for one in paid)
    ]
    if act.what == "objected" and waiting:
        return any_.choice(waiting)
    near = history.terms.day(history.won.on if history.won else act.at)
    days = [near, near - DAY, near + DAY, near + 28 * DAY, near.replace(day=28) + 3 * DAY]
    days += [months_later(near, any_.choice([1, 2, 3])), months_later(near, 4) - DAY]
    if history.terms.months:
        days.append(months_later(near, history.terms.months) - any_.choice([0, 1]) * DAY)
    return any_.choice([*days, *sorted(history.revenue)])


def act_on(any_: Random, now: datetime, history: Life) -> Act:
    """Something that somebody does about a lead: mostly what may well be allowed."""
    wild = any_.random() < 0.15
    what = any_.choice([*ON_A_LEAD, "corrected"] if wild else likely(any_, history, now))
    at, by = edge(any_, now, history), any_.choice(["Carol", "Carol", "Carol", "Dan"])
    if history.undo and what == "withdrawn":
        at, by = now + any_.choice([0, 0, 1, 10, 11]) * SECOND, any_.choice([history.undo[0], by])
    if what == "objected":
        pending = history.appointment == "scheduled" and history.meeting
        at = max(now, history.meeting) if pending else now
    if what in ("held", "no_show") and history.meeting and any_.random() < 0.7:
        at = max(now, history.meeting + any_.choice([-SECOND, 0 * SECOND, HOUR]))
    act = Act(at, what, lead=history.lead, by=by)
    if what in OUTCOMES:
        back = any_.choice([None, None, HOUR, 20 * DAY, 40 * DAY])
        on = None if back is None or at - back < history.received else at - back
        client = any_.random() < (0.9 if what == "objected" else 0.5)
        act = replace(act, client=client, on=on)
    if what in ("accepted", "rejected", "withdrawn"):
        act = replace(act, entered=by == "Dan")  # who works at the agency
    for name in SAYS.get(what, ()):
        act = replace(act, **{name: _detail(any_, name, act, history)})
    return act


def _detail(any_: Random, name: str, act: Act, history: Life) -> object:
    if name == "amount":
        return _money(any_, act, history)
    if act.what == "refunded":
        return _of_a_refund(any_, name, act, history)
    if name == "period":
        return period(any_, act, history)
    if name == "meeting":
        return act.at + any_.choice([-DAY, 0 * DAY, HOUR, HOUR, 3 * DAY, 20 * DAY])
    return any_.choice({"months": [1, 1, 2, 3, 12], "reason": REASONS, "answer": SIZES}[name])


def _of_a_refund(any_: Random, name: str, act: Act, history: Life) -> object:
    """Which months it names: mostly those that there are, where a share is paid."""
    known = sorted(history.revenue)
    if name == "months":
        return any_.choice([1, 1, 1, 2, 3]) if act.period else 1
    if history.terms.model == "revenue_share" and any_.random() < 0.85:
        return any_.choice([None, *known, *known]) if any_.random() < 0.9 else act.at.date()
    return any_.choice([None] * 9 + known[:1])


def _money(any_: Random, act: Act, history: Life) -> int:
    """Minor units: small ones, whose shares are ties, and large ones; of a sale all or a part."""
    if act.what == "refunded" and history.won and any_.random() < 0.9:
        if act.period in history.revenue:
            most = history.net_revenue(act.period) * act.months
            return any_.choice([most, max(1, most // 3), max(1, most // 7), act.months])
        if history.revenue:
            return any_.choice([*sums_in_full(history), 1])
        return any_.choice([history.won.amount, max(1, history.won.amount // 3), 1])
    large = [100, 1005, 120005, 99_999_999_999]
    return any_.choice([any_.randint(1, 60), any_.randint(1, 10**7), any_.choice(large)])


def likely(any_: Random, history: Life, now: datetime) -> list[str]:
    """What may well be allowed next, so that lives get somewhere."""
    if history.stage != "qualified":
        return ["corrected"]
    moves: list[str] = []
    if history.undo is not None and now - history.undo[1] < 11 * SECOND:
        moves += ["withdrawn"] * 6
    if history.rejected:
        return moves + (["settled"] if history.disputed else ["disputed"])
    if history.undecided:
        moves += ["accepted"] * 3 + ["rejected"] * 2 + ["corrected"]
    if any(one.final > now for one in standing(history)):
        moves += ["objected"] * 2 + ["no_show"]
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
    by_model = {"cpl": (1, 1), "cpap": (3, 1), "cpa": (1, 3), "revenue_share": (1, 3)}
    often, sold = by_model[history.terms.model]
    rarely = ["churned"] if history.sale == "won" and any_.random() < 0.3 else []
    return moves + meetings * often + sales * sold + rarely or ["refunded"]
