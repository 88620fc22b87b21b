"""Rules of a client's record: addresses that mail can be sent to, languages that exist."""

from collections.abc import Iterator

from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email

from capture.campaign.client import ClientFile
from capture.campaign.problems import Finding


def client_findings(client: ClientFile) -> Iterator[Finding]:
    """Everything that the record does wrong, one finding each."""
    for key in ("notices", "bills"):
        addresses = getattr(client.contacts, key)
        for number, address in enumerate(addresses):
            at = ("contacts", key, number)
            if fault := _address_fault(address):
                yield Finding(at, fault)
            elif address.casefold() in {other.casefold() for other in addresses[:number]}:
                yield Finding(at, "is listed twice; keep one")
    for number, language in enumerate(client.languages):
        if not _is_language(language):
            yield Finding(("languages", number), "is no language that we know; write en or de-AT")


def _address_fault(address: str) -> str:
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        return f"is no e-mail address: {str(error).rstrip('.')}; write such as ann@example.com"
    return ""


def _is_language(tag: str) -> bool:
    try:
        Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return False
    return True
