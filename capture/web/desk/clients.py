"""The clients, as their files in git describe them. Nothing is edited here."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from capture.documents.agreement.model import percent, visible_text
from capture.web.desk.access import AGENCY, allow
from capture.web.desk.pages import desk_page
from capture.web.services import services

blueprint = Blueprint("clients", __name__)


@blueprint.get("/clients")
@allow(AGENCY)
def show() -> ResponseReturnValue:
    """All clients with contacts, terms of payment and campaigns."""
    catalogue = services().catalogue.current()
    campaigns = catalogue.campaigns.values()
    return desk_page(
        "clients.html",
        clients=sorted(catalogue.clients.values(), key=lambda client: client.name.casefold()),
        campaigns_of={
            slug: [campaign for campaign in campaigns if campaign.client == slug]
            for slug in catalogue.clients
        },
        folder=services().config.clients.name,
        percent=percent,
        visible_text=visible_text,
    )
