"""One lead: what the person wrote, why it qualifies or not, its timeline, and what can be done."""

from datetime import UTC, datetime

from flask import Blueprint
from flask.typing import ResponseReturnValue

from capture.client_access.client_leads import LeadRemoved
from capture.errors import NotFound
from capture.ledger.protocol import ReadTransaction
from capture.web.desk.access import AGENCY_AND_CLIENT, allow, log_access, own_client, user
from capture.web.desk.lead_page import LeadPage, agency_page, client_page
from capture.web.desk.pages import desk_page
from capture.web.services import services

blueprint = Blueprint("lead", __name__)


@blueprint.get("/leads/<lead_id>")
@allow(AGENCY_AND_CLIENT)
def show(lead_id: str) -> ResponseReturnValue:
    """The page of the lead."""
    return _page(lead_id)


def _page(lead_id: str) -> ResponseReturnValue:
    now, client, viewer = datetime.now(UTC), own_client(), user().name

    def read(reading: ReadTransaction) -> LeadPage:
        if client is None:
            return agency_page(reading, lead_id, now)
        return client_page(reading, client, lead_id, viewer, now)

    ledger = services().ledger
    try:
        page = ledger.read(read)
    except LeadRemoved:
        text = "The agency has removed this lead. It costs nothing."
        return _no_lead("This lead was removed", text)
    except NotFound:
        return _no_lead("Not found", "There is no such lead. The address may be mistyped.")
    ledger.transact(lambda records: log_access(records, "lead", [lead_id], now))
    return desk_page("lead.html", page=page, now=now)


def _no_lead(title: str, text: str) -> ResponseReturnValue:
    return desk_page("message.html", title=title, text=text, link="home.show"), 404
