"""`GET /api/v1/leads`: a client's leads, the newest first, page by page.

A page is found again by receipt and id of the last lead of the page before, which never change:
leads that come meanwhile shift nothing. What has changed since a moment is found by the number of
the ledger's last event then, and by what silence has decided since: so nothing falls between two
questions, however the clocks of two machines differ.
"""

from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from flask import request
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import BeforeValidator, Field

from capture.lead import parse_time, show_time
from capture.ledger import Mark, Shown
from capture.sharing import Page, hand_over
from capture.web.api.kinds import Asked, Month, Time, read_number
from capture.web.api.operation import Nothing, Operation, Request
from capture.web.api.problems import Fault, faulty
from capture.web.api.showing import shown
from capture.web.api.shown import Answer, LeadShown, Stage
from capture.web.parts import parts

MOST: Final = 100
"""Leads on a page."""

_OPAQUE: Final = 1000
"""Characters of a cursor or mark; ours are shorter."""


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
    changed_since: Annotated[str, Field(max_length=_OPAQUE)] | None = Field(
        default=None,
        description="A `mark` that an earlier list gave: only leads that have changed since.",
        json_schema_extra={"format": "leads-mark"},
    )
    cursor: Annotated[str, Field(max_length=_OPAQUE)] | None = Field(
        default=None,
        description="Where the page begins; it stands in `next` of the page before.",
        json_schema_extra={"format": "leads-cursor"},
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
    query = asked.query
    after, first = _after(asked)
    wanted = Shown(
        asked.access.client,
        asked.now,
        query.limit,
        campaign=query.campaign,
        stage=query.stage,
        month=query.month,
        received_since=query.received_since,
        received_until=query.received_until,
        changed=_changed(asked),
        after=after,
    )
    page = hand_over(parts().ledger, wanted, tell=request.method != "HEAD")
    mark = first or page.mark
    return LeadsPage(
        leads=[shown(one, asked.now) for one in page.leads],
        next=_next(asked, page, mark),
        mark=_signer("mark").dumps([asked.access.client, *_plain(mark)]),
    ).model_dump_json()


def _next(asked: Request[LeadsQuery, Nothing], page: Page, mark: Mark) -> str | None:
    if not page.more:
        return None
    last = page.leads[-1].lead
    cursor = [asked.access.client, show_time(last.received_at), last.lead_id, *_plain(mark)]
    same = {name: value for name, value in request.args.items() if name != "cursor"}
    return f"{request.script_root}{request.path}?" + urlencode(
        {**same, "cursor": _signer("cursor").dumps(cursor)}
    )


def _after(
    asked: Request[LeadsQuery, Nothing],
) -> tuple[tuple[datetime, str] | None, Mark | None]:
    """The last lead of the page before, and the mark of the first page."""
    if asked.query.cursor is None:
        return None, None
    received, lead_id, *mark = _opened("cursor", asked.query.cursor, asked)
    return (parse_time(received), lead_id), _mark(*mark)


def _changed(asked: Request[LeadsQuery, Nothing]) -> Mark | None:
    if asked.query.changed_since is None:
        return None
    return _mark(*_opened("mark", asked.query.changed_since, asked, "changed_since"))


def _opened(
    kind: str, text: str, asked: Request[LeadsQuery, Nothing], parameter: str = "cursor"
) -> list[Any]:
    """What we signed for this client. Raises a 422 for anything else."""
    said: list[Any]
    try:
        client, *said = _signer(kind).loads(text)
    except BadSignature:
        client, said = None, []
    if client != asked.access.client:
        raise faulty([Fault(parameter=parameter, detail="Not one that you were given here.")])
    return said


def _signer(kind: str) -> URLSafeSerializer:
    return URLSafeSerializer(parts().config.secret_key, salt=f"leads-{kind}")


def _plain(mark: Mark) -> tuple[int, str]:
    return mark.sequence, show_time(mark.at)


def _mark(sequence: int, at: str) -> Mark:
    return Mark(sequence, parse_time(at))


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
