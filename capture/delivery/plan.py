"""Queues the messages that follow from events and from the clock.

An event is its own queue entry: the use case that recorded it queues nothing. `queue_messages`
reads the events after a mark, queues what follows from them, and moves the mark in the same
transaction. Each message has a key, so it is queued once, also by several dispatchers. Before the
transaction it looks up the e-mail domains of new leads, so that no visitor waits for the DNS.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Final

from capture.campaign.catalogue import Catalogue
from capture.delivery.agency_messages import AgencyPlanner
from capture.delivery.clock_messages import digests, reports
from capture.delivery.confirmation_messages import confirmations
from capture.delivery.context import DeliveryContext
from capture.delivery.event_messages import (
    AccountEvent,
    LeadEvent,
    messages_of_account,
    messages_of_lead,
)
from capture.delivery.webhooks import DECISIONS, messages_for_event
from capture.intake.confirm import expire_leads, unrecorded_expiries
from capture.intake.domain_check import domains_to_check, quarantine_without_mail
from capture.lead.events import Event, EventKind
from capture.lead.identity import NEWEST, mailbox_of
from capture.ledger.messages import LETTERS_A_DAY, VISITOR, MessageState, NewMessage
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import RecordedEvent, email_of
from capture.letters.visitor import GUIDE
from capture.privacy.withdraw import are_letters_blocked
from capture.review.acts import (
    UNDO,
    find_lead,
    record_held_meetings,
    record_silent_acceptances,
    silently_accepted,
)

_EVENTS_AT_ONCE: Final = 500
"""Events in one transaction: visitors wait while it runs."""
_DAY: Final = timedelta(days=1)


def queue_messages(context: DeliveryContext, now: datetime) -> int:
    """Queues all messages that follow from new events and the clock. Returns how many.

    What silence has decided by now is recorded first. Writes nothing if there is nothing new.
    Raises `FileErrors` if a campaign or client file is faulty: the messages are then queued once it
    is correct.
    """
    ledger = context.ledger
    if ledger.read(lambda reading: _has_silence(reading, now)):
        ledger.transact(lambda records: _record_silence(records, now))
    agency = AgencyPlanner(context.agency.party.email, context.gated, now)
    planner = _Planner(context.catalogue(), agency, now)
    number = 0
    while (batch := ledger.read(_next_batch)) is not None:
        without_mail = context.domains_without_mail(batch.domains) if batch.domains else set()
        number += ledger.transact(partial(planner.queue_of_events, batch, without_mail))
    if ledger.read(lambda reading: list(planner.new_messages_of_clock(reading))):
        number += ledger.transact(planner.queue_of_clock)
    return number


def _has_silence(reading: ReadTransaction, now: datetime) -> bool:
    """Whether an acceptance by silence, a meeting that counts as held, or the end of a confirmation
    link is not recorded yet."""
    if unrecorded_expiries(reading, now):
        return True
    held = (
        lead.is_deemed_held_at(now) for lead in reading.leads.with_pending_meeting(silent_by=now)
    )
    return bool(silently_accepted(reading, now)) or any(held)


def _record_silence(records: WriteTransaction, now: datetime) -> None:
    """Records acceptances by silence, meetings that count as held, and confirmation links that have
    ended (rules 7, 12 and 14 of docs/rules.md), so that webhooks can follow from them."""
    expire_leads(records, now)
    record_silent_acceptances(records, now)
    record_held_meetings(records, now)


@dataclass(frozen=True, slots=True)
class _Batch:
    """The next events to plan, in the order of the chain."""

    mark: int
    """The last event that was planned before."""
    last: int
    domains: AbstractSet[str]
    """The e-mail domains to look up before the transaction."""


def _next_batch(reading: ReadTransaction) -> _Batch | None:
    """The next events; None if all are planned."""
    mark = reading.outbox.last_planned_event()
    events = list(islice(reading.events.select(after=mark), _EVENTS_AT_ONCE))
    if not events:
        return None
    return _Batch(mark, events[-1].sequence, domains_to_check(reading, events))


@dataclass(frozen=True, slots=True)
class _Planner:
    """The work of one pass."""

    catalogue: Catalogue
    agency: AgencyPlanner
    now: datetime

    def queue_of_events(
        self, batch: _Batch, without_mail: AbstractSet[str], records: WriteTransaction
    ) -> int:
        """Queues the messages that follow from the events of the batch, and moves the mark.

        Puts leads whose e-mail domain is in `without_mail` into quarantine first.
        """
        if records.outbox.last_planned_event() != batch.mark:  # another dispatcher was faster
            return 0
        events = list(records.events.select(after=batch.mark, last=batch.last))
        quarantine_without_mail(records, events, without_mail, self.now)
        number = sum(
            self._queue(records, self._messages_of_event(records, recorded)) for recorded in events
        )
        number += self._queue(records, self._messages_on_caps(records, events))
        records.outbox.save_last_planned_event(events[-1].sequence)
        return number

    def queue_of_clock(self, records: WriteTransaction) -> int:
        """Queues what follows from the clock."""
        return self._queue(records, self.new_messages_of_clock(records))

    def new_messages_of_clock(self, reading: ReadTransaction) -> Iterator[NewMessage]:
        """What follows from the clock and is not queued yet."""
        messages = [
            *digests(reading, self.catalogue, self.now),
            *reports(self.catalogue, self.now),
        ]
        if self.agency.email:
            messages += self.agency.campaign_ends(self.catalogue)
            messages += self.agency.failed_deliveries(reading)
            messages += self.agency.missing_files(self.catalogue)
            messages += self.agency.quarantine_digest(reading)
        known = reading.outbox.by_key(message.key for message in messages)
        yield from (message for message in messages if message.key not in known)

    def _messages_of_event(
        self, reading: ReadTransaction, recorded: RecordedEvent
    ) -> Iterator[NewMessage]:
        event = recorded.event
        if event.lead_id is None:
            client = self.catalogue.clients.get(event.data.get("client", ""))
            account_event = AccountEvent(recorded.sequence, event, client)
            yield from messages_of_account(account_event, self.now)
            yield from messages_for_event(reading, recorded, None, self.now)
            if self.agency.email:
                yield from self.agency.next_month_ready(reading, account_event)
            return
        lead = find_lead(reading, event.lead_id)
        lead_event = LeadEvent(
            sequence=recorded.sequence,
            event=event,
            lead=lead,
            campaign=saved_campaign(reading, lead.campaign, lead.version),
            client=self.catalogue.clients.get(lead.client),
        )
        yield from messages_of_lead(lead_event, self.now)
        yield from confirmations(reading, lead_event, self.now)
        for message in messages_for_event(reading, recorded, lead, self.now):
            yield _after_undo(message, event)
        if self.agency.email:
            yield from self.agency.spam_digest(lead_event)
            yield from self.agency.first_month_ready(reading, lead_event)

    def _messages_on_caps(
        self, reading: ReadTransaction, events: Iterable[RecordedEvent]
    ) -> Iterator[NewMessage]:
        """What follows from the caps of the campaigns with these events."""
        kinds: dict[str, set[EventKind]] = {}
        for recorded in events:
            kinds.setdefault(recorded.event.campaign, set()).add(recorded.event.kind)
        for slug, new_kinds in sorted(kinds.items()):
            campaign = self.catalogue.campaigns.get(slug)
            if campaign is None or not self.agency.email:
                continue
            if new_kinds & {EventKind.QUALIFIED, EventKind.OVER_CAP}:
                yield from self.agency.cap_nearly_reached(reading, campaign)
            yield from self.agency.money_cap_nearly_reached(reading, campaign)

    def _queue(self, records: WriteTransaction, messages: Iterable[NewMessage]) -> int:
        """Queues messages; returns how many were new."""
        return sum(
            self._queue_to_visitor(records, message)
            if message.recipient == VISITOR
            else records.outbox.queue(message)
            for message in messages
        )

    def _queue_to_visitor(self, records: WriteTransaction, message: NewMessage) -> bool:
        """Queues a letter unless the mailbox has had its letters of the day, or its owner wants
        none of this campaign.

        Letters are counted by mailbox, because one mailbox has many addresses: `ann+1@`, `ann+2@`.
        """
        address = email_of(records.people.personal_data(message.lead_id))
        if not address:  # erased
            return False
        if are_letters_blocked(records, message.campaign, address):
            return False
        if message.kind == GUIDE and _has_guide(records, message.lead_id):
            return False
        mailbox = mailbox_of(address, NEWEST)
        if records.outbox.count_letters_to(mailbox, self.now - _DAY) >= LETTERS_A_DAY:
            return False
        return records.outbox.queue(message, address=mailbox)


def _has_guide(reading: ReadTransaction, lead_id: str) -> bool:
    """Whether the lead's guide was sent or will be. A dropped one does not count, so that a lead
    that was quarantined gets its guide after the release."""
    guides = reading.outbox.select(lead_id=lead_id, kind=GUIDE)
    return any(guide.state is not MessageState.DROPPED for guide in guides)


def _after_undo(message: NewMessage, event: Event) -> NewMessage:
    """The message, not before the end of the time in which the event may be undone (rule 13 of
    docs/rules.md)."""
    if event.kind not in DECISIONS:
        return message
    return replace(message, due_at=max(message.due_at, event.recorded_at + UNDO))
