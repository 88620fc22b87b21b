"""What programs of a client need, in SQLite: their tokens, and the answers that they were given."""

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from capture.lead import parse_time, show_time
from capture.ledger.facts import Access, Answered

_COLUMNS = "id, client, name, made_at, used_at, revoked_at"


def access(db: Database, digest: str) -> Access | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM accesses WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else _access(row)


def accesses(db: Database, client: str | None) -> Sequence[Access]:
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM accesses WHERE ? IS NULL OR client = ? ORDER BY made_at, id",
        (client, client),
    )
    return [_access(row) for row in rows]


def keep_access(db: Database, made: Access, digest: str) -> None:
    db.execute(
        f"INSERT INTO accesses (digest, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, NULL, NULL)",
        (digest, made.id, made.client, made.name, show_time(made.made_at)),
    )


def note_use(db: Database, access_id: str, at: datetime) -> None:
    db.execute("UPDATE accesses SET used_at = ? WHERE id = ?", (show_time(at), access_id))


def revoke_access(db: Database, access_id: str, at: datetime) -> None:
    db.execute(
        "UPDATE accesses SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
        (show_time(at), access_id),
    )


def answered(db: Database, key: bytes, request: bytes) -> Answered | None:
    row = db.execute("SELECT request, answer FROM answered WHERE key = ?", (key,)).fetchone()
    return None if row is None else Answered(same=row[0] == request, answer=row[1])


def keep_answer(db: Database, key: bytes, request: bytes, answer: str, at: datetime) -> None:
    db.execute("INSERT INTO answered VALUES (?, ?, ?, ?)", (key, request, answer, show_time(at)))


def _access(row: tuple[str, str, str, str, str | None, str | None]) -> Access:
    access_id, client, name, made_at, used_at, revoked_at = row
    return Access(
        access_id,
        client,
        name,
        parse_time(made_at),
        (used_at and parse_time(used_at)) or None,
        (revoked_at and parse_time(revoked_at)) or None,
    )
