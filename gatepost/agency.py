"""The agency from the settings."""

from capture.billing.statement import Agency, Party
from gatepost.settings import Settings


def agency_of(settings: Settings) -> Agency:
    """The agency and its bank details, as agreements and statements name them."""
    email = settings.agency_email
    party = Party(
        settings.agency,
        _lines(settings.agency_address),
        settings.agency_tax_id,
        country=settings.agency_country,
        city=settings.agency_city,
        postcode=settings.agency_postcode,
        vat_id=settings.agency_vat_id,
        legal_id=settings.agency_legal_id,
        electronic_address=settings.agency_electronic_address or (email and f"EM:{email}"),
        email=email,
        phone=settings.agency_phone,
    )
    return Agency(party, _lines(settings.agency_payment), settings.agency_iban, settings.agency_bic)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.split(";") if line.strip())
