"""What the standard EN 16931 requires of an invoice's parties and taxes.

Each fault is one line that names the key or the setting.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from typing import Final

from babel.numbers import get_currency_precision

from capture.billing.statement import Parties, Statement
from capture.campaign.client import VatCategory
from capture.errors import Refused

_MOST_DECIMALS: Final = 2
_LEAST_RATE: Final = Decimal("0.5")


def einvoice_fault(statement: Statement) -> str:
    """What keeps a client's invoices from being e-invoices, in one line; empty if nothing does."""
    parties = statement.parties
    file = f"clients/{statement.client}.toml"
    if parties.document != "invoice":
        return f'it is a statement: {file} has document = "statement"'
    if get_currency_precision(statement.currency) > _MOST_DECIMALS:
        return f"{statement.currency} has 3 decimals, and the standard EN 16931 allows 2"
    return next(_missing(parties, file), "")


def einvoice_gap(parties: Parties, client: str, currency: str) -> str:
    """What is missing for a client's e-invoices, in one line.

    Empty if nothing is, if nobody began to fill in the keys and settings for them, and if the
    client gets none because of its kind of document or its currency.
    """
    if (
        parties.document != "invoice"
        or get_currency_precision(currency) > _MOST_DECIMALS
        or not _is_begun(parties)
    ):
        return ""
    file = f"clients/{client}.toml"
    return next(_missing(parties, file), "")


def _missing(parties: Parties, file: str) -> Iterator[str]:
    return chain(_tax_faults(parties, file), _party_faults(parties, file))


def _is_begun(parties: Parties) -> bool:
    """Whether a key or setting is set that serves e-invoices alone.

    An e-mail address does not: it is there for other reasons too.
    """
    return bool(parties.vat_reason_code) or any(
        side.country
        or side.vat_id
        or side.legal_id
        or side.electronic_address[:3] not in {"", "EM:"}
        for side in (parties.supplier, parties.customer)
    )


def check_einvoice(statement: Statement, number: str) -> None:
    """Raises `Refused` if the document `number` cannot be an e-invoice."""
    if fault := einvoice_fault(statement):
        raise Refused(
            f"{number} cannot be an e-invoice: {fault}; a change counts for months that are "
            "closed after it"
        )


def _party_faults(parties: Parties, file: str) -> Iterator[str]:
    supplier = parties.supplier
    if not supplier.country:
        yield "the setting AGENCY_COUNTRY is missing"
    if not supplier.electronic_address:
        yield "the setting AGENCY_EMAIL or AGENCY_ELECTRONIC_ADDRESS is missing"
    if not parties.customer.country:
        yield f"{file} has no country"
    shows_vat_id = supplier.vat_id and parties.vat_category != VatCategory.NOT_SUBJECT
    if not (shows_vat_id or supplier.legal_id):
        yield "the setting AGENCY_LEGAL_ID is missing"


def _tax_faults(parties: Parties, file: str) -> Iterator[str]:
    category, supplier, customer = parties.vat_category, parties.supplier, parties.customer
    if not category:
        yield f"{file} has no vat_category, and no VAT is charged"
        return
    if 0 < Decimal(parties.vat_rate) < _LEAST_RATE:
        yield f"{file} has a vat_rate below {_LEAST_RATE}, which the standard's rules take for 0"
    if category in {VatCategory.REVERSE_CHARGE, VatCategory.EXPORT} and not supplier.vat_id:
        yield f"the setting AGENCY_VAT_ID is missing, and vat_category is {category}"
    elif category != VatCategory.NOT_SUBJECT and not (supplier.vat_id or supplier.tax_id):
        yield "the setting AGENCY_VAT_ID or AGENCY_TAX_ID is missing"
    if category == VatCategory.REVERSE_CHARGE and not (customer.vat_id or customer.legal_id):
        yield f"{file} has no vat_id, and vat_category is {category}"
