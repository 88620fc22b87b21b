"""Normalizes e-mail addresses, phone numbers and web addresses.

Each function returns the normalized text, or None if the input is invalid. No network is used.
"""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberFormat

_NORMALIZED_PHONE: Final = re.compile(r"(\+[0-9]{6,15})( ext\. [0-9]{1,20})?")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
_HOST: Final = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*")


def email_address(text: str) -> str | None:
    """The address with its domain in lower case (email-validator: RFC 5321, 6531)."""
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def phone_number(text: str, region: str | None) -> str | None:
    """The number in E.164, followed by " ext. 45" if it has an extension.

    `region` is the ISO code of the country for national numbers; without it, only numbers that
    start with + are valid.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{e164} ext. {number.extension}" if number.extension else e164


def phone_in_groups(text: str) -> str | None:
    """A result of `phone_number` with spaces between its groups: `+49 30 123456`.

    None for any other text.
    """
    parts = _NORMALIZED_PHONE.fullmatch(text)
    if parts is None:
        return None
    try:
        number = phonenumbers.parse(parts[1])
    except phonenumbers.NumberParseException:
        return None
    groups = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    return groups.replace("-", " ") + (parts[2] or "")


@lru_cache(maxsize=512)
def example_phones(region: str) -> tuple[str, str] | None:
    """An example number in national and international format; None if the country has none."""
    number = phonenumbers.example_number(region)
    if number is None:
        return None
    return (
        phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
    )


def web_address(text: str) -> str | None:
    """An http or https address with a host name; without a scheme, https is added."""
    if re.search(r"[\s<>\"\\^`{|}]", text):
        return None
    address = text if _SCHEME.match(text) else f"https://{text.removeprefix('//')}"
    try:
        parts = urlsplit(address)
        has_valid_port = parts.port is None or parts.port > 0
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not has_valid_port or "@" in parts.netloc:
        return None
    if parts.hostname is None or not _HOST.fullmatch(parts.hostname):
        return None
    return parts._replace(netloc=parts.netloc.lower()).geturl()
