"""Traits of leads that came by form: properties that several leads of one campaign may have.

They are for risk signals only (rule 36 of docs/rules.md), and are deleted before they are 30 days
old. A trait is a keyed hash of a network, a traffic source, a phone number or a pattern of answers.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from capture.lead.events import EventKind, parse_time, show_time
from capture.lead.model import Lead
from capture.ledger.dialect import Connection, Dialect, placeholders
from capture.ledger.leads import LEAD, lead_from_row
from capture.ledger.people import KeyedHash
from capture.ledger.types import Keys

TABLES: Final = """
    -- Keyed hashes only. They are deleted before they are 30 days old.
    CREATE TABLE traits (
        mac BLOB NOT NULL CHECK (length(mac) = 16),
        received_at TEXT NOT NULL,
        lead_id TEXT NOT NULL,
        sender BLOB NOT NULL CHECK (length(sender) = 16),
        has_rate INTEGER NOT NULL CHECK (has_rate IN (0, 1)),
        PRIMARY KEY (mac, received_at, lead_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX traits_by_lead ON traits (lead_id);
    CREATE TABLE trait_rates (
        mac BLOB NOT NULL CHECK (length(mac) = 16),
        hour INTEGER NOT NULL,  -- since 1970
        leads INTEGER NOT NULL CHECK (leads >= 0),
        PRIMARY KEY (mac, hour)
    ) STRICT, WITHOUT ROWID;
"""

_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait, in clear text; the ledger stores only its hash."""

    kind: str
    value: str
    has_rate: bool = False
    """Whether its leads are counted for each hour, so that the usual rate is known."""


@dataclass(frozen=True, slots=True)
class Traits:
    """The traits of one lead."""

    sender: str
    """The company's domain or, at a free-mail provider, the mailbox: colleagues are one sender."""
    traits: tuple[Trait, ...]
    """Each trait once."""


@dataclass(frozen=True, slots=True)
class TraitLead:
    """A lead with a trait."""

    lead_id: str
    sender: bytes
    """Keyed hash of the company's domain or, at a free-mail provider, of the mailbox."""
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Rejections:
    """The client's leads that share an identity key with a new one."""

    rejected: int
    """The number of leads rejected for the given reason, without disputed ones."""
    accepted: int
    """The number of leads that are accepted or in review."""


class TraitQueries(Protocol):
    """Queries on the traits of leads."""

    def newest(
        self, campaign: str, trait: Trait, since: datetime, limit: int
    ) -> Sequence[TraitLead]:
        """At most `limit` leads with the trait that were received after `since`, newest first."""

    def count(self, campaign: str, trait: Trait, since: datetime, until: datetime) -> int:
        """The number of leads with the trait from the clock hour of `since` until before the clock
        hour of `until`. Only traits that have a rate are counted."""

    def sender(self, campaign: str, sender: str) -> bytes:
        """The keyed hash of a sender, as in `TraitLead`."""

    def checked(self, lead_ids: Sequence[str]) -> Set[str]:
        """The leads that a person has checked: the address was confirmed, the agency released or
        corrected the lead, or a person accepted it."""

    def quarantined_without(self, lead_ids: Sequence[str], signal: str) -> Set[str]:
        """The leads that are in quarantine or discarded, without this signal as a reason."""

    def undecided(self, lead_ids: Sequence[str]) -> Sequence[Lead]:
        """The leads that are in review or unconfirmed, in the order of their recording."""

    def rejections(self, client: str, keys: Keys, reason: str) -> Mapping[str, Rejections]:
        """By key name: the client's leads with that identity key, if one has this `reason`."""


class TraitWrites(TraitQueries, Protocol):
    """Writes and deletes traits."""

    def save(
        self, lead_id: str, campaign: str, traits: Traits, at: datetime, *, is_usual: bool
    ) -> None:
        """Stores a lead's traits. Only an `is_usual` lead counts towards the usual rate."""

    def set_usual(self, lead_id: str, *, is_usual: bool) -> None:
        """Adds a lead to the usual rates, or takes it out. `is_usual` must differ from before."""

    def delete(self, lead_ids: Iterable[str]) -> int:
        """Deletes the traits of leads, and returns the number of deleted traits."""

    def delete_before(self, moment: datetime) -> int:
        """Deletes the traits of leads received before a time, and returns the number of deleted
        traits. Reads the complete table."""


_CHECKED: Final = (EventKind.RELEASED.value, EventKind.CORRECTED.value, EventKind.ACCEPTED.value)


_COUNT_UP: Final = (
    "INSERT INTO trait_rates (mac, hour, leads) VALUES (?, ?, 1)"
    " ON CONFLICT (mac, hour) DO UPDATE SET leads = trait_rates.leads + 1"
)
_COUNT_DOWN: Final = (
    "UPDATE trait_rates SET leads = leads - 1 WHERE mac = ? AND hour = ? AND leads > 0"
)


class SqlTraits:
    """`TraitWrites`."""

    def __init__(self, connection: Connection, dialect: Dialect, keyed_hash: KeyedHash) -> None:
        self._connection = connection
        self._dialect = dialect
        self._hash = keyed_hash

    def newest(
        self, campaign: str, trait: Trait, since: datetime, limit: int
    ) -> Sequence[TraitLead]:
        rows = self._connection.execute(
            "SELECT lead_id, sender, received_at FROM traits WHERE mac = ? AND received_at > ?"
            " ORDER BY received_at DESC LIMIT ?",
            (self._mac(campaign, trait), show_time(since), limit),
        )
        return [TraitLead(lead_id, sender, parse_time(at)) for lead_id, sender, at in rows]

    def count(self, campaign: str, trait: Trait, since: datetime, until: datetime) -> int:
        row = self._connection.execute(
            "SELECT coalesce(sum(leads), 0) FROM trait_rates"
            " WHERE mac = ? AND hour >= ? AND hour < ?",
            (self._mac(campaign, trait), _hour(since), _hour(until)),
        ).fetchone()
        return int(row[0])

    def sender(self, campaign: str, sender: str) -> bytes:
        return self._hash.of("sender", campaign, sender)

    def checked(self, lead_ids: Sequence[str]) -> Set[str]:
        rows = self._connection.execute(
            f"SELECT lead_id FROM leads WHERE lead_id IN ({placeholders(lead_ids)})"
            # A lead in quarantine has not been checked. This test saves the query on events for
            # nearly all leads of a flood of robots.
            " AND (confirmed = 1 OR review NOT IN ('held_back', 'quarantined')"
            " AND EXISTS (SELECT 1 FROM events"
            f" WHERE events.lead_id = leads.lead_id AND kind IN ({placeholders(_CHECKED)})"
            " AND data ->> 'silence' IS NULL))",
            (*lead_ids, *_CHECKED),
        )
        return {lead_id for (lead_id,) in rows}

    def quarantined_without(self, lead_ids: Sequence[str], signal: str) -> Set[str]:
        rows = self._connection.execute(
            f"SELECT lead_id FROM leads WHERE lead_id IN ({placeholders(lead_ids)})"
            " AND review IN ('quarantined', 'held_back', 'discarded')"
            " AND NOT EXISTS (SELECT 1 FROM events WHERE events.lead_id = leads.lead_id"
            " AND kind IN ('quarantined', 'held_back') AND data ->> 'signals' LIKE ?)",
            (*lead_ids, f'%"{signal}"%'),
        )
        return {lead_id for (lead_id,) in rows}

    def undecided(self, lead_ids: Sequence[str]) -> Sequence[Lead]:
        rows = self._connection.execute(
            f"SELECT {LEAD} FROM leads WHERE lead_id IN ({placeholders(lead_ids)})"
            " AND review IN ('qualified', 'unconfirmed') ORDER BY id",
            lead_ids,
        )
        return [lead_from_row(row) for row in rows]

    def rejections(self, client: str, keys: Keys, reason: str) -> Mapping[str, Rejections]:
        if not keys:
            return {}
        names = dict(zip(self._hash.of_keys(client, keys), keys, strict=True))
        rows = self._connection.execute(
            "SELECT mac, sum(review = 'rejected' AND disputed = 0 AND (SELECT data ->> 'reason'"
            " FROM events WHERE events.lead_id = leads.lead_id AND kind = 'rejected'"
            " ORDER BY sequence DESC LIMIT 1) = ?), sum(review IN ('accepted', 'qualified'))"
            f" FROM duplicate_keys {self._dialect.outer_join_first} leads USING (lead_id)"
            f" WHERE mac IN ({placeholders(list(names))}) AND test = 0 GROUP BY mac",
            (reason, *names),
        )
        return {
            names[mac]: Rejections(rejected, accepted)
            for mac, rejected, accepted in rows
            if rejected
        }

    def save(
        self, lead_id: str, campaign: str, traits: Traits, at: datetime, *, is_usual: bool
    ) -> None:
        macs = {trait: self._mac(campaign, trait) for trait in traits.traits}
        sender, time = self.sender(campaign, traits.sender), show_time(at)
        self._connection.executemany(
            "INSERT INTO traits (mac, received_at, lead_id, sender, has_rate)"
            " VALUES (?, ?, ?, ?, ?)",
            [(mac, time, lead_id, sender, trait.has_rate) for trait, mac in macs.items()],
        )
        if is_usual:
            hour = _hour(at)
            self._connection.executemany(
                _COUNT_UP, ((mac, hour) for trait, mac in macs.items() if trait.has_rate)
            )

    def set_usual(self, lead_id: str, *, is_usual: bool) -> None:
        rows = self._connection.execute(
            "SELECT mac, received_at FROM traits WHERE lead_id = ? AND has_rate = 1", (lead_id,)
        ).fetchall()
        hours = ((mac, _hour(parse_time(at))) for mac, at in rows)
        self._connection.executemany(_COUNT_UP if is_usual else _COUNT_DOWN, hours)

    def delete(self, lead_ids: Iterable[str]) -> int:
        deleted = self._connection.executemany(
            "DELETE FROM traits WHERE lead_id = ?", [(lead_id,) for lead_id in lead_ids]
        )
        return max(deleted.rowcount, 0)  # sqlite3 reports -1 if there was no lead

    def delete_before(self, moment: datetime) -> int:
        deleted = self._connection.execute(
            "DELETE FROM traits WHERE received_at < ?", (show_time(moment),)
        )
        self._connection.execute("DELETE FROM trait_rates WHERE hour < ?", (_hour(moment),))
        return deleted.rowcount

    def _mac(self, campaign: str, trait: Trait) -> bytes:
        return self._hash.of("trait", campaign, trait.kind, trait.value)


def _hour(moment: datetime) -> int:
    """The number of the clock hour."""
    return int(moment.timestamp()) // _HOUR
