"""The autocomplete tokens of the HTML standard, section 4.10.18.7 "Autofill"."""

from typing import Final


def _tokens(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CONTACT: Final = _tokens(
    """
    tel tel-country-code tel-national tel-area-code tel-local tel-local-prefix tel-local-suffix
    tel-extension email impp
    """
)
AUTOFILL_FIELDS: Final = _CONTACT | _tokens(
    """
    name honorific-prefix given-name additional-name family-name honorific-suffix nickname username
    new-password current-password one-time-code organization-title organization street-address
    address-line1 address-line2 address-line3 address-level4 address-level3 address-level2
    address-level1 country country-name postal-code cc-name cc-given-name cc-additional-name
    cc-family-name cc-number cc-exp cc-exp-month cc-exp-year cc-csc cc-type transaction-currency
    transaction-amount language bday bday-day bday-month bday-year sex url photo
    """
)
_KINDS_OF_CONTACT: Final = _tokens("home work mobile fax pager")


def is_autocomplete(text: str) -> bool:
    """Whether a browser understands it: `off`, or a token such as `work email`."""
    if text in ("on", "off"):
        return True
    *before, token = text.split(" ")
    if before and before[-1] in _KINDS_OF_CONTACT and token in _CONTACT:
        before.pop()
    if before and before[-1] in ("shipping", "billing"):
        before.pop()
    if before and before[-1].startswith("section-"):
        before.pop()
    return token in AUTOFILL_FIELDS and not before
