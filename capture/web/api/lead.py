"""`GET /api/v1/leads/<id>`: one lead, as its client sees it."""

from flask import request

from capture.errors import NotFound
from capture.ledger import Shown
from capture.sharing import hand_over
from capture.web.api.operation import Nothing, Operation, Request
from capture.web.api.showing import shown
from capture.web.api.shown import LeadShown
from capture.web.parts import parts


def _show(asked: Request[Nothing, Nothing], lead_id: str) -> str:
    wanted = Shown(asked.access.client, asked.now, 1, lead_id=lead_id)
    page = hand_over(parts().ledger, wanted, tell=request.method != "HEAD")
    if not page.leads:
        raise NotFound("There is no such lead.")
    return shown(page.leads[0], asked.now).model_dump_json()


SHOW = Operation(
    name="getLead",
    method="GET",
    path="/v1/leads/{lead_id}",
    summary="One lead",
    description="The lead counts as told: its review window begins, if it has not yet.",
    query=Nothing,
    body=Nothing,
    answer=LeadShown,
    status=200,
    view=_show,
)
