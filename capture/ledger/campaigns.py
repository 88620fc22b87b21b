"""SQL for campaigns: their versions, whether they are paused, and the counts for caps."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from capture.campaign.files import parse_campaign
from capture.campaign.model import Campaign
from capture.lead.events import Event, EventKind, parse_time, show_time
from capture.lead.moves import DELIVERED, VISIBLE_TO_CLIENT
from capture.ledger.dialect import Connection, Dialect, placeholders, quoted
from capture.ledger.events import EVENT_COLUMNS, recorded_from_row
from capture.ledger.people import KeyedHash
from capture.ledger.types import Keys, StoredVersion

UNCONFIRMED_IN_CAP: Final = timedelta(hours=2)
"""How long after its receipt an unconfirmed lead counts towards a cap that refuses leads."""

_COUNTED: Final = (
    "campaign = ? AND month = ? AND test = 0 AND free_over_cap = 0"
    f" AND review IN ({quoted(DELIVERED | {'held_back', 'unconfirmed'})})"
    " AND (review <> 'unconfirmed' OR (confirm_until > ? AND received_at > ?))"
)
"""The leads of a month that count towards a cap (rule 7 of docs/rules.md)."""


class SqlCampaigns:
    """`protocol.CampaignWrites`."""

    def __init__(self, connection: Connection, dialect: Dialect, keyed_hash: KeyedHash) -> None:
        self._connection = connection
        self._dialect = dialect
        self._hash = keyed_hash

    def slugs(self) -> Sequence[str]:
        # Jumps from slug to slug in the index: there are few slugs and very many leads.
        rows = self._connection.execute(
            "WITH RECURSIVE slugs (slug) AS (SELECT min(campaign) FROM leads UNION ALL"
            " SELECT (SELECT min(campaign) FROM leads WHERE campaign > slug) FROM slugs"
            " WHERE slug IS NOT NULL) SELECT slug FROM slugs WHERE slug IS NOT NULL"
        )
        return [slug for (slug,) in rows]

    def first_version(self, campaign: str) -> str | None:
        row = self._connection.execute(
            "SELECT version FROM leads"
            " WHERE id = (SELECT min(id) FROM leads WHERE campaign = ? AND test = 0)",
            (campaign,),
        ).fetchone()
        return None if row is None else str(row[0])

    def version_text(self, campaign: str, version: str) -> str | None:
        row = self._connection.execute(
            "SELECT text FROM campaign_versions WHERE slug = ? AND version = ?", (campaign, version)
        ).fetchone()
        return None if row is None else str(row[0])

    def versions(self, campaign: str, until: datetime) -> Sequence[str]:
        rows = self._connection.execute(
            "SELECT version FROM campaign_versions WHERE slug = ? AND kept_at <= ? ORDER BY id",
            (campaign, show_time(until)),
        )
        return [version for (version,) in rows]

    def stored_versions(self, campaign: str) -> Sequence[StoredVersion]:
        rows = self._connection.execute(
            "SELECT version, kept_at FROM campaign_versions WHERE slug = ? ORDER BY id", (campaign,)
        )
        return [StoredVersion(version, parse_time(kept_at)) for version, kept_at in rows]

    def is_paused(self, campaign: str) -> bool:
        event = self.last_pause(campaign)
        return event is not None and event.kind is EventKind.PAUSED

    def last_pause(self, campaign: str) -> Event | None:
        row = self._connection.execute(
            f"SELECT {EVENT_COLUMNS} FROM events"
            " WHERE campaign = ? AND lead_id IS NULL AND kind IN (?, ?)"
            " ORDER BY sequence DESC LIMIT 1",
            (campaign, EventKind.PAUSED.value, EventKind.RESUMED.value),
        ).fetchone()
        return None if row is None else recorded_from_row(row).event

    def count_in_review(self, campaign: str, now: datetime) -> int:
        row = self._connection.execute(
            f"SELECT count(*) FROM leads {self._dialect.use_index.format('leads_in_review')}"
            " WHERE campaign = ? AND review = 'qualified' AND test = 0"
            " AND (silence_accepts_at IS NULL OR silence_accepts_at > ?)",
            (campaign, show_time(now)),
        ).fetchone()
        return int(row[0])

    def count_towards_cap(
        self, campaign: Campaign, month: str, now: datetime, company: Keys | None = None
    ) -> int:
        received_after = now - UNCONFIRMED_IN_CAP if campaign.caps.over == "refuse" else None
        values = (
            *(campaign.slug, month, show_time(now)),
            "" if received_after is None else show_time(received_after),
        )
        if company is None:
            row = self._connection.execute(
                f"SELECT count(*) FROM leads WHERE {_COUNTED}", values
            ).fetchone()
        else:
            hashes = self._hash.of_keys(campaign.client, company)
            row = self._connection.execute(
                "SELECT count(DISTINCT lead_id) FROM duplicate_keys"
                f" {self._dialect.outer_join_first} leads USING (lead_id)"
                f" WHERE mac IN ({placeholders(hashes)}) AND {_COUNTED}",
                (*hashes, *values),
            ).fetchone()
        return int(row[0])

    def leads_free_over_cap(self, campaign: str, month: str) -> Sequence[str]:
        rows = self._connection.execute(
            "SELECT lead_id FROM leads WHERE campaign = ? AND month = ? AND test = 0"
            f" AND free_over_cap = 1 AND review IN ({quoted(VISIBLE_TO_CLIENT)})",
            (campaign, month),
        )
        return [lead_id for (lead_id,) in rows]

    def count_over_cap(self, campaign: str, month: str, last: int | None = None) -> int:
        up_to_last = "" if last is None else " AND sequence <= :last"
        row = self._connection.execute(
            "SELECT count(*) FROM leads WHERE campaign = :campaign AND month = :month"
            " AND review = 'over_cap' AND test = 0 AND EXISTS (SELECT 1 FROM events"
            f" WHERE events.lead_id = leads.lead_id AND kind = 'over_cap'{up_to_last})",
            {"campaign": campaign, "month": month, "last": last},
        ).fetchone()
        return int(row[0])

    def spam_received(self, campaign: str, month: str, number: int) -> datetime | None:
        # The index holds all of these columns, with the newest leads at its end.
        row = self._connection.execute(
            "SELECT received_at FROM leads WHERE campaign = ? AND month = ? AND review = 'spam'"
            " AND test = 0 AND free_over_cap = 0 ORDER BY id DESC LIMIT 1 OFFSET ?",
            (campaign, month, number - 1),
        ).fetchone()
        return None if row is None else parse_time(row[0])

    def save_version(self, campaign: Campaign, at: datetime) -> None:
        self._connection.execute(
            "INSERT INTO campaign_versions (slug, version, text, kept_at)"
            " SELECT ?, ?, ?, ? WHERE NOT EXISTS"
            " (SELECT 1 FROM campaign_versions WHERE slug = ? AND version = ?)",
            (
                *(campaign.slug, campaign.version, campaign.text, show_time(at)),
                *(campaign.slug, campaign.version),
            ),
        )


@lru_cache(maxsize=64)  # a version never changes, and many leads have the same one
def parse_version(slug: str, version: str, text: str) -> Campaign:
    """The campaign of a stored version. Cached."""
    return parse_campaign(slug, text, f"{slug} (version {version[:12]})")
