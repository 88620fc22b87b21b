"""`GET /api/v1/leads`: a client's leads, the newest first, page by page.

A page is found again by receipt and id of the last lead of the page before, which never change:
leads that come meanwhile shift nothing. What has changed since a moment is found by the number of
the ledger's last event then, and by what silence has decided since: so nothing falls between two
questions, however the clocks of two machines differ.
"""

from typing import Annotated, Final
from urllib.parse import urlencode

from flask import request
from pydantic import BeforeValidator, Field

from capture.ledger import Mark, Shown
from capture.sharing import Page, hand_over
from capture.web.api.kinds import Asked, Month, Time, read_number
from capture.web.api.opaque import Cursor, CursorText, MarkText, write_cursor, write_mark
from capture.web.api.operation import Nothing, Operation, Request
from capture.web.api.showing import shown
from capture.web.api.shown import Answer, LeadShown, Stage
from capture.web.parts import parts

MOST: Final = 100
"""Leads on a page."""


class LeadsQuery(Asked):
    """Which leads, and how many on a page."""

    campaign: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Only leads of this campaign."
    )
    stage: Stage | None = Field(default=None, description="Only leads that stand there now.")
    month: Month | None = Field(
        default=None, description="Month of receipt in the campaign's time zone: `2026-11`."
    )
    received_since: Time | None = Field(default=None, description="Received then or later.")
    received_until: Time | None = Field(default=None, description="Received before.")
    changed_since: MarkText | None = Field(
        default=None,
        description="A `mark` that an earlier list gave: only leads that have changed since.",
    )
    cursor: CursorText | None = Field(
        default=None,
        description="Where the page begins; it stands in `next` of the page before.",
    )
    limit: Annotated[int, Field(ge=1, le=MOST), BeforeValidator(read_number)] = Field(
        default=50, description="Most leads on the page."
    )


class LeadsPage(Answer):
    """Some leads, the newest first."""

    leads: list[LeadShown]
    next: str | None = Field(
        description="The next page's address on this host; null: this is the last."
    )
    mark: str = Field(
        description="Keep it. As `changed_since` it lists what has changed since this list's "
        "first page was drawn; all pages of a list give the same."
    )


def _list(asked: Request[LeadsQuery, Nothing]) -> str:
    query, client = asked.query, asked.access.client
    cursor = query.cursor
    wanted = Shown(
        client,
        asked.now,
        query.limit,
        campaign=query.campaign,
        stage=query.stage,
        month=query.month,
        received_since=query.received_since,
        received_until=query.received_until,
        changed=query.changed_since,
        after=None if cursor is None else (cursor.received_at, cursor.lead_id),
    )
    page = hand_over(parts().ledger, wanted, tell=request.method != "HEAD")
    mark = page.mark if cursor is None else cursor.mark
    return LeadsPage(
        leads=[shown(one, asked.now) for one in page.leads],
        next=_next(client, page, mark),
        mark=write_mark(client, mark),
    ).model_dump_json()


def _next(client: str, page: Page, mark: Mark) -> str | None:
    """The same address, with the cursor of the next page."""
    if not page.more:
        return None
    last = page.leads[-1].lead
    cursor = write_cursor(client, Cursor(last.received_at, last.lead_id, mark))
    return f"{request.script_root}{request.path}?{urlencode({**request.args, 'cursor': cursor})}"


LIST = Operation(
    name="listLeads",
    method="GET",
    path="/v1/leads",
    summary="Your leads, the newest first",
    description="Every lead on the page counts as told: its review window begins, if it has not "
    "yet.",
    query=LeadsQuery,
    body=Nothing,
    answer=LeadsPage,
    status=200,
    view=_list,
)
