"""Which mailbox an address reaches, by the rules of its provider."""

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from capture.email_domains import domain_of

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
