"""The letters to the agency: spam, quarantine, caps, month and campaign ends, failures, files.

There are none if the agency has set no e-mail address. Test leads are in no figure (rule 5 of
docs/rules.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from capture.billing.history import add_months
from capture.campaign.catalogue import Catalogue
from capture.campaign.gated_files import unavailable_files
from capture.campaign.model import Campaign
from capture.closing.cap_use import CAP_PERCENTS, CapUse, lead_cap_use, money_cap_use
from capture.closing.months import campaign_groups, closed_months
from capture.delivery.event_messages import (
    MORNING,
    TOO_OLD,
    AccountEvent,
    LeadEvent,
    is_too_old,
    morning_of,
)
from capture.kpi.waiting import DAYS_BEFORE_THE_END
from capture.lead.events import Event, EventKind
from capture.ledger.messages import Channel, NewMessage
from capture.ledger.protocol import ReadTransaction

_DAY: Final = timedelta(days=1)
_LISTED_FAILURES: Final = 100
"""Most messages that one letter lists."""
_FAILURES: Final = "failed_deliveries"
_QUARANTINE: Final = "quarantine_digest"


@dataclass(frozen=True, slots=True)
class AgencyPlanner:
    """Which letters the agency gets."""

    email: str
    gated: Path
    """The folder of files that visitors get for a form."""
    now: datetime

    def spam_digest(self, subject: LeadEvent) -> Iterator[NewMessage]:
        """The day's spam of a campaign, the next morning."""
        lead, zone = subject.lead, subject.campaign.zone
        day = lead.received_at.astimezone(zone).date()
        due_at = morning_of(day + _DAY, zone)
        if subject.event.kind is EventKind.SPAM and not lead.test and self.now < due_at + TOO_OLD:
            yield self._letter(
                "spam_digest",
                f"{lead.campaign}:{day}",
                {"day": day.isoformat()},
                client=lead.client,
                campaign=lead.campaign,
                due_at=due_at,
                expires_at=due_at + TOO_OLD,
            )

    def quarantine_digest(self, reading: ReadTransaction) -> Iterator[NewMessage]:
        """One letter a day on the leads that have been in quarantine since before 08:00 UTC."""
        today = self.now.astimezone(UTC).date()
        morning = datetime.combine(today, MORNING, UTC)
        key = f"{_QUARANTINE}:{today}"
        if self.now < morning or key in reading.outbox.by_key([key]):
            return
        if any(lead.received_at < morning for lead in reading.leads.in_quarantine()):
            yield self._letter(_QUARANTINE, today.isoformat(), {}, expires_at=morning + _DAY)

    def cap_nearly_reached(
        self, reading: ReadTransaction, campaign: Campaign
    ) -> Iterator[NewMessage]:
        """This month's cap on leads, at 80 % and again when it is reached."""
        yield from self._cap_letter(reading, campaign, lead_cap_use(reading, campaign, self.now))

    def money_cap_nearly_reached(
        self, reading: ReadTransaction, campaign: Campaign
    ) -> Iterator[NewMessage]:
        """This month's budget, at 80 % and again when it is used up (rule 9)."""
        yield from self._cap_letter(reading, campaign, money_cap_use(reading, campaign, self.now))

    def _cap_letter(
        self, reading: ReadTransaction, campaign: Campaign, cap: CapUse | None
    ) -> Iterator[NewMessage]:
        if cap is None or not cap.is_near:
            return
        keys = {
            percent: f"{campaign.slug}:{cap.month}:{cap.name}:{cap.limit}:{percent}"
            for percent in CAP_PERCENTS
        }
        full = f"cap_nearly_reached:{keys[CAP_PERCENTS[-1]]}"
        if full in reading.outbox.by_key([full]):  # a rejection may have freed a place since
            return
        next_month = add_months(date.fromisoformat(f"{cap.month}-01"), 1)
        yield self._letter(
            "cap_nearly_reached",
            max((percent, key) for percent, key in keys.items() if cap.reaches(percent))[1],
            {"month": cap.month, "cap": cap.name, "count": cap.used, "limit": cap.limit},
            client=campaign.client,
            campaign=campaign.slug,
            expires_at=datetime.combine(next_month, time(), campaign.zone).astimezone(UTC),
        )

    def first_month_ready(
        self, reading: ReadTransaction, subject: LeadEvent
    ) -> Iterator[NewMessage]:
        """After the client's first lead, the letter that its month can be closed."""
        lead = subject.lead
        if subject.event.kind is not EventKind.RECEIVED:
            return
        first = reading.leads.first(lead.campaign)
        is_first = first is not None and first.lead_id == lead.lead_id
        if is_first and not self._has_earlier_lead(reading, subject):
            yield from self._month_ready(reading, subject.event, lead.client, lead.month)

    def next_month_ready(
        self, reading: ReadTransaction, subject: AccountEvent
    ) -> Iterator[NewMessage]:
        """After a close, the letter that the next month can be closed."""
        if subject.event.kind is EventKind.CLOSED:
            month = add_months(date.fromisoformat(f"{subject.event.data['month']}-01"), 1)
            client = subject.event.data["client"]
            yield from self._month_ready(reading, subject.event, client, f"{month:%Y-%m}")

    def campaign_ends(self, catalogue: Catalogue) -> Iterator[NewMessage]:
        """Each campaign that takes no leads from some day within a week on."""
        for campaign in catalogue.campaigns.values():
            closes = campaign.closes
            if closes is None:
                continue
            first_day = closes - timedelta(days=DAYS_BEFORE_THE_END)
            ends_at = datetime.combine(closes + _DAY, time(), campaign.zone).astimezone(UTC)
            if morning_of(first_day, campaign.zone) <= self.now < ends_at:
                yield self._letter(
                    "campaign_ends",
                    f"{campaign.slug}:{closes}",
                    {"closes": closes.isoformat()},
                    client=campaign.client,
                    campaign=campaign.slug,
                    expires_at=ends_at,
                )

    def failed_deliveries(self, reading: ReadTransaction) -> Iterator[NewMessage]:
        """Messages that failed since the last such letter, at most one letter a day (UTC)."""
        today = self.now.astimezone(UTC).date()
        keys = [f"{_FAILURES}:{day}" for day in (today, today - _DAY)]
        letters = reading.outbox.by_key(keys)
        if keys[0] in letters:
            return
        last = letters.get(keys[1])
        since = datetime.combine(today - _DAY, time(), UTC) if last is None else last.queued_at
        reported = set() if last is None else set(last.data["messages"])
        failed = [
            message.id
            for message in reading.outbox.failed_since(since, _LISTED_FAILURES + len(reported))
            if message.kind != _FAILURES and message.id not in reported
        ]
        if failed:
            yield self._letter(
                _FAILURES,
                today.isoformat(),
                {"messages": failed[:_LISTED_FAILURES]},
                expires_at=self.now + TOO_OLD,
            )

    def missing_files(self, catalogue: Catalogue) -> Iterator[NewMessage]:
        """Files that campaigns promise and that cannot be sent, at most one letter a day (UTC)."""
        files = unavailable_files(catalogue.campaigns.values(), self.gated)
        today = self.now.astimezone(UTC).date()
        if files:
            yield self._letter(
                "missing_files",
                today.isoformat(),
                {"files": [file.name for file in files]},
                expires_at=self.now + _DAY,
            )

    def _month_ready(
        self, reading: ReadTransaction, event: Event, client: str, month: str
    ) -> Iterator[NewMessage]:
        if is_too_old(event, self.now) and any(
            closing.month == month for closing in closed_months(reading, client)
        ):
            return
        next_month = add_months(date.fromisoformat(f"{month}-01"), 1)
        zones = {
            campaign.zone
            for group in campaign_groups(reading, self.now, client)
            for campaign in group.campaigns.values()
        }
        yield self._letter(
            "month_ready",
            f"{client}:{month}",
            {"month": month},
            client=client,
            due_at=max(morning_of(next_month, zone) for zone in zones),
        )

    def _has_earlier_lead(self, reading: ReadTransaction, subject: LeadEvent) -> bool:
        """Whether another campaign of the client has an earlier lead."""
        firsts = (
            reading.leads.first(slug)
            for slug in reading.campaigns.slugs()
            if slug != subject.lead.campaign
        )
        return any(
            first is not None
            and first.client == subject.lead.client
            and first.received_at < subject.lead.received_at
            for first in firsts
        )

    def _letter(
        self,
        kind: str,
        name: str,
        data: Mapping[str, Any],
        **more: Any,
    ) -> NewMessage:
        """A letter to the agency. `name` identifies it among those of its kind."""
        due_at = max(more.pop("due_at", self.now), self.now)
        return NewMessage(
            key=f"{kind}:{name}",
            channel=Channel.MAIL,
            kind=kind,
            recipient=self.email,
            queued_at=self.now,
            due_at=due_at,
            data=data,
            **more,
        )
