"""Codes and identifiers of electronic invoices (EN 16931), as client files and settings name them.

Each check returns what is wrong and how to fix it, or "" if the value can go into an e-invoice.
"""

import re
from functools import cache
from typing import Final

from capture.countries import countries

_EAS: Final = """
0002 0007 0009 0037 0060 0088 0096 0097 0106 0130 0135 0142 0147 0151 0154 0158 0170 0177 0183
0184 0188 0190 0191 0192 0193 0194 0195 0196 0198 0199 0200 0201 0202 0203 0204 0205 0208 0209
0210 0211 0212 0213 0215 0216 0217 0218 0219 0220 0221 0225 0230 0235 0240 0242 0244 0245 0246
0248 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932
9933 9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951
9952 9953 9957 9959 AN AQ AS AU EM
"""
ADDRESS_SCHEMES: Final = frozenset(_EAS.split())
"""Schemes of electronic addresses: the code list EAS of the European Commission."""

_VATEX: Final = """
VATEX-EU-132 VATEX-EU-132-1A VATEX-EU-132-1B VATEX-EU-132-1C VATEX-EU-132-1D VATEX-EU-132-1E
VATEX-EU-132-1F VATEX-EU-132-1G VATEX-EU-132-1H VATEX-EU-132-1I VATEX-EU-132-1J VATEX-EU-132-1K
VATEX-EU-132-1L VATEX-EU-132-1M VATEX-EU-132-1N VATEX-EU-132-1O VATEX-EU-132-1P VATEX-EU-132-1Q
VATEX-EU-135-1 VATEX-EU-143 VATEX-EU-143-1A VATEX-EU-143-1B VATEX-EU-143-1C VATEX-EU-143-1D
VATEX-EU-143-1E VATEX-EU-143-1F VATEX-EU-143-1FA VATEX-EU-143-1G VATEX-EU-143-1H
VATEX-EU-143-1I VATEX-EU-143-1J VATEX-EU-143-1K VATEX-EU-143-1L VATEX-EU-144 VATEX-EU-146-1E
VATEX-EU-148 VATEX-EU-148-A VATEX-EU-148-B VATEX-EU-148-C VATEX-EU-148-D VATEX-EU-148-E
VATEX-EU-148-F VATEX-EU-148-G VATEX-EU-151 VATEX-EU-151-1A VATEX-EU-151-1AA VATEX-EU-151-1B
VATEX-EU-151-1C VATEX-EU-151-1D VATEX-EU-151-1E VATEX-EU-153 VATEX-EU-159 VATEX-EU-309
VATEX-EU-79-C VATEX-EU-AE VATEX-EU-D VATEX-EU-F VATEX-EU-G VATEX-EU-I VATEX-EU-IC VATEX-EU-J
VATEX-EU-O VATEX-FR-298SEXDECIESA VATEX-FR-AE VATEX-FR-CGI261-1 VATEX-FR-CGI261-2
VATEX-FR-CGI261-3 VATEX-FR-CGI261-4 VATEX-FR-CGI261-5 VATEX-FR-CGI261-7 VATEX-FR-CGI261-8
VATEX-FR-CGI261A VATEX-FR-CGI261B VATEX-FR-CGI261C-1 VATEX-FR-CGI261C-2 VATEX-FR-CGI261C-3
VATEX-FR-CGI261D-1 VATEX-FR-CGI261D-1BIS VATEX-FR-CGI261D-2 VATEX-FR-CGI261D-3
VATEX-FR-CGI261D-4 VATEX-FR-CGI261E-1 VATEX-FR-CGI261E-2 VATEX-FR-CGI275 VATEX-FR-CGI277A
VATEX-FR-CGI295 VATEX-FR-CNWVAT VATEX-FR-FRANCHISE
"""
REASON_CODES: Final = frozenset(_VATEX.split())
"""Reasons why no VAT is charged: the code list VATEX of the European Commission."""

_VAT_ID: Final = re.compile(r"([A-Z]{2})[0-9A-Z+*]{2,13}")
_BIC: Final = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_ADDRESS: Final = re.compile(r"([0-9A-Z]{2,4}):(\S+)")


def country_fault(text: str) -> str:
    """Checks a country code (ISO 3166)."""
    return "" if text in countries() else "is not a country code of ISO 3166; write one such as DE"


@cache
def _vat_prefixes() -> frozenset[str]:
    """The prefixes of VAT ids: country codes, but EL for Greece and XI for Northern Ireland."""
    return frozenset(countries()) - {"GR"} | {"EL", "XI"}


def vat_id_fault(text: str) -> str:
    """Checks the form of a VAT id, not whether it was ever issued."""
    match = _VAT_ID.fullmatch(text)
    if match and match[1] in _vat_prefixes():
        return ""
    return "is not a VAT id; write it with its country code and without spaces, as DE123456789"


def reason_code_fault(text: str) -> str:
    """Checks a code for the reason why no VAT is charged."""
    return "" if text in REASON_CODES else "is not in the code list VATEX; write one as VATEX-EU-AE"


def electronic_address_fault(text: str) -> str:
    """Checks an electronic address with its scheme, such as `9930:DE123456789`."""
    match = _ADDRESS.fullmatch(text)
    if match and match[1] in ADDRESS_SCHEMES:
        return ""
    return (
        "is not a scheme of the code list EAS, a colon and an id; "
        "write it as 9930:DE123456789 or EM:bills@example.com"
    )


def iban_fault(text: str) -> str:
    """Checks an IBAN (ISO 13616) without spaces, with its check digits."""
    # Most commands have no IBAN to check, and this import takes as long as all other settings.
    from stdnum import iban  # noqa: PLC0415

    if text == text.replace(" ", "").upper() and iban.is_valid(text):
        return ""
    return "is not an IBAN; write it without spaces and check its digits"


def bic_fault(text: str) -> str:
    """Checks the form of a BIC (ISO 9362)."""
    return "" if _BIC.fullmatch(text) else "is not a BIC; write 8 or 11 letters and digits"
