"""Looking things up in the SQLite ledger."""

import hmac
from collections.abc import Container, Iterator, Sequence, Set
from datetime import datetime

from sqlite_utils import Database

from capture.campaign import Campaign
from capture.lead import Kind, Lead, parse_time, show_time
from capture.ledger import bills, programs, walks, worklists
from capture.ledger.chain import GENESIS
from capture.ledger.facts import (
    Access,
    Alike,
    Answered,
    Dossier,
    Frozen,
    Judged,
    Keys,
    LeadFilter,
    Message,
    Note,
    Owed,
    Recorded,
    Shown,
    Tracked,
)
from capture.ledger.rows import (
    DOSSIER_COLUMNS,
    EVENT_COLUMNS,
    LEAD,
    dossier_from,
    lead_from,
    recorded_from,
)
from capture.ledger.shown import shown_leads

# CROSS JOIN makes SQLite begin with the few rows of a key; left to itself it may begin with a
# campaign's whole month of leads.
_BY_KEY = "duplicate_keys CROSS JOIN leads USING (lead_id)"
_COUNTED = "('unconfirmed', 'qualified', 'accepted')"
_ALL = LeadFilter()


class SqliteReading:
    """The questions of `protocol.Reading`, on one connection inside one transaction."""

    def __init__(self, db: Database, key: bytes) -> None:
        self._db = db
        self._key = key
        self._macs: dict[tuple[str, ...], bytes] = {}
        self._account: list[Recorded] = []

    def mac(self, *parts: str) -> bytes:
        """A keyed hash of what a person can be known by (rule 31): 16 bytes of HMAC-SHA-256."""
        found = self._macs.get(parts)
        if found is None:
            made = hmac.digest(self._key, "\n".join(parts).encode(), "sha256")
            found = self._macs[parts] = made[:16]
        return found

    def lead(self, lead_id: str) -> Lead | None:
        row = self._db.execute(f"SELECT {LEAD} FROM leads WHERE lead_id = ?", (lead_id,)).fetchone()
        return None if row is None else lead_from(row)

    def lead_ids_like(self, prefix: str) -> Sequence[str]:
        rows = self._db.execute(
            "SELECT lead_id FROM leads WHERE substr(lead_id, 1, ?) = ? LIMIT 2",
            (len(prefix), prefix),
        )
        return [row[0] for row in rows]

    def leads(self, wanted: LeadFilter = _ALL, *, newest_first: bool = False) -> Iterator[Lead]:
        asked = {"campaign": wanted.campaign, "month": wanted.month}
        wheres = {name: value for name, value in asked.items() if value is not None}
        where = " AND ".join(f"{name} = :{name}" for name in wheres) or "1"
        order = "DESC" if newest_first else "ASC"
        # A campaign's leads lie in order already; the index would have them all sorted first.
        table = "leads NOT INDEXED" if wanted.month is None else "leads"
        for row in self._db.execute(
            f"SELECT {LEAD} FROM {table} WHERE {where} ORDER BY rowid {order}", wheres
        ):
            yield lead_from(row)

    def events(
        self,
        *,
        lead_id: str | None = None,
        campaign: str | None = None,
        until: datetime | None = None,
        last: int | None = None,
    ) -> Iterator[Recorded]:
        asked = {
            "lead_id = :lead_id": lead_id,
            "campaign = :campaign": campaign,
            "sequence <= :last": last,
            "recorded_at <= :until": None if until is None else show_time(until),
        }
        where = " AND ".join(clause for clause, value in asked.items() if value is not None)
        for row in self._db.execute(
            f"SELECT {EVENT_COLUMNS} FROM events WHERE {where or '1'} ORDER BY sequence",
            {
                "lead_id": lead_id,
                "campaign": campaign,
                "until": asked["recorded_at <= :until"],
                "last": last,
            },
        ):
            yield recorded_from(row)

    def lives(self) -> Iterator[Sequence[Recorded]]:
        return walks.lives(self._db)

    def first_lead(self, campaign: str) -> Lead | None:
        return worklists.first_lead(self._db, campaign)

    def in_review(
        self, campaign: str | None = None, *, ended_by: datetime | None = None
    ) -> Sequence[Lead]:
        return worklists.in_review(self._db, campaign, ended_by)

    def booked(
        self, campaign: str | None = None, *, silent_by: datetime | None = None
    ) -> Sequence[Lead]:
        return worklists.booked(self._db, campaign, silent_by)

    def free(self, campaign: str, month: str) -> Sequence[str]:
        return worklists.free(self._db, campaign, month)

    def billable(self, campaign: str, month: str, as_of: datetime) -> Set[str]:
        return worklists.billable(self._db, campaign, month, as_of)

    def changed_after(
        self, campaign: str, *, until: datetime | None = None, last: int | None = None
    ) -> Set[str]:
        return worklists.changed_after(self._db, campaign, until=until, last=last)

    def judged(self, campaign: str, since: datetime | None = None) -> Iterator[Judged]:
        return walks.judged(self._db, campaign, since)

    def how_many(self, campaign: str, since: datetime | None = None) -> int:
        return walks.how_many(self._db, campaign, since)

    def tracked(self, campaign: str) -> Iterator[Tracked]:
        return walks.tracked(self._db, campaign)

    def referenced(
        self, client: str, kind: Kind, reference: str, *, test: bool
    ) -> Sequence[Recorded]:
        rows = self._db.execute(
            f"SELECT {EVENT_COLUMNS} FROM events INDEXED BY events_by_reference"
            " WHERE json_extract(data, '$.reference') IS NOT NULL"
            " AND json_extract(data, '$.reference') = ? AND kind = ? AND EXISTS"
            " (SELECT 1 FROM leads WHERE leads.lead_id = events.lead_id AND client = ?"
            " AND test = ?) ORDER BY sequence",
            (reference, kind.value, client, int(test)),
        )
        return [recorded_from(row) for row in rows]

    def account_events(self) -> Iterator[Recorded]:
        # Events only grow, so each is read once: they are asked for again and again.
        seen = self._account[-1].sequence if self._account else 0
        rows = self._db.execute(
            f"SELECT {EVENT_COLUMNS} FROM events WHERE lead_id IS NULL AND sequence > ?"
            " ORDER BY sequence",
            (seen,),
        )
        self._account.extend(map(recorded_from, rows))
        return iter(tuple(self._account))

    def owed(self, lead_id: str) -> Owed:
        return bills.owed(self._db, lead_id)

    def billed_on(self, lead_id: str) -> Sequence[tuple[str, str]]:
        return bills.billed_on(self._db, lead_id)

    def lines_apart(self) -> Iterator[tuple[str, str, str]]:
        return bills.lines_apart(self._db)

    def billed(self, campaign: str, before: str) -> Container[tuple[str, str]]:
        return bills.Billed(self._db, campaign, before)

    def over_cap(self, campaign: str, month: str, last: int | None = None) -> int:
        row = self._db.execute(
            "SELECT count(*) FROM leads WHERE campaign = ? AND month = ? AND review = 'over_cap'"
            " AND test = 0 AND EXISTS (SELECT 1 FROM events WHERE events.lead_id = leads.lead_id"
            " AND kind = 'over_cap' AND (? IS NULL OR sequence <= ?))",
            (campaign, month, last, last),
        ).fetchone()
        return int(row[0])

    def dossier(self, lead_id: str) -> Dossier | None:
        row = self._db.execute(
            f"SELECT {DOSSIER_COLUMNS} FROM dossiers WHERE lead_id = ?", (lead_id,)
        ).fetchone()
        return None if row is None else dossier_from(row)[1]

    def version_text(self, campaign: str, version: str) -> str | None:
        row = self._db.execute(
            "SELECT text FROM campaign_versions WHERE slug = ? AND version = ?", (campaign, version)
        ).fetchone()
        return None if row is None else str(row[0])

    def kept_versions(self, campaign: str, until: datetime) -> Sequence[str]:
        rows = self._db.execute(
            "SELECT version FROM campaign_versions WHERE slug = ? AND kept_at <= ? ORDER BY rowid",
            (campaign, show_time(until)),
        )
        return [version for (version,) in rows]

    def campaigns(self) -> Sequence[str]:
        # From name to name by the index: there are few, and very many leads.
        rows = self._db.execute(
            "WITH RECURSIVE slugs (slug) AS (SELECT min(campaign) FROM leads UNION ALL"
            " SELECT (SELECT min(campaign) FROM leads WHERE campaign > slug) FROM slugs"
            " WHERE slug IS NOT NULL) SELECT slug FROM slugs WHERE slug IS NOT NULL"
        )
        return [slug for (slug,) in rows]

    def first_version(self, campaign: str) -> str | None:
        row = self._db.execute(
            "SELECT version FROM leads"
            " WHERE rowid = (SELECT min(rowid) FROM leads WHERE campaign = ? AND test = 0)",
            (campaign,),
        ).fetchone()
        return None if row is None else str(row[0])

    def head(self, until: datetime | None = None) -> tuple[int, str]:
        row: tuple[int, str] | None
        if until is None:
            row = self._db.execute("SELECT sequence, head FROM chain").fetchone()
        else:
            row = self._db.execute(
                "SELECT sequence, hash FROM events WHERE recorded_at <= ?"
                " ORDER BY sequence DESC LIMIT 1",
                (show_time(until),),
            ).fetchone()
        return row or (0, GENESIS)

    def hash_of(self, sequence: int) -> str:
        row = self._db.execute("SELECT hash FROM events WHERE sequence = ?", (sequence,)).fetchone()
        return GENESIS if row is None else str(row[0])

    def submission(self, one_time_id: str | None, answers: str, since: datetime) -> str | None:
        if one_time_id:
            row = self._db.execute(
                "SELECT lead_id FROM submissions WHERE one_time_id = ?", (self.mac(one_time_id),)
            ).fetchone()
        else:
            row = self._db.execute(
                "SELECT lead_id FROM submissions WHERE answers = ? AND received_at > ?"
                " ORDER BY received_at DESC LIMIT 1",
                (self.mac(answers), show_time(since)),
            ).fetchone()
        return None if row is None else str(row[0])

    def matching(self, client: str, keys: Keys, wanted: Alike) -> Sequence[Lead]:
        macs = [self.mac(client, kind, value) for kind, value in keys.items()]
        if not macs:
            return []
        marks = ", ".join("?" * len(macs))
        stages = sorted(wanted.stages)
        since = "" if wanted.since is None else show_time(wanted.since)
        # The stage is asked for here: a flood of others must not fill the few that are looked at.
        rows = self._db.execute(
            f"SELECT DISTINCT {LEAD} FROM {_BY_KEY} WHERE mac IN ({marks}) AND test = 0"
            f" AND review IN ({', '.join('?' * len(stages))}) AND received_at >= ?"
            " AND (? IS NULL OR campaign = ?) ORDER BY received_at DESC LIMIT ?",
            (*macs, *stages, since, wanted.campaign, wanted.campaign, _limit(wanted.most)),
        )
        return [lead_from(row) for row in rows]

    def places_taken(self, campaign: Campaign, month: str, company: Keys | None = None) -> int:
        counted = f"campaign = ? AND month = ? AND review IN {_COUNTED} AND test = 0 AND free = 0"
        if company is None:
            row = self._db.execute(
                f"SELECT count(*) FROM leads WHERE {counted}", (campaign.slug, month)
            ).fetchone()
        else:
            macs = [self.mac(campaign.client, kind, value) for kind, value in company.items()]
            row = self._db.execute(
                f"SELECT count(DISTINCT lead_id) FROM {_BY_KEY}"
                f" WHERE mac IN ({', '.join('?' * len(macs))}) AND {counted}",
                (*macs, campaign.slug, month),
            ).fetchone()
        return int(row[0])

    def spam_received(self, campaign: str, month: str, number: int) -> datetime | None:
        # All of the index but the row's number is given, so the newest are at its end.
        row = self._db.execute(
            "SELECT received_at FROM leads WHERE campaign = ? AND month = ? AND review = 'spam'"
            " AND test = 0 AND free = 0 ORDER BY rowid DESC LIMIT 1 OFFSET ?",
            (campaign, month, number - 1),
        ).fetchone()
        return None if row is None else parse_time(row[0])

    def is_suppressed(self, client: str, keys: Keys) -> bool:
        macs = [self.mac(client, kind, value) for kind, value in keys.items()]
        marks = ", ".join("?" * len(macs))
        return (
            self._db.execute(
                f"SELECT 1 FROM suppressions WHERE mac IN ({marks}) LIMIT 1", macs
            ).fetchone()
            is not None
        )

    def is_paused(self, campaign: str) -> bool:
        row = self._db.execute(
            "SELECT kind FROM events WHERE campaign = ? AND lead_id IS NULL AND kind IN (?, ?)"
            " ORDER BY sequence DESC LIMIT 1",
            (campaign, Kind.PAUSED.value, Kind.RESUMED.value),
        ).fetchone()
        return row is not None and row[0] == Kind.PAUSED

    def notes(self, lead_id: str) -> Sequence[Note]:
        rows = self._db.execute(
            "SELECT kind, author, text, written_at FROM notes WHERE lead_id = ? ORDER BY id",
            (lead_id,),
        )
        return [
            Note(lead_id, kind, author, text, parse_time(written_at))
            for kind, author, text, written_at in rows
        ]

    def pseudonym(self, client: str, name: str) -> str:
        return self.mac(client, "person", name.strip().casefold()).hex()

    def shown(self, wanted: Shown) -> Sequence[Lead]:
        return shown_leads(self._db, wanted)

    def access(self, digest: str) -> Access | None:
        return programs.access(self._db, digest)

    def accesses(self, client: str | None = None) -> Sequence[Access]:
        return programs.accesses(self._db, client)

    def answered(self, client: str, key: str, request: str) -> Answered | None:
        return programs.answered(self._db, self.mac(client, "key", key), self.mac(request))

    def statements(self, client: str | None = None) -> Iterator[Frozen]:
        return bills.statements(self._db, client)

    def statement_numbers(self) -> Sequence[str]:
        return bills.statement_numbers(self._db)

    def lines_of(self, number: str) -> Sequence[tuple[str, str]]:
        return bills.lines_of(self._db, number)

    def statement(self, number: str) -> Frozen | None:
        return bills.statement(self._db, number)

    def messages(self) -> Sequence[Message]:
        rows = self._db.execute(
            "SELECT lead_id, kind, queued_at, expires_at FROM outbox"
            " WHERE sent_at IS NULL ORDER BY id"
        )
        return [
            Message(lead_id, kind, parse_time(queued), expires and parse_time(expires))
            for lead_id, kind, queued, expires in rows
        ]


def _limit(most: int | None) -> int:
    return -1 if most is None else most  # as SQLite writes that there is none
