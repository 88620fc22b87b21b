"""The filters of the list of leads, as the address has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from flask import url_for

from capture.campaign.quarantine import SIGNALS
from capture.errors import Refused
from capture.lead.moves import MOVES, NOT_STARTED, STAGES, VISIBLE_TO_CLIENT, Track
from capture.lead_details.stages import stage_on_track
from capture.lead_search import search_text
from capture.ledger.types import LeadListQuery, LeadSort, Position
from capture.text import trim_invisible
from capture.web.desk.positions import read_position, show_position
from capture.web.desk.times import reader_zone

FIELDS: Final = ("q", "campaign", "stage", "from", "to", "article", "source", "signal", "sort")
"""The names in the address, without the position of the page."""
AGENCY_FIELDS: Final = frozenset({"source", "signal"})
"""Filters for the agency only: they use facts that a client does not see."""
MAX_LENGTH: Final = 500
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LeadFilters:
    """The filters, as texts that were typed or chosen."""

    texts: Mapping[str, str]
    after: str = ""
    before: str = ""
    has_agency_filters: bool = False
    """Whether the address of a client has filters that only the agency has. They are left out."""

    def get(self, name: str) -> str:
        """The text of a filter; empty if it is not set."""
        return self.texts.get(name, "")

    @property
    def is_set(self) -> bool:
        """Whether the list is filtered."""
        return any(self.texts.get(name) for name in FIELDS if name != "sort")

    @property
    def sort(self) -> LeadSort:
        """Raises `Refused` for an unknown order."""
        text = self.get("sort")
        try:
            return LeadSort(text) if text else LeadSort.NEWEST
        except ValueError:
            raise Refused("Sort: choose an order of the list") from None

    def query(self, client: str | None, now: datetime, limit: int) -> LeadListQuery:
        """The query of the ledger. Raises `Refused` for a text that is no filter."""
        track, stage = _read_stage(self.get("stage"), client)
        since = _read_day("From", self.get("from"))
        last = _read_day("To", self.get("to"))
        if since and last and since > last:
            raise Refused("From: choose a day that is not after the other one")
        return LeadListQuery(
            now=now,
            limit=limit,
            client=client,
            campaign=self.get("campaign") or None,
            review=stage if track is Track.REVIEW else None,
            appointment=stage if track is Track.APPOINTMENT else None,
            sale=stage if track is Track.SALE else None,
            source=self.get("source") or None,
            article=self.get("article") or None,
            signal=self.get("signal") or None,
            search=search_text(self.get("q")) if self.get("q") else None,
            received_since=None if since is None else _start(since),
            received_until=None if last is None else _start(last + _DAY),
            sort=self.sort,
            after=_read_position(self.after),
            before=_read_position(self.before),
        )

    @property
    def kept(self) -> Mapping[str, str]:
        """What a form sends so that the answer is this page of the list again."""
        return {**self.texts, "after": self.after, "before": self.before}

    def here(self) -> str:
        """The address of this page of the list."""
        return self._address(self.kept)

    def address(self, **position: Position) -> str:
        """The address of the list from a position; without one it is the first page."""
        places = {name: show_position(place) for name, place in position.items()}
        return self._address({**self.texts, **places})

    def _address(self, texts: Mapping[str, str]) -> str:
        query = urlencode({name: text for name, text in texts.items() if text})
        return url_for("leads.show") + (f"?{query}" if query else "")


def read_filters(args: Mapping[str, str], client: str | None) -> LeadFilters:
    """The filters in an address or a form. A client has none of `AGENCY_FIELDS`."""
    names = [name for name in FIELDS if client is None or name not in AGENCY_FIELDS]
    texts = {name: trim_invisible(args.get(name, ""))[:MAX_LENGTH] for name in names}
    after, before = (args.get(name, "")[:MAX_LENGTH] for name in ("after", "before"))
    left_out = any(args.get(name) for name in AGENCY_FIELDS - texts.keys())
    return LeadFilters(texts, after, before, has_agency_filters=left_out)


def stage_choices(client: str | None) -> Mapping[str, Mapping[str, str]]:
    """The choices of the filter by stage: by track, each stage in words by its value."""
    reviews = [stage for stage in STAGES if client is None or stage in VISIBLE_TO_CLIENT]
    groups = {
        "Review": {
            stage: stage_on_track(Track.REVIEW, stage) for stage in reviews if stage != "received"
        }
    }
    for track, title in ((Track.APPOINTMENT, "Meeting"), (Track.SALE, "Sale")):
        groups[title] = {
            f"{track.value}:{stage}": stage_on_track(track, stage) for stage in _stages(track)
        }
    return groups


def signal_choices() -> Mapping[str, str]:
    """The choices of the filter by risk signal."""
    return {name: name.replace("_", " ") for name in SIGNALS}


def _stages(track: Track) -> list[str]:
    """All stages of a track that has begun."""
    moves = MOVES[track]
    stages = [*moves, *(stage for each in moves.values() for stage in each.values())]
    return [stage for stage in dict.fromkeys(stages) if stage != NOT_STARTED]


def _read_stage(text: str, client: str | None) -> tuple[Track | None, str | None]:
    if not text:
        return None, None
    if not any(text in choices for choices in stage_choices(client).values()):
        raise Refused("Stage: choose one of the list")
    track, _, stage = text.rpartition(":")
    return (Track(track) if track else Track.REVIEW), stage


def _read_day(label: str, text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        for each in (day, day + _DAY):
            _start(each).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(f"{label}: write a date as 2026-11-30") from None
    return day


def _start(day: date) -> datetime:
    """The start of a day in the reader's zone."""
    return datetime.combine(day, time(), reader_zone())


def _read_position(text: str) -> Position | None:
    position = read_position(text)
    if text and position is None:
        raise Refused("The address of this page is damaged: open the list again")
    return position
