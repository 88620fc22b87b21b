"""Which campaigns are meant: those with a file, and those that only the ledger still knows."""

from capture.campaign import Campaign, Catalogue
from capture.ledger import Reading
from capture.terms import kept_campaign


def campaigns_in(
    reading: Reading, catalogue: Catalogue, campaign: str | None, client: str | None
) -> list[Campaign]:
    """In the order of their names; one whose file is gone as its first lead met it.

    Raises `NotFound` for a campaign or client that neither knows.
    """
    found = dict(catalogue.campaigns)
    gone = {campaign} if campaign else set(reading.campaigns.slugs())
    for slug in gone - found.keys():
        version = reading.campaigns.first_version(slug)
        if version is not None:
            found[slug] = kept_campaign(reading, slug, version)
    if campaign is not None:
        if campaign not in found:
            catalogue.campaign(campaign)  # raises, naming near spellings
        found = {campaign: found[campaign]}
    if client is not None:
        if all(one.client != client for one in found.values()):
            catalogue.client(client)
        found = {slug: one for slug, one in found.items() if one.client == client}
    return [found[slug] for slug in sorted(found)]
