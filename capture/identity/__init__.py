"""What a person can be known by: the keys of duplicates and of suppression lists (rule 39).

Keys are kept as keyed hashes, so none can be computed again when the rules change. Each is
therefore named after the version of the rules that made it: `email` under version 1, `email/2`
under version 2. New keys are kept under the newest version, and looked for under all.
"""

from collections.abc import Collection, Mapping
from typing import Final

from capture.campaign import Answer
from capture.email_domains import company_domain
from capture.identity.mailboxes import mailbox_of

NEWEST: Final = 2
"""The version of the rules under which keys are kept."""


def keys_to_keep(answers: Mapping[str, Answer]) -> dict[str, str]:
    """The keys of the newest version, where answered: e-mail, phone, company domain.

    Free-mail domains are no company (rule 2). Only keys are folded so: whoever writes to a person
    takes the address as it was given.
    """
    return _phone(answers) | _named(_second(_email(answers)), NEWEST)


def keys_to_match(answers: Mapping[str, Answer]) -> dict[str, str]:
    """The keys under every version that the ledger may hold."""
    return keys_to_keep(answers) | _first(_email(answers))


def only(keys: Mapping[str, str], kinds: Collection[str]) -> dict[str, str]:
    """Those keys, of whatever version, that are of some kinds: `email`, `company_domain`, ..."""
    return {name: value for name, value in keys.items() if name.partition("/")[0] in kinds}


def company_keys(domain: str) -> dict[str, str]:
    """The key of a company to keep, by its domain; none for a domain that stands for nobody."""
    return only(keys_to_keep({"email": f"anybody@{domain}"}), {"company_domain"})


def _email(answers: Mapping[str, Answer]) -> str:
    return str(answers.get("email", ""))


def _phone(answers: Mapping[str, Answer]) -> dict[str, str]:
    phone = answers.get("phone")
    return {"phone": str(phone)} if phone else {}


def _named(keys: Mapping[str, str], version: int) -> dict[str, str]:
    return {f"{kind}/{version}": value for kind, value in keys.items()}


def _second(email: str) -> dict[str, str]:
    """Mailbox rules of known providers, and IDNA 2008 without transitional mapping."""
    if not email:
        return {}
    company = company_domain(email)
    return {"email": mailbox_of(email, 2)} | ({"company_domain": company} if company else {})


def _first(email: str) -> dict[str, str]:
    """Case folding alone, by which a sharp s is ss, and whatever follows a plus left out."""
    if not email:
        return {}
    email = email.casefold()
    mailbox, _, domain = email.rpartition("@")
    company = company_domain(email)
    key = f"{mailbox.partition('+')[0]}@{domain}"
    return {"email": key} | ({"company_domain": company} if company else {})
