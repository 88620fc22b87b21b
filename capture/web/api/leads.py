"""`GET /api/v1/leads`: a client's leads, the newest first, in pages; `GET /api/v1/leads/<id>`: one.

A page begins after the receipt time and id of the last lead of the previous page. These never
change, so new leads do not shift the pages. The mark of a list holds the number of the ledger's
last event. A list of changes since a mark has the leads with later events, and those that silence
accepted in the meantime. So no change is missed, even if the clocks of two machines differ.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from flask import request
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from capture.client_access.client_leads import Page, list_client_leads
from capture.client_access.lead_schema import LeadSchema, ResponseModel, Stage
from capture.client_access.lead_serializer import serialize_lead
from capture.errors import NotFound
from capture.lead.events import parse_time, show_time
from capture.ledger.types import ApiToken, ClientLeadQuery, SyncMark
from capture.web.api.operation import Nothing, Operation, Request
from capture.web.api.schemas import (
    Month,
    RequestModel,
    Time,
    read_number,
)
from capture.web.looks import log_outside_look
from capture.web.services import services

# Cursors and marks: signed texts, valid only for the client that got them.

MAX_TEXT_LENGTH: Final = 1000
"""Most characters of a cursor or mark that are read; ours are shorter."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after this lead, in the list whose first page has this mark."""

    received_at: datetime
    lead_id: str
    mark: SyncMark


def encode_sync_mark(client: str, mark: SyncMark) -> str:
    """The mark as text that only this client can send back."""
    return str(_signer("mark").dumps([client, *_plain(mark)]))


def encode_cursor(client: str, cursor: Cursor) -> str:
    """The cursor as text that only this client can send back."""
    parts = [client, show_time(cursor.received_at), cursor.lead_id, *_plain(cursor.mark)]
    return str(_signer("cursor").dumps(parts))


def _decode_sync_mark(value: object, info: ValidationInfo) -> SyncMark:
    return _mark(*_load_signed("mark", value, info))


def _decode_cursor(value: object, info: ValidationInfo) -> Cursor:
    received_at, lead_id, *mark = _load_signed("cursor", value, info)
    return Cursor(parse_time(received_at), lead_id, _mark(*mark))


def _load_signed(kind: str, value: object, info: ValidationInfo) -> list[Any]:
    """The parts of a text that we signed for this client. Raises ValueError for any other text."""
    parts: list[Any]
    try:
        client, *parts = _signer(kind).loads(str(value)[:MAX_TEXT_LENGTH])
    except BadSignature:
        client, parts = None, []
    if client != info.context:
        raise ValueError("use a value that an earlier answer gave you")
    return parts


def _signer(kind: str) -> URLSafeSerializer:
    return URLSafeSerializer(services().config.secret_key, salt=f"leads-{kind}")


def _plain(mark: SyncMark) -> tuple[int, str]:
    return mark.sequence, show_time(mark.at)


def _mark(sequence: int, at: str) -> SyncMark:
    return SyncMark(sequence, parse_time(at))


def _schema(name: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "maxLength": MAX_TEXT_LENGTH, "format": f"leads-{name}"}
    )


SyncMarkText = Annotated[SyncMark, BeforeValidator(_decode_sync_mark), _schema("mark")]
CursorText = Annotated[Cursor, BeforeValidator(_decode_cursor), _schema("cursor")]


# The list.

MAX_LIMIT: Final = 100
"""Most leads on a page."""


class LeadsQuery(RequestModel):
    """Which leads to list, and how many on a page."""

    campaign: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Only leads of this campaign."
    )
    stage: Stage | None = Field(default=None, description="Only leads that are now in this stage.")
    month: Month | None = Field(
        default=None, description="Month of receipt in the campaign's time zone: `2026-11`."
    )
    received_since: Time | None = Field(
        default=None, description="Only leads received at this time or later."
    )
    received_until: Time | None = Field(
        default=None, description="Only leads received before this time."
    )
    changed_since: SyncMarkText | None = Field(
        default=None,
        description="A `mark` of an earlier list: only leads that have changed since.",
    )
    cursor: CursorText | None = Field(
        default=None,
        description="Where the page begins; `next` of the page before contains it.",
    )
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT), BeforeValidator(read_number)] = Field(
        default=50, description="Most leads on the page."
    )


class LeadsPage(ResponseModel):
    """One page of leads, the newest first."""

    leads: list[LeadSchema]
    next: str | None = Field(
        description="Path and query of the next page; null: this is the last page."
    )
    mark: str = Field(
        description="Store it. Sent as `changed_since`, it lists the leads that have changed since "
        "the first page of this list. All pages of a list have the same mark."
    )


def _list(api_request: Request[LeadsQuery, Nothing]) -> str:
    query, client = api_request.query, api_request.api_token.client
    cursor = query.cursor
    lead_query = ClientLeadQuery(
        client,
        api_request.now,
        query.limit,
        campaign=query.campaign,
        stage=query.stage,
        month=query.month,
        received_since=query.received_since,
        received_until=query.received_until,
        changed=query.changed_since,
        after=None if cursor is None else (cursor.received_at, cursor.lead_id),
    )
    page = list_client_leads(services().ledger, lead_query, notify=request.method != "HEAD")
    _log_look(api_request.api_token, page, api_request.now)
    mark = page.mark if cursor is None else cursor.mark
    return LeadsPage(
        leads=[serialize_lead(client_lead, api_request.now) for client_lead in page.leads],
        next=_next_page(client, page, mark),
        mark=encode_sync_mark(client, mark),
    ).model_dump_json()


def _log_look(token: ApiToken, page: Page, now: datetime) -> None:
    lead_ids = (client_lead.lead.lead_id for client_lead in page.leads)
    log_outside_look(f"API token {token.name} of {token.client}", "leads by API", lead_ids, now)


def _next_page(client: str, page: Page, mark: SyncMark) -> str | None:
    """The address of this request, with the cursor of the next page."""
    if not page.has_more:
        return None
    last = page.leads[-1].lead
    cursor = encode_cursor(client, Cursor(last.received_at, last.lead_id, mark))
    return f"{request.script_root}{request.path}?{urlencode({**request.args, 'cursor': cursor})}"


LIST_LEADS = Operation(
    name="listLeads",
    method="GET",
    path="/v1/leads",
    summary="Your leads, the newest first",
    description="You count as notified of every lead on the page: its review window starts, if it "
    "has not started yet.",
    query=LeadsQuery,
    body=Nothing,
    answer=LeadsPage,
    status=200,
    view=_list,
)


# One lead.


def _show(api_request: Request[Nothing, Nothing], lead_id: str) -> str:
    lead_query = ClientLeadQuery(api_request.api_token.client, api_request.now, 1, lead_id=lead_id)
    page = list_client_leads(services().ledger, lead_query, notify=request.method != "HEAD")
    if not page.leads:
        raise NotFound("There is no such lead.")
    _log_look(api_request.api_token, page, api_request.now)
    return serialize_lead(page.leads[0], api_request.now).model_dump_json()


GET_LEAD = Operation(
    name="getLead",
    method="GET",
    path="/v1/leads/{lead_id}",
    summary="One lead",
    description="You count as notified of the lead: its review window starts, if it has not "
    "started yet.",
    query=Nothing,
    body=Nothing,
    answer=LeadSchema,
    status=200,
    view=_show,
)
