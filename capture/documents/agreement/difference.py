"""The differences between two versions of a campaign file, as sentences."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from capture.campaign.model import Campaign, FormField
from capture.documents.agreement.leads import answer, keys, opening, scope, window
from capture.documents.agreement.model import (
    amount,
    count,
    join_words,
    price_amount,
    price_unit,
    visible_text,
)
from capture.documents.agreement.money import clock, notice
from capture.qualification.criteria import sentence

Value = TypeVar("Value")


def differences(before: Campaign, after: Campaign) -> list[str]:
    """A sentence for each term that differs, in the order of the agreement; none if none does.

    Comments, spaces, and the order of criteria and reasons are no terms.
    """
    parts = (_basics, _fields, _criteria, _duplicates, _review, _price, _caps)
    return [
        _without_full_stop(visible_text(message))
        for part in parts
        for message in part(before, after)
    ]


def _without_full_stop(message: str) -> str:
    """Without a full stop behind a quoted one."""
    return message.removesuffix(".") if message.endswith('.".') else message


def _change_lines(what: str, before: str, after: str) -> Iterator[str]:
    """One sentence if the two differ; what is empty was not there."""
    if before != after:
        yield f"{what} was {before or 'not set'} and is {after or 'not set'}."


def _quoted(text: str) -> str:
    return f'"{text}"' if text else ""


def _only_in(one: Mapping[str, Value], other: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    return ((name, value) for name, value in one.items() if name not in other)


def _basics(before: Campaign, after: Campaign) -> Iterator[str]:
    yield from _change_lines("The title", _quoted(before.title), _quoted(after.title))
    yield from _change_lines("The summary", _quoted(before.summary), _quoted(after.summary))
    yield from _change_lines("The client", before.client, after.client)
    yield from _change_lines("The currency", before.currency, after.currency)
    yield from _change_lines("The time zone", before.time_zone, after.time_zone)
    yield from _change_lines("The kind of the campaign", before.kind, after.kind)
    yield from _change_lines("The button", _quoted(before.button), _quoted(after.button))
    for name in after.assets:
        if name not in before.assets:
            yield f"Visitors now get the file {name}."
    for name in before.assets:
        if name not in after.assets:
            yield f"Visitors no longer get the file {name}."
    opened = (f"open {opening(one) or 'at any date'}" for one in (before, after))
    yield from _change_lines("The form", *opened)


def _fields(before: Campaign, after: Campaign) -> Iterator[str]:
    for _, field in _only_in(before.fields, after.fields):
        yield f'The form no longer asks "{field.label}".'
    for _, field in _only_in(after.fields, before.fields):
        yield f'The form now asks "{field.label}" ({answer(field)}; {_required(field)}).'
    for name, field in before.fields.items():
        if name in after.fields:
            yield from _field(name, field, after.fields[name])
    kept = [name for name in before.fields if name in after.fields]
    if kept != [name for name in after.fields if name in before.fields]:
        labels = [_quoted(field.label) for field in after.fields.values()]
        yield f"The form asks in another order: {join_words(labels)}."
    yield from _change_lines("The consent text", _quoted(before.consent), _quoted(after.consent))


def _field(name: str, before: FormField, after: FormField) -> Iterator[str]:
    yield from _change_lines(f"The question {name}", _quoted(before.label), _quoted(after.label))
    yield from _change_lines(f"The answer to {name}", answer(before), answer(after))
    yield from _change_lines(f"The answer to {name}", _required(before), _required(after))
    yield from _change_lines(f"The hint to {name}", _quoted(before.help), _quoted(after.help))
    yield from _change_lines(
        f"What browsers fill into {name}", before.autocomplete, after.autocomplete
    )


def _required(field: FormField) -> str:
    return "required" if field.required else "optional"


def _criteria(before: Campaign, after: Campaign) -> Iterator[str]:
    for name, _ in _only_in(before.criteria, after.criteria):
        yield f"A lead no longer has to tick: {sentence(before, name)}."
    for name, _ in _only_in(after.criteria, before.criteria):
        yield f"A lead now has to tick: {sentence(after, name)}."
    for name, rule in before.criteria.items():
        if name in after.criteria:
            parts = _quoted(sentence(before, name)), _quoted(sentence(after, name))
            yield from _change_lines(f"The box {name}", *parts)
            judged = rule.field or name, after.criteria[name].field or name
            yield from _change_lines(f"The question that the box {name} judges", *judged)


def _duplicates(before: Campaign, after: Campaign) -> Iterator[str]:
    one, other = before.duplicates, after.duplicates
    yield from _change_lines("A duplicate", f"told by {keys(one)}", f"told by {keys(other)}")
    what = "The lead that a duplicate repeats"
    yield from _change_lines(what, f"one that came {window(one)}", f"one that came {window(other)}")
    yield from _change_lines(what, f"one {scope(one)}", f"one {scope(other)}")


def _review(before: Campaign, after: Campaign) -> Iterator[str]:
    one, other = before.review, after.review
    lengths = count(one.hours, "hour"), count(other.hours, "hour")
    yield from _change_lines("The validation window", *lengths)
    if clock(one) != clock(other):
        yield f"The window's clock was: {clock(one)} It is: {clock(other)}"
    yield from _change_lines("The notice of a lead", notice(one), notice(other))
    for code, reason in _only_in(one.reasons, other.reasons):
        yield f"The client may no longer reject a lead for {code}: {_quoted(reason)}."
    for code, reason in _only_in(other.reasons, one.reasons):
        yield f"The client may now reject a lead for {code}: {_quoted(reason)}."
    for code, reason in one.reasons.items():
        if code in other.reasons:
            yield from _change_lines(
                f"The reason {code}", _quoted(reason), _quoted(other.reasons[code])
            )


def _price(before: Campaign, after: Campaign) -> Iterator[str]:
    unit, now = price_unit(before), price_unit(after)
    old, new = price_amount(before), price_amount(after)
    if unit != now:
        yield f"The price was {old} {unit} and is {new} {now}."
    elif old != new:
        yield f"The price was {old} {unit} and is {new}."
    days = (
        count(one.price.refund_days, "day") if one.price.refund_days else ""
        for one in (before, after)
    )
    yield from _change_lines("The time in which a refund counts", *days)


def _caps(before: Campaign, after: Campaign) -> Iterator[str]:
    both = before, after
    month = (_cap(one.caps.leads_a_month) for one in both)
    yield from _change_lines("The cap on qualified leads a month", *month)
    company = (_cap(one.caps.leads_a_company) for one in both)
    yield from _change_lines("The cap on qualified leads a month from one company", *company)
    money = (
        amount(one.caps.money_a_month, one.currency) if one.caps.money_a_month else ""
        for one in both
    )
    yield from _change_lines("The cap on money a month", *money)
    if any(one.caps.leads_a_month or one.caps.leads_a_company for one in both):
        over = ("refused" if one.caps.over == "refuse" else "free" for one in both)
        yield from _change_lines("A lead over a cap", *over)


def _cap(leads: int | None) -> str:
    return "" if leads is None else f"{leads:,}"
