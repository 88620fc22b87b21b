"""Users of the desk, their sessions, and the access log: the protocol and the SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from capture.lead.events import Actor, parse_time, show_time
from capture.ledger.dialect import Connection
from capture.text import fold_case


class Role(StrEnum):
    """What a user may see and do."""

    AGENCY = "agency"
    """Everything."""
    CLIENT = "client"
    """Leads, campaigns and statements of the user's own client."""
    VIEWER = "viewer"
    """Figures of the agency, without personal data and without acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who may log in at the desk."""

    id: str
    name: str
    """The name to log in with; acts are recorded under it. Unique, whatever its case."""
    role: Role
    client: str = ""
    """The client's slug; empty unless the role is `client`."""
    email: str = ""
    """Where letters with a link go; empty: the user gets none."""
    passphrase_hash: str = ""
    """Argon2id in the PHC format; empty: the user has not chosen a passphrase yet."""
    link_number: int = 0
    """The number of the newest link. Links with other numbers do not work."""
    created_at: datetime
    deactivated_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether the user may log in."""
        return self.deactivated_at is None

    @property
    def can_log_in(self) -> bool:
        """Whether the user is active and has chosen a passphrase."""
        return self.is_active and bool(self.passphrase_hash)

    @property
    def actor(self) -> Actor:
        """The side in whose name the user acts."""
        return Actor.CLIENT if self.role is Role.CLIENT else Actor.AGENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSession:
    """A browser in which a user is logged in."""

    id: str
    user_id: str
    started_at: datetime
    last_used_at: datetime
    """Exact to `capture.users.sessions.LAST_USE_PRECISION`."""
    device: str = ""
    """Browser and system in words, such as `Firefox on Windows`; empty if unknown."""
    network: str = ""
    """The network of the login, as the rate limit counts it; empty if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One look at personal data."""

    user_id: str
    """Empty if who looked is no user of the desk."""
    name: str = ""
    """Who looked, in words, if it is no user of the desk."""
    at: datetime
    page: str
    """The name of the page, the file or the command, such as `lead` or `leads as csv`."""
    lead_id: str = ""
    """Empty for a list."""
    count: int = 1
    """The number of leads that were shown."""


class UserQueries(Protocol):
    """Users, sessions and the access log."""

    def get(self, user_id: str) -> User | None:
        """The user with this id, even if deactivated; None if unknown."""

    def find(self, name: str) -> User | None:
        """The user with this name, whatever its case; None if unknown."""

    def select(self) -> Sequence[User]:
        """All users in the order of their names, including deactivated ones."""

    def session(self, digest: str) -> UserSession | None:
        """The session whose token has this SHA-256 (hex); None if there is none."""

    def sessions(self, user_id: str | None = None) -> Sequence[UserSession]:
        """All sessions, of one user or of all, the newest first. Some may have expired."""

    def accesses(self, *, limit: int, before: int | None = None) -> Sequence[tuple[int, Access]]:
        """Entries of the access log with their numbers, the newest first; below a number."""


class UserWrites(UserQueries, Protocol):
    """Writes users, sessions and the access log."""

    def add(self, user: User) -> None:
        """Stores a new user."""

    def set_email(self, user_id: str, email: str) -> None:
        """Changes the address of a user."""

    def set_passphrase(self, user_id: str, passphrase_hash: str) -> None:
        """Stores the hash. No link that was issued before works any more."""

    def rehash_passphrase(self, user_id: str, passphrase_hash: str) -> None:
        """Stores a stronger hash of the same passphrase."""

    def new_link(self, user_id: str) -> int:
        """The number of a new link. Earlier links stop working."""

    def deactivate(self, user_id: str, at: datetime) -> None:
        """Ends a user's access. Does nothing if the user is deactivated already."""

    def start_session(self, session: UserSession, digest: str) -> None:
        """Stores a session with the SHA-256 (hex) of its token."""

    def record_session_use(self, session_id: str, at: datetime) -> None:
        """Stores the time of a session's last use."""

    def end_session(self, session_id: str) -> None:
        """Deletes one session."""

    def end_sessions(self, user_id: str) -> int:
        """Deletes all sessions of a user. Returns how many there were."""

    def purge_sessions(self, last_used_before: datetime) -> None:
        """Deletes sessions that were not used since a time."""

    def log_access(self, access: Access) -> None:
        """Adds an entry to the access log."""

    def purge_accesses(self, before: datetime) -> None:
        """Deletes entries of the access log that are older than a time."""


TABLES: Final = """
    CREATE TABLE users (
        id TEXT PRIMARY KEY,
        folded_name TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('agency', 'client', 'viewer')),
        client TEXT NOT NULL CHECK ((client <> '') = (role = 'client')),
        email TEXT NOT NULL,
        passphrase_hash TEXT NOT NULL,
        link_number INTEGER NOT NULL CHECK (link_number >= 0),
        created_at TEXT NOT NULL,
        deactivated_at TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE user_sessions (
        digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
        id TEXT NOT NULL UNIQUE,
        user_id TEXT NOT NULL,
        started_at TEXT NOT NULL,
        last_used_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX user_sessions_by_user ON user_sessions (user_id);
    CREATE TABLE access_log (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id TEXT NOT NULL,
        at TEXT NOT NULL,
        page TEXT NOT NULL,
        lead_id TEXT NOT NULL,
        leads INTEGER NOT NULL CHECK (leads >= 0)
    ) STRICT;
    CREATE INDEX access_log_by_lead ON access_log (lead_id) WHERE lead_id <> '';
"""
"""The tables of this subject, for the migration."""
COLUMNS_OF_DEVICES: Final = """
    ALTER TABLE user_sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
    ALTER TABLE user_sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
    CREATE INDEX access_log_by_time ON access_log (at);
"""
"""For a later migration."""
COLUMN_OF_OUTSIDERS: Final = "ALTER TABLE access_log ADD COLUMN name TEXT NOT NULL DEFAULT ''"
"""For a later migration."""

_USER: Final = (
    "id, name, role, client, email, passphrase_hash, link_number, created_at, deactivated_at"
)
_SESSION: Final = "id, user_id, started_at, last_used_at, device, network"


class SqlUsers:
    """`UserWrites`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, user_id: str) -> User | None:
        return self._user("id = ?", user_id)

    def find(self, name: str) -> User | None:
        return self._user("folded_name = ?", fold_case(name))

    def _user(self, condition: str, value: str) -> User | None:
        row = self._connection.execute(
            f"SELECT {_USER} FROM users WHERE {condition}", (value,)
        ).fetchone()
        return None if row is None else _as_user(row)

    def select(self) -> Sequence[User]:
        rows = self._connection.execute(f"SELECT {_USER} FROM users ORDER BY folded_name")
        return [_as_user(row) for row in rows]

    def session(self, digest: str) -> UserSession | None:
        row = self._connection.execute(
            f"SELECT {_SESSION} FROM user_sessions WHERE digest = ?", (digest,)
        ).fetchone()
        return None if row is None else _as_session(row)

    def sessions(self, user_id: str | None = None) -> Sequence[UserSession]:
        where, values = ("", ()) if user_id is None else ("WHERE user_id = ?", (user_id,))
        rows = self._connection.execute(
            f"SELECT {_SESSION} FROM user_sessions {where} ORDER BY started_at DESC, id", values
        )
        return [_as_session(row) for row in rows]

    def accesses(self, *, limit: int, before: int | None = None) -> Sequence[tuple[int, Access]]:
        where, values = ("", ()) if before is None else ("WHERE id < ?", (before,))
        rows = self._connection.execute(
            "SELECT id, user_id, name, at, page, lead_id, leads FROM access_log"
            f" {where} ORDER BY id DESC LIMIT ?",
            (*values, limit),
        )
        return [
            (
                number,
                Access(
                    user_id=user,
                    name=name,
                    at=parse_time(at),
                    page=page,
                    lead_id=lead,
                    count=count,
                ),
            )
            for number, user, name, at, page, lead, count in rows
        ]

    def add(self, user: User) -> None:
        ended = user.deactivated_at
        self._connection.execute(
            f"INSERT INTO users (folded_name, {_USER}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(fold_case(user.name), user.id, user.name, user.role.value, user.client),
                *(user.email, user.passphrase_hash, user.link_number),
                *(show_time(user.created_at), None if ended is None else show_time(ended)),
            ),
        )

    def set_email(self, user_id: str, email: str) -> None:
        self._connection.execute("UPDATE users SET email = ? WHERE id = ?", (email, user_id))

    def set_passphrase(self, user_id: str, passphrase_hash: str) -> None:
        self._connection.execute(
            "UPDATE users SET passphrase_hash = ?, link_number = link_number + 1 WHERE id = ?",
            (passphrase_hash, user_id),
        )

    def rehash_passphrase(self, user_id: str, passphrase_hash: str) -> None:
        self._connection.execute(
            "UPDATE users SET passphrase_hash = ? WHERE id = ?", (passphrase_hash, user_id)
        )

    def new_link(self, user_id: str) -> int:
        (number,) = self._connection.execute(
            "UPDATE users SET link_number = link_number + 1 WHERE id = ? RETURNING link_number",
            (user_id,),
        ).fetchone()
        return int(number)

    def deactivate(self, user_id: str, at: datetime) -> None:
        self._connection.execute(
            "UPDATE users SET deactivated_at = ? WHERE id = ? AND deactivated_at IS NULL",
            (show_time(at), user_id),
        )

    def start_session(self, session: UserSession, digest: str) -> None:
        self._connection.execute(
            f"INSERT INTO user_sessions (digest, {_SESSION}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(digest, session.id, session.user_id),
                *(show_time(session.started_at), show_time(session.last_used_at)),
                *(session.device, session.network),
            ),
        )

    def record_session_use(self, session_id: str, at: datetime) -> None:
        self._connection.execute(
            "UPDATE user_sessions SET last_used_at = ? WHERE id = ?", (show_time(at), session_id)
        )

    def end_session(self, session_id: str) -> None:
        self._connection.execute("DELETE FROM user_sessions WHERE id = ?", (session_id,))

    def end_sessions(self, user_id: str) -> int:
        return self._connection.execute(
            "DELETE FROM user_sessions WHERE user_id = ?", (user_id,)
        ).rowcount

    def purge_sessions(self, last_used_before: datetime) -> None:
        self._connection.execute(
            "DELETE FROM user_sessions WHERE last_used_at < ?", (show_time(last_used_before),)
        )

    def log_access(self, access: Access) -> None:
        self._connection.execute(
            "INSERT INTO access_log (user_id, name, at, page, lead_id, leads)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(access.user_id, access.name, show_time(access.at)),
                *(access.page, access.lead_id, access.count),
            ),
        )

    def purge_accesses(self, before: datetime) -> None:
        self._connection.execute("DELETE FROM access_log WHERE at < ?", (show_time(before),))


def _as_user(row: tuple[Any, ...]) -> User:
    user_id, name, role, client, email, passphrase_hash, link_number, created, ended = row
    return User(
        id=user_id,
        name=name,
        role=Role(role),
        client=client,
        email=email,
        passphrase_hash=passphrase_hash,
        link_number=link_number,
        created_at=parse_time(created),
        deactivated_at=None if ended is None else parse_time(ended),
    )


def _as_session(row: tuple[str, ...]) -> UserSession:
    session_id, user_id, started_at, last_used_at, device, network = row
    return UserSession(
        id=session_id,
        user_id=user_id,
        started_at=parse_time(started_at),
        last_used_at=parse_time(last_used_at),
        device=device,
        network=network,
    )
