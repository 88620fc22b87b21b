"""The types of settings that are more than a text, a number or a path, each with its check.

A check raises ValueError with what the text must be.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from capture.campaign.e_invoicing import (
    bic_fault,
    country_fault,
    electronic_address_fault,
    iban_fault,
    vat_id_fault,
)
from capture.campaign.value_types import ACCOUNT_CODE
from gatepost.raw_settings import PREFIX

MIN_SECRET_LENGTH = 16
SHORTEST_RETENTION_DAYS = 30
"""Answers are kept at least as long, so that a mistake can be corrected."""
LONGEST_RETENTION_DAYS = 36_500
_ORIGIN = re.compile(r"https?://([\w.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?/?", re.IGNORECASE)
"""An `Origin` header (RFC 6454): scheme, host and port."""
_DNS_SERVER = re.compile(r"(?:([0-9.]+)|\[([0-9a-f:.]+)\])(?::([0-9]{1,5}))?", re.IGNORECASE)
_DNS_PORT = 53
_TAX_CODE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) *= *([A-Za-z0-9]{0,10})")


def _check_origin(url: str) -> str:
    if url and not _ORIGIN.fullmatch(url):
        raise ValueError("must be like https://www.example.com, without a path")
    url = url.rstrip("/").lower()
    if url.isascii():
        return url
    # This import takes 0.1 seconds, so it runs only for a host outside ASCII.
    from werkzeug.urls import iri_to_uri  # noqa: PLC0415

    return iri_to_uri(url)  # as browsers send it


def _check_rate_limit(text: str) -> str:
    if text:
        # This import takes 0.1 seconds, so it runs only if a limit is set.
        from limits import parse  # noqa: PLC0415

        try:
            parse(text)
        except ValueError:
            raise ValueError('must be like "10 per minute", or empty for no limit') from None
    return text


def _check_secret(text: str) -> str:
    if 0 < len(text) < MIN_SECRET_LENGTH:
        raise ValueError(f"must have at least {MIN_SECRET_LENGTH} characters")
    return text


def _check_mail_from(text: str) -> str:
    if text:
        # These imports take 0.1 seconds, so they run only if an address is set.
        from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

        try:
            address = validate_email(text, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError:
            raise ValueError("must be an address such as leads@agency.example") from None
        return address.normalized
    return text


def _check_smtp_url(text: str, info: ValidationInfo) -> str:
    if text:
        # This import loads the lead service, so it runs only if a URL is set.
        from capture.delivery.smtp import parse_smtp_url  # noqa: PLC0415

        parse_smtp_url(text)
        if not info.data.get("mail_from"):
            raise ValueError(f"needs a valid {PREFIX}MAIL_FROM, the address that letters come from")
    return text


def _check_dns_server(text: str) -> str:
    if text:
        read_dns_server(text)
    return text


def read_dns_server(text: str) -> tuple[str, int]:
    """IP address and port, from text such as `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`.

    Raises ValueError.
    """
    matched = _DNS_SERVER.fullmatch(text)
    try:
        address = ip_address((matched[1] or matched[2]) if matched else text)
        port = int(matched[3] or _DNS_PORT) if matched else _DNS_PORT
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise ValueError("must be an IP address such as 192.0.2.53 or 192.0.2.53:5353")
    return str(address), port


def _check_name(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def _check_account(text: str) -> str:
    if not re.fullmatch(ACCOUNT_CODE, text):
        raise ValueError("must be an account code such as 8400")
    return text


def _check_tax_codes(text: str) -> str:
    read_tax_codes(text)
    return text


def read_tax_codes(text: str) -> Mapping[Decimal, str]:
    """Tax codes by VAT rate in percent, from text such as `19=3; 7=2; 0=`.

    Raises ValueError.
    """
    codes: dict[Decimal, str] = {}
    for part in text.split(";"):
        if part.strip():
            matched = _TAX_CODE.fullmatch(part.strip())
            if matched is None or Decimal(matched[1]) in codes:
                raise ValueError('must be like "19=3; 0=": each VAT rate once, with its code')
            codes[Decimal(matched[1])] = matched[2]
    return codes


def number_between(low: int, high: int) -> AfterValidator:
    """A validator of a whole number as text, or empty if it is not set."""

    def check(text: str) -> str:
        digits = text.isascii() and text.isdigit() and len(text) <= len(str(high))
        if text and not (digits and low <= int(text) <= high):
            raise ValueError(f"must be a number from {low} to {high}")
        return text

    return AfterValidator(check)


def _check_days(days: int) -> int:
    if days and not SHORTEST_RETENTION_DAYS <= days <= LONGEST_RETENTION_DAYS:
        raise ValueError(
            f"must be from {SHORTEST_RETENTION_DAYS} to {LONGEST_RETENTION_DAYS}, or 0 for never"
        )
    return days


def _check_chart(text: str) -> str:
    if text and not re.fullmatch("[0-9]{2}", text):
        raise ValueError("must have two digits, such as 03 or 04")
    return text


def _check_month_day(text: str) -> str:
    if text and not re.fullmatch("(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])", text):
        raise ValueError("must be a month and a day up to 28, such as 01-01")
    return text


def _checked(fault: Callable[[str], str]) -> AfterValidator:
    """A validator that accepts an empty text, and others only if `fault` returns ""."""

    def check(text: str) -> str:
        if text and (problem := fault(text)):
            raise ValueError(problem)
        return text

    return AfterValidator(check)


Account = Annotated[str, AfterValidator(_check_account)]
Origin = Annotated[str, AfterValidator(_check_origin)]
Secret = Annotated[str, AfterValidator(_check_secret)]
Name = Annotated[str, AfterValidator(_check_name)]
TaxCodes = Annotated[str, AfterValidator(_check_tax_codes)]
Chart = Annotated[str, AfterValidator(_check_chart)]
MonthDay = Annotated[str, AfterValidator(_check_month_day)]
MailFrom = Annotated[str, AfterValidator(_check_mail_from)]
SmtpUrl = Annotated[str, AfterValidator(_check_smtp_url)]
DnsServer = Annotated[str, AfterValidator(_check_dns_server)]
RateLimit = Annotated[str, AfterValidator(_check_rate_limit)]
DaysOrNever = Annotated[int, AfterValidator(_check_days)]
Country = Annotated[str, _checked(country_fault)]
VatId = Annotated[str, _checked(vat_id_fault)]
ElectronicAddress = Annotated[str, _checked(electronic_address_fault)]
Iban = Annotated[str, _checked(iban_fault)]
Bic = Annotated[str, _checked(bic_fault)]
