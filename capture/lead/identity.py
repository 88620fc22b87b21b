"""What a person can be known by: the keys of duplicates and of suppression lists (rule 39).

Keys are kept as keyed hashes, so none can be computed again when the rules change. Each is
therefore named after the version of the rules that made it: `email` under version 1, `email/2`
under version 2. New keys are kept under the newest version, and looked for under all.
"""

import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from capture.campaign.model import Answer
from capture.email_domains import company_domain, domain_of

# Which mailbox an address reaches, by the rules of its provider.


_TAG: Final = "+"


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider's mailboxes have in common; the words are explained in the data."""

    name: str = ""
    domains: Iterable[str] = ()
    alias_of: str = ""
    ignored: str = ""
    same: str = ""
    tags: str = ""
    subdomains: bool = False


_ANY_OTHER: Final = Provider()


def mailbox_of(email: str, version: int) -> str:
    """The address that stands for its mailbox, under a version of the rules.

    An address with nothing before its tag stands for itself.
    """
    local = unicodedata.normalize("NFC", email.rpartition("@")[0].lower())
    domain = domain_of(email)
    providers = _providers(version)
    provider = providers.get(domain, _ANY_OTHER)
    name, _, above = domain.partition(".")
    if above in providers and providers[above].subdomains:
        provider, local, domain = providers[above], name, above
    folded = _folded(local, provider)
    if not folded:
        return f"{local}@{domain}"
    return f"{folded}@{provider.alias_of or domain}"


def _folded(local: str, provider: Provider) -> str:
    """The part before the @ without its tag and without what makes no difference."""
    for tag in _TAG + provider.tags:
        local = local.partition(tag)[0]
    for character in provider.same[1:]:
        local = local.replace(character, provider.same[0])
    return "".join(character for character in local if character not in provider.ignored)


@cache
def _providers(version: int) -> Mapping[str, Provider]:
    """Each domain that has a rule, and its provider."""
    data = tomllib.loads(Path(__file__).with_name(f"mailboxes-{version}.toml").read_text("utf-8"))
    providers = [Provider(**entry) for entry in data["provider"]]
    return {domain: provider for provider in providers for domain in provider.domains}


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


def select_keys(keys: Mapping[str, str], kinds: Collection[str]) -> dict[str, str]:
    """Those keys, of whatever version, that are of some kinds: `email`, `company_domain`, ..."""
    return {name: value for name, value in keys.items() if name.partition("/")[0] in kinds}


def company_keys(domain: str) -> dict[str, str]:
    """The key of a company to keep, by its domain; none for a domain that stands for nobody."""
    return select_keys(keys_to_keep({"email": f"anybody@{domain}"}), {"company_domain"})


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
