"""The differences between two versions of a campaign file, as sentences."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from capture.campaign.model import Campaign, FormField
from capture.campaign.quarantine import SIGNALS
from capture.documents.agreement.confirmation import proof
from capture.documents.agreement.leads import answer, keys, opening, scope, window
from capture.documents.agreement.model import (
    amount,
    join_words,
    price_amount,
    price_unit,
    visible_text,
)
from capture.documents.agreement.money import clock, notice
from capture.documents.agreement.quarantine import NUMBERS, holding
from capture.qualification.criteria import sentence
from capture.text import count_noun

Value = TypeVar("Value")


def differences(old: Campaign, new: Campaign) -> list[str]:
    """A sentence for each term that differs, in the order of the agreement; empty if none does.

    Comments, spaces, and the order of criteria and reasons are no terms.
    """
    parts = (
        _basics,
        _fields,
        _criteria,
        _duplicates,
        _quarantine,
        _confirmation,
        _review,
        _price,
        _caps,
        _reporting,
    )
    return [
        _without_second_full_stop(visible_text(message))
        for part in parts
        for message in part(old, new)
    ]


def _without_second_full_stop(message: str) -> str:
    """The message without its full stop if it ends with a quotation that has one."""
    return message.removesuffix(".") if message.endswith('.".') else message


def _change(term: str, old: str, new: str) -> Iterator[str]:
    """One sentence if the two values differ; an empty value reads "not set"."""
    if old != new:
        yield f"{term} was {old or 'not set'} and is {new or 'not set'}."


def _quoted(text: str) -> str:
    return f'"{text}"' if text else ""


def _only_in(
    values: Mapping[str, Value], others: Mapping[str, Value]
) -> Iterator[tuple[str, Value]]:
    return ((name, value) for name, value in values.items() if name not in others)


def _basics(old: Campaign, new: Campaign) -> Iterator[str]:
    yield from _change("The title", _quoted(old.title), _quoted(new.title))
    yield from _change("The summary", _quoted(old.summary), _quoted(new.summary))
    yield from _change("The client", old.client, new.client)
    yield from _change("The currency", old.currency, new.currency)
    yield from _change("The time zone", old.time_zone, new.time_zone)
    yield from _change("The kind of the campaign", old.kind, new.kind)
    yield from _change("The button", _quoted(old.button), _quoted(new.button))
    for name in new.assets:
        if name not in old.assets:
            yield f"Visitors now get the file {name}."
    for name in old.assets:
        if name not in new.assets:
            yield f"Visitors no longer get the file {name}."
    yield from _change("The form", _opening(old), _opening(new))


def _opening(campaign: Campaign) -> str:
    return f"open {opening(campaign) or 'at any date'}"


def _fields(old: Campaign, new: Campaign) -> Iterator[str]:
    for _, field in _only_in(old.fields, new.fields):
        yield f'The form no longer asks "{field.label}".'
    for _, field in _only_in(new.fields, old.fields):
        yield f'The form now asks "{field.label}" ({answer(field)}; {_required(field)}).'
    for name, field in old.fields.items():
        if name in new.fields:
            yield from _field(name, field, new.fields[name])
    common = [name for name in old.fields if name in new.fields]
    if common != [name for name in new.fields if name in old.fields]:
        labels = [_quoted(field.label) for field in new.fields.values()]
        yield f"The form asks in another order: {join_words(labels)}."
    yield from _change("The consent text", _quoted(old.consent), _quoted(new.consent))


def _field(name: str, old: FormField, new: FormField) -> Iterator[str]:
    yield from _change(f"The question {name}", _quoted(old.label), _quoted(new.label))
    yield from _change(f"The answer to {name}", answer(old), answer(new))
    yield from _change(f"The answer to {name}", _required(old), _required(new))
    yield from _change(f"The hint to {name}", _quoted(old.help), _quoted(new.help))
    yield from _change(f"What browsers fill into {name}", old.autocomplete, new.autocomplete)


def _required(field: FormField) -> str:
    return "required" if field.required else "optional"


def _criteria(old: Campaign, new: Campaign) -> Iterator[str]:
    for name, _ in _only_in(old.criteria, new.criteria):
        yield f"A lead no longer has to meet: {sentence(old, name)}."
    for name, _ in _only_in(new.criteria, old.criteria):
        yield f"A lead now has to meet: {sentence(new, name)}."
    for name, rule in old.criteria.items():
        if name in new.criteria:
            sentences = _quoted(sentence(old, name)), _quoted(sentence(new, name))
            yield from _change(f"The criterion {name}", *sentences)
            fields = rule.field or name, new.criteria[name].field or name
            yield from _change(f"The question that the criterion {name} judges", *fields)


def _duplicates(old: Campaign, new: Campaign) -> Iterator[str]:
    old_terms, new_terms = old.duplicates, new.duplicates
    yield from _change("The key of a duplicate", keys(old_terms), keys(new_terms))
    original = "The lead that a duplicate repeats"
    windows = f"one that came {window(old_terms)}", f"one that came {window(new_terms)}"
    yield from _change(original, *windows)
    yield from _change(original, f"one {scope(old_terms)}", f"one {scope(new_terms)}")


def _confirmation(old: Campaign, new: Campaign) -> Iterator[str]:
    yield from _change("The proof of a lead's e-mail address", proof(old), proof(new))


def _quarantine(old: Campaign, new: Campaign) -> Iterator[str]:
    old_terms, new_terms = old.quarantine, new.quarantine
    yield from _change(
        "Holding leads back until they are checked", holding(old_terms), holding(new_terms)
    )
    sums = f"{old_terms.hold_at}", f"{new_terms.hold_at}"
    yield from _change("The sum of weights at which a lead is held back", *sums)
    for name in SIGNALS:
        weights = f"{getattr(old_terms, name)}", f"{getattr(new_terms, name)}"
        yield from _change(f"The weight of the signal {name}", *weights)
    for name, text in NUMBERS.items():
        numbers = f"{getattr(old_terms, name)}", f"{getattr(new_terms, name)}"
        yield from _change(text, *numbers)


def _review(old: Campaign, new: Campaign) -> Iterator[str]:
    old_terms, new_terms = old.review, new.review
    lengths = count_noun(old_terms.hours, "hour"), count_noun(new_terms.hours, "hour")
    yield from _change("The validation window", *lengths)
    if clock(old_terms) != clock(new_terms):
        yield f"The window's clock was: {clock(old_terms)} It is: {clock(new_terms)}"
    yield from _change("The notice of a lead", notice(old_terms), notice(new_terms))
    for code, reason in _only_in(old_terms.reasons, new_terms.reasons):
        yield f"The client may no longer reject a lead for {code}: {_quoted(reason)}."
    for code, reason in _only_in(new_terms.reasons, old_terms.reasons):
        yield f"The client may now reject a lead for {code}: {_quoted(reason)}."
    for code, reason in old_terms.reasons.items():
        if code in new_terms.reasons:
            texts = _quoted(reason), _quoted(new_terms.reasons[code])
            yield from _change(f"The reason {code}", *texts)


def _price(old: Campaign, new: Campaign) -> Iterator[str]:
    old_unit, new_unit = price_unit(old), price_unit(new)
    old_amount, new_amount = price_amount(old), price_amount(new)
    if old_unit != new_unit:
        yield f"The price was {old_amount} {old_unit} and is {new_amount} {new_unit}."
    elif old_amount != new_amount:
        yield f"The price was {old_amount} {old_unit} and is {new_amount}."
    yield from _change("The time in which a refund counts", _refund_days(old), _refund_days(new))


def _refund_days(campaign: Campaign) -> str:
    days = campaign.price.refund_days
    return count_noun(days, "day") if days else ""


def _caps(old: Campaign, new: Campaign) -> Iterator[str]:
    campaigns = old, new
    month = (_cap(campaign.caps.leads_a_month) for campaign in campaigns)
    yield from _change("The cap on qualified leads a month", *month)
    company = (_cap(campaign.caps.leads_a_company) for campaign in campaigns)
    yield from _change("The cap on qualified leads a month from one company", *company)
    money = (_money_cap(campaign) for campaign in campaigns)
    yield from _change("The cap on money a month", *money)
    if any(campaign.caps.leads_a_month or campaign.caps.leads_a_company for campaign in campaigns):
        over = ("refused" if campaign.caps.over == "refuse" else "free" for campaign in campaigns)
        yield from _change("A lead over a cap", *over)


def _cap(leads: int | None) -> str:
    return "" if leads is None else f"{leads:,}"


def _money_cap(campaign: Campaign) -> str:
    cap = campaign.caps.money_a_month
    return amount(cap, campaign.currency) if cap else ""


def _reporting(old: Campaign, new: Campaign) -> Iterator[str]:
    yield from _change("The report to the client", _report_times(old), _report_times(new))


def _report_times(campaign: Campaign) -> str:
    if campaign.reporting is None:
        return "not promised"
    monthly = "on the first day of each month"
    return (
        f"sent {monthly}"
        if campaign.reporting.every == "month"
        else f"sent each Monday and {monthly}"
    )
