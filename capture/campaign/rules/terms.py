"""Rules for the other terms: dates, assets, review, duplicates, price, caps; and for clients."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_precision

from capture.campaign.client import ClientFile, VatCategory
from capture.campaign.e_invoicing import (
    country_fault,
    electronic_address_fault,
    reason_code_fault,
    vat_id_fault,
)
from capture.campaign.gated_files import POINTER_PROBLEM, check_gated_file
from capture.campaign.model import (
    DuplicateKey,
    Duplicates,
    FieldType,
    Notice,
    Price,
    PriceModel,
    Review,
)
from capture.campaign.problems import Finding, KeyPath, join_words, suggestion
from capture.campaign.quarantine import Quarantine
from capture.campaign.rules.draft import Draft
from capture.campaign.value_types import CODE
from capture.errors import short_path
from capture.money import CURRENCIES, is_exact
from capture.paths import ConfinedFolder
from capture.text import is_blank


@cache
def time_zones() -> frozenset[str]:
    """The IANA names of the pinned tzdata package, so that every machine has the same."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def terms_findings(draft: Draft) -> Iterator[Finding]:
    """All mistakes in dates, zone, consent, assets, review and duplicates, one finding each."""
    if draft.time_zone is not None and draft.time_zone not in time_zones():
        hint = suggestion(draft.time_zone, time_zones()) or "; write one such as America/New_York"
        yield Finding(("time_zone",), f"is not an IANA time zone{hint}")
    if draft.opens and draft.closes and draft.closes < draft.opens:
        yield Finding(
            ("closes",), f"is before opens = {draft.opens}, so the form would never be open"
        )
    if draft.consent is not None and is_blank(draft.consent):
        yield Finding(("consent",), "is blank; write what the visitor agrees to")
    yield from _asset_findings(draft)
    if draft.review is not None:
        yield from _review_findings(draft.review)
    if draft.duplicates is not None:
        yield from _duplicate_findings(draft.duplicates, draft)
    if draft.quarantine is not None:
        yield from _quarantine_findings(draft.quarantine)


def _asset_findings(draft: Draft) -> Iterator[Finding]:
    if draft.assets is None or draft.kind is None:
        return
    if draft.kind == "demo" and draft.assets:
        yield Finding(("assets",), 'a demo gives no files; remove it or write kind = "gated"')
    if draft.kind == "gated" and not draft.assets:
        yield Finding(
            ("assets",), 'is missing: a gated campaign gives files, such as assets = ["guide.pdf"]'
        )
    for number, name in enumerate(draft.assets):
        if not is_plain(name):
            yield Finding(
                ("assets", number),
                "must be a file's name alone, without folders; put the file into content/gated/",
            )
        elif name in draft.assets[:number]:
            yield Finding(("assets", number), "is listed twice; keep one")


def is_plain(name: str) -> bool:
    """Whether it is the name of a visible file, without a folder."""
    return not name.startswith(".") and not re.search(r"[/\\:]", name)


def _review_findings(review: Review) -> Iterator[Finding]:
    for code, sentence in review.reasons.items():
        at = ("review", "reasons", code)
        if not re.search(CODE, code) or len(code) > 40:
            yield Finding(
                at, "a reason's code has small letters, digits, - and _, such as known_customer"
            )
        elif not re.search(r"\w \w", sentence):
            yield Finding(at, "write a sentence that the client and the agency both understand")
    if review.holidays and not review.working_days:
        yield Finding(
            ("review", "holidays"), "count only with working_days = true; add it or remove them"
        )
    for number, day in enumerate(review.holidays):
        if day in review.holidays[:number]:
            yield Finding(("review", "holidays", number), "is listed twice; keep one")


def _duplicate_findings(duplicates: Duplicates, draft: Draft) -> Iterator[Finding]:
    for number, key in enumerate(duplicates.keys):
        at = ("duplicates", "keys", number)
        if key in duplicates.keys[:number]:
            yield Finding(at, "is listed twice; keep one")
        elif key is DuplicateKey.PHONE and "phone" not in draft.malformed:
            phone = draft.fields.get("phone")
            if phone is None or phone.type is not FieldType.PHONE:
                yield Finding(at, 'the form asks for none; add [fields.phone] with type = "phone"')


def _quarantine_findings(quarantine: Quarantine) -> Iterator[Finding]:
    if quarantine.enabled and quarantine.all_weights < quarantine.hold_at:
        yield Finding(
            ("quarantine", "hold_at"),
            f"is more than all weights together ({quarantine.all_weights}), so no lead would ever "
            "go into quarantine; lower it, or write enabled = false",
        )


# Price and caps.


@dataclass(frozen=True)
class ModelTerms:
    """The keys that a price model needs and allows, besides `model`."""

    billable: tuple[str, ...]
    needs: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    may_have: tuple[str, ...] = ()

    def knows(self, key: str) -> bool:
        """Whether the key has a meaning in this model."""
        return key in (*self.needs, *self.one_of, *self.may_have)


PRICE_KEYS: Final = ("rate", "percent", "months", "refund_days")
PRICE_MODELS: Final[Mapping[PriceModel, ModelTerms]] = {
    PriceModel.CPL: ModelTerms(("accepted",), needs=("rate",)),
    PriceModel.CPAP: ModelTerms(("scheduled", "held"), needs=("rate",)),
    PriceModel.CPA: ModelTerms(("won",), one_of=("rate", "percent"), may_have=("refund_days",)),
    PriceModel.REVENUE_SHARE: ModelTerms(
        ("revenue",), needs=("percent", "months"), may_have=("refund_days",)
    ),
}
_EXAMPLES: Final = {"rate": "rate = 50.00", "percent": "percent = 10", "months": "months = 12"}


def money_findings(draft: Draft) -> Iterator[Finding]:
    """All mistakes in price, caps and currency, one finding each."""
    currency = draft.currency if draft.currency in CURRENCIES else None
    if draft.currency is not None and currency is None:
        code = draft.currency.upper()
        hint = f"did you mean `{code}`?" if code in CURRENCIES else "write one such as USD or EUR"
        yield Finding(("currency",), f"is not an ISO 4217 code; {hint}")
    if draft.price is not None:
        yield from _price_findings(draft.price)
        yield from _decimals_findings(("price", "rate"), draft.price.rate, currency)
    if draft.caps is not None:
        yield from _decimals_findings(("caps", "money_a_month"), draft.caps.money_a_month, currency)
    yield from _cap_findings(draft)


def _price_findings(price: Price) -> Iterator[Finding]:
    terms = PRICE_MODELS[price.model]
    if price.billable not in terms.billable:
        yield Finding(
            ("price", "billable"),
            f"is not what {price.model} pays for; write {join_words(terms.billable, ' or ')}",
        )
    for key in terms.needs:
        if getattr(price, key) is None:
            yield Finding(
                ("price", key), f"is missing: {price.model} needs it, such as {_EXAMPLES[key]}"
            )
    for key in PRICE_KEYS:
        if key in price.model_fields_set and not terms.knows(key):
            others = [model for model, other in PRICE_MODELS.items() if other.knows(key)]
            yield Finding(
                ("price", key),
                f"does not belong to {price.model}; remove it (it is for {', '.join(others)})",
            )
    rates = [key for key in terms.one_of if getattr(price, key) is not None]
    if terms.one_of and len(rates) != 1:
        either = " or ".join(_EXAMPLES[key] for key in terms.one_of)
        yield Finding(("price",), f"{price.model} needs one of the two: write either {either}")


def _decimals_findings(
    at: KeyPath, amount: Decimal | None, currency: str | None
) -> Iterator[Finding]:
    if amount is not None and currency is not None and not is_exact(amount, currency):
        decimals = get_currency_precision(currency)
        places = {0: "no decimals", 1: "one decimal"}.get(decimals, f"{decimals} decimals")
        yield Finding(at, f"{currency} has {places}; write no more than that")


def _cap_findings(draft: Draft) -> Iterator[Finding]:
    caps, price = draft.caps, draft.price
    if caps is None:
        return
    if (
        caps.leads_a_month is not None
        and caps.leads_a_company is not None
        and caps.leads_a_company > caps.leads_a_month
    ):
        yield Finding(
            ("caps", "leads_a_company"),
            f"is more than leads_a_month = {caps.leads_a_month}, so it has no effect; "
            "lower it or remove it",
        )
    if price is None or price.rate is None or caps.money_a_month is None:
        return
    if caps.money_a_month < price.rate:
        yield Finding(
            ("caps", "money_a_month"),
            f"is less than one lead costs (price.rate = {price.rate}), so nothing could be "
            f"billed; write {price.rate} or more",
        )


# Clients.


def client_findings(client: ClientFile) -> Iterator[Finding]:
    """All mistakes in a client's record, one finding each."""
    for key in ("notices", "bills", "reports"):
        addresses = getattr(client.contacts, key) or ()
        for number, address in enumerate(addresses):
            at = ("contacts", key, number)
            if problem := _address_problem(address):
                yield Finding(at, problem)
            elif address.casefold() in {other.casefold() for other in addresses[:number]}:
                yield Finding(at, "is listed twice; keep one")
    for number, language in enumerate(client.languages):
        if not _is_language(language):
            yield Finding(
                ("languages", number), "is not a known language; write one such as en or de-AT"
            )
    yield from _e_invoice_findings(client)


_E_INVOICE_CHECKS: Final = {
    "country": country_fault,
    "vat_id": vat_id_fault,
    "vat_reason_code": reason_code_fault,
    "electronic_address": electronic_address_fault,
}
_WITHOUT_REASON: Final = frozenset({VatCategory.STANDARD, VatCategory.ZERO})


def _e_invoice_findings(client: ClientFile) -> Iterator[Finding]:
    for key, fault in _E_INVOICE_CHECKS.items():
        value = getattr(client, key)
        if value and (problem := fault(value)):
            yield Finding((key,), problem)
    category = client.vat_category
    if category is None:
        if client.vat_reason_code:
            yield Finding(("vat_reason_code",), "has no vat_category; write that too")
    elif category is VatCategory.STANDARD and not client.vat_rate:
        yield Finding(("vat_category",), "is standard, so it needs a vat_rate above 0")
    elif category is not VatCategory.STANDARD and client.vat_rate:
        yield Finding(("vat_category",), f"is {category}, so vat_rate must be 0")
    elif category in _WITHOUT_REASON and client.vat_reason_code:
        yield Finding(("vat_reason_code",), f"does not belong to {category}; remove it")
    elif category not in _WITHOUT_REASON and not client.vat_note:
        yield Finding(("vat_category",), f"is {category}, so it needs a vat_note that says why")
    if category is VatCategory.REVERSE_CHARGE and not (client.vat_id or client.legal_id):
        yield Finding(("vat_category",), "is reverse_charge, so it needs vat_id (or legal_id)")


def _address_problem(address: str) -> str:
    # Importing it takes 40 ms, which a build whose campaigns are known does not need.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        return (
            f"is not an e-mail address: {str(error).rstrip('.')}; write one such as ann@example.com"
        )
    return ""


def _is_language(tag: str) -> bool:
    try:
        Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return False
    return True


# References: the client and the gated files exist.


@dataclass(frozen=True)
class ValidationContext:
    """The clients and the gated files that a campaign file may refer to."""

    clients: Collection[str]
    clients_folder: Path
    gated_folder: Path | None
    """None: the files are not checked."""
    clients_without_notices: Collection[str] = ()
    """Clients whose file has no `contacts.notices`."""

    def findings(self, draft: Draft) -> Iterator[Finding]:
        """All references to missing clients and files, one finding each."""
        if draft.client is not None and draft.client not in self.clients:
            path = f"{short_path(self.clients_folder)}/{draft.client}.toml"
            hint = suggestion(draft.client, self.clients) or f"; write {path}"
            yield Finding(("client",), f"no such client{hint}")
        is_by_mail = draft.review is not None and draft.review.notice is Notice.EMAIL
        if is_by_mail and draft.client in self.clients_without_notices:
            path = f"{short_path(self.clients_folder)}/{draft.client}.toml"
            yield Finding(
                ("review", "notice"),
                f"{path} has no address to notify; add notices = [...] there under [contacts]",
            )
        if draft.kind == "gated" and self.gated_folder is not None:
            for number, name in enumerate(draft.assets or ()):
                if is_plain(name) and (problem := _asset_problem(self.gated_folder, name)):
                    yield Finding(("assets", number), problem)


def _asset_problem(gated_folder: Path, name: str) -> str:
    folder = gated_folder.resolve()
    where = short_path(gated_folder)
    files_by_name = {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}
    path = files_by_name.get(name)  # not is_file(): some file systems ignore case
    if path is None or not path.exists():
        return f"no such file in {where}/{suggestion(name, files_by_name) or '; add it there'}"
    if not path.is_file():
        return f"is not a file in {where}/; name a file"
    if ConfinedFolder(folder).why_outside(name):
        return f"is a link that leads out of {where}/; put the file itself there"
    if not os.access(path, os.R_OK):
        return f"cannot be read in {where}/ by this user; change its permissions"
    if problem := check_gated_file(folder, name).problem:
        fix = "run `git lfs pull`" if problem == POINTER_PROBLEM else "put the complete file there"
        return f"{where}/{name} {problem}; {fix}"
    return ""
