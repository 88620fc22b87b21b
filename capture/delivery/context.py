"""What the dispatcher works with."""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from capture.billing.statement import Agency
from capture.campaign.catalogue import Catalogue
from capture.delivery.posting import Network
from capture.ledger.protocol import Ledger
from capture.signed_links import LinkSigner

DomainsWithoutMail = Callable[[Collection[str]], AbstractSet[str]]
"""Returns those of some domains that certainly take no mail. `domain_of` gives the spelling."""


def unchecked(_domains: Collection[str]) -> AbstractSet[str]:
    """Looks up nothing, so every domain may take mail."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """Made once for each process from the settings."""

    ledger: Ledger
    catalogue: Callable[[], Catalogue]
    """The current campaign and client files."""
    link_signer: LinkSigner
    service_url: str
    """The public address of the lead service, without a trailing slash: links lead there."""
    site_url: str
    """The public address of the site, without a trailing slash."""
    desk_url: str
    """The address of the desk, without a trailing slash."""
    agency: Agency
    """Its `email` is the address that letters to the agency go to; empty: there are none."""
    templates: Path
    """The theme's templates; letters are in the folder `letters`."""
    gated: Path
    """The folder of files that visitors get for a form."""
    titles: Callable[[], Mapping[str, str]] = dict
    """Titles of the site's pages by path, for reports; empty before the first build."""
    webhook_key: bytes = field(default=b"", repr=False)
    """Decrypts the secrets of webhook endpoints; needed as soon as there is one."""
    network: Network = field(default_factory=Network)
    """How webhooks reach their receivers."""
    domains_without_mail: DomainsWithoutMail = unchecked
    """Looks up e-mail domains before a notice goes out; it may take seconds."""
