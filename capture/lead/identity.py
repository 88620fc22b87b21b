"""Identity keys: how duplicates and suppressed people are recognised (rule 39 of docs/rules.md).

The ledger stores keys as keyed hashes only, so it cannot compute them again when the rules change.
Each key therefore carries the version of the rules that made it: `email` is version 1, `email/2` is
version 2. New keys are stored under the newest version and matched under every version.
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

_TAG: Final = "+"


@dataclass(frozen=True, slots=True)
class Provider:
    """The rules of one provider's mailboxes; mailboxes-2.toml explains the fields."""

    name: str = ""
    domains: Iterable[str] = ()
    alias_of: str = ""
    ignored: str = ""
    same: str = ""
    tags: str = ""
    subdomains: bool = False


_OTHER_PROVIDER: Final = Provider()


def mailbox_of(email: str, version: int) -> str:
    """The canonical address of the mailbox that an address reaches, under a version of the rules.

    An address with nothing before its tag is returned as it is, in lower case.
    """
    local = unicodedata.normalize("NFC", email.rpartition("@")[0].lower())
    domain = domain_of(email)
    providers = _providers(version)
    provider = providers.get(domain, _OTHER_PROVIDER)
    name, _, parent = domain.partition(".")
    if parent in providers and providers[parent].subdomains:
        provider, local, domain = providers[parent], name, parent
    mailbox = _mailbox_name(local, provider)
    if not mailbox:
        return f"{local}@{domain}"
    return f"{mailbox}@{provider.alias_of or domain}"


def _mailbox_name(local: str, provider: Provider) -> str:
    """The part before the @ without its tag and without characters that the provider ignores."""
    for tag in _TAG + provider.tags:
        local = local.partition(tag)[0]
    for character in provider.same[1:]:
        local = local.replace(character, provider.same[0])
    return "".join(character for character in local if character not in provider.ignored)


@cache
def _providers(version: int) -> Mapping[str, Provider]:
    """The provider of each domain that has a rule."""
    data = tomllib.loads(Path(__file__).with_name(f"mailboxes-{version}.toml").read_text("utf-8"))
    providers = [Provider(**entry) for entry in data["provider"]]
    return {domain: provider for provider in providers for domain in provider.domains}


NEWEST: Final = 2
"""The version of the rules under which new keys are stored."""


def keys_to_store(answers: Mapping[str, Answer]) -> dict[str, str]:
    """The keys to store, in the newest version: e-mail, phone and company domain where given.

    A free-mail domain is not a company (rule 2). Keys are only for matching: messages go to the
    address as the person typed it.
    """
    return _phone(answers) | _with_version(_keys_of_version_2(_email(answers)), NEWEST)


def keys_to_match(answers: Mapping[str, Answer]) -> dict[str, str]:
    """The keys in every version that the ledger may hold."""
    return keys_to_store(answers) | _keys_of_version_1(_email(answers))


def select_keys(keys: Mapping[str, str], kinds: Collection[str]) -> dict[str, str]:
    """The keys of the given kinds (such as `email` or `company_domain`), in every version."""
    return {name: value for name, value in keys.items() if name.partition("/")[0] in kinds}


def _email(answers: Mapping[str, Answer]) -> str:
    return str(answers.get("email", ""))


def _phone(answers: Mapping[str, Answer]) -> dict[str, str]:
    phone = answers.get("phone")
    return {"phone": str(phone)} if phone else {}


def _with_version(keys: Mapping[str, str], version: int) -> dict[str, str]:
    return {f"{kind}/{version}": value for kind, value in keys.items()}


def _keys_of_version_2(email: str) -> dict[str, str]:
    """Version 2: mailbox rules of known providers, and IDNA 2008 without transitional mapping."""
    if not email:
        return {}
    company = company_domain(email)
    return {"email": mailbox_of(email, 2)} | ({"company_domain": company} if company else {})


def _keys_of_version_1(email: str) -> dict[str, str]:
    """Version 1: case folding (so a sharp s becomes ss), without the part after a plus."""
    if not email:
        return {}
    email = email.casefold()
    mailbox, _, domain = email.rpartition("@")
    company = company_domain(email)
    key = f"{mailbox.partition('+')[0]}@{domain}"
    return {"email": key} | ({"company_domain": company} if company else {})
