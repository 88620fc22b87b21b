"""Cursors and marks: texts that we sign, give to one client, and take back from that one alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from capture.lead import parse_time, show_time
from capture.ledger import Mark
from capture.web.parts import parts

LONGEST: Final = 1000
"""Characters that are read; ours are shorter."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after this lead, in a list whose first page has this mark."""

    received_at: datetime
    lead_id: str
    mark: Mark


def write_mark(client: str, mark: Mark) -> str:
    return str(_signer("mark").dumps([client, *_plain(mark)]))


def write_cursor(client: str, cursor: Cursor) -> str:
    said = [client, show_time(cursor.received_at), cursor.lead_id, *_plain(cursor.mark)]
    return str(_signer("cursor").dumps(said))


def _read_mark(given: object, info: ValidationInfo) -> Mark:
    return _mark(*_opened("mark", given, info))


def _read_cursor(given: object, info: ValidationInfo) -> Cursor:
    received_at, lead_id, *mark = _opened("cursor", given, info)
    return Cursor(parse_time(received_at), lead_id, _mark(*mark))


def _opened(kind: str, given: object, info: ValidationInfo) -> list[Any]:
    """What we signed for the client who asks. Raises ValueError for anything else."""
    said: list[Any]
    try:
        client, *said = _signer(kind).loads(str(given)[:LONGEST])
    except BadSignature:
        client, said = None, []
    if client != info.context:
        raise ValueError("not one that you were given here")
    return said


def _signer(kind: str) -> URLSafeSerializer:
    return URLSafeSerializer(parts().config.secret_key, salt=f"leads-{kind}")


def _plain(mark: Mark) -> tuple[int, str]:
    return mark.sequence, show_time(mark.at)


def _mark(sequence: int, at: str) -> Mark:
    return Mark(sequence, parse_time(at))


def _schema(name: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "maxLength": LONGEST, "format": f"leads-{name}"})


MarkText = Annotated[Mark, BeforeValidator(_read_mark), _schema("mark")]
CursorText = Annotated[Cursor, BeforeValidator(_read_cursor), _schema("cursor")]
