"""The read and the write transaction of the ledger, in SQL that all databases share."""

from collections.abc import Callable

from capture.errors import NotFound, Refused
from capture.lead.events import Event, EventKind
from capture.lead.fold import apply_event
from capture.lead.model import Lead
from capture.lead.moves import NOT_STARTED
from capture.ledger.api_store import SqlApi
from capture.ledger.campaigns import SqlCampaigns
from capture.ledger.customers import SqlCustomers
from capture.ledger.dialect import Connection, Dialect
from capture.ledger.downloads import SqlDownloads
from capture.ledger.due_projection import DueProjection
from capture.ledger.endpoint_store import SqlEndpoints
from capture.ledger.erasure import SqlErasure
from capture.ledger.events import Head, SqlEvents
from capture.ledger.held_leads import SqlHeldLeads
from capture.ledger.lead_counts import SqlLeadCounts
from capture.ledger.lead_list import SqlLeadList
from capture.ledger.leads import SqlLeads
from capture.ledger.outbox import SqlOutbox
from capture.ledger.page_sums import SqlPageSums
from capture.ledger.page_views import SqlPageViews
from capture.ledger.people import KeyedHash, SqlPeople
from capture.ledger.protocol import WriteTransaction
from capture.ledger.review_queue import SqlReviewQueue
from capture.ledger.search_words import SearchWords
from capture.ledger.statements import SqlStatements
from capture.ledger.traits import SqlTraits
from capture.ledger.types import Result
from capture.ledger.users import SqlUsers


class SqlReadTransaction:
    """`protocol.ReadTransaction`: one attribute per subject, whose queries are in its own file."""

    def __init__(self, connection: Connection, dialect: Dialect, key: bytes) -> None:
        keyed_hash = KeyedHash(key)
        self.connection = connection
        self.dialect = dialect
        self.events = SqlEvents(connection, dialect)
        self.leads = SqlLeads(connection, dialect, keyed_hash)
        self.campaigns = SqlCampaigns(connection, dialect, keyed_hash)
        self.lead_counts = SqlLeadCounts(connection, self.campaigns, self.leads)
        self.page_sums = SqlPageSums(connection, dialect, keyed_hash, self.leads)
        self.customers = SqlCustomers(connection, self.campaigns)
        self.words = SearchWords(connection, keyed_hash, self.campaigns)
        self.lead_list = SqlLeadList(connection, dialect, keyed_hash, self.campaigns, self.words)
        self.people = SqlPeople(connection, dialect, keyed_hash, self.words, self.page_sums)
        self.due = DueProjection(connection, self.events, self.campaigns)
        self.statements = SqlStatements(connection, dialect, self.leads, self.due)
        self.api = SqlApi(connection, keyed_hash)
        self.outbox = SqlOutbox(connection, dialect, keyed_hash)
        self.downloads = SqlDownloads(connection)
        self.review_queue = SqlReviewQueue(connection, dialect)
        self.held_leads = SqlHeldLeads(connection)
        self.traits = SqlTraits(connection, dialect, keyed_hash)
        self.endpoints = SqlEndpoints(connection)
        self.erasure = SqlErasure(connection, dialect, self.people)
        self.users = SqlUsers(connection)
        self.page_views = SqlPageViews(connection)


class SqlWriteTransaction(SqlReadTransaction):
    """`protocol.WriteTransaction`. The transaction has locked the chain's head."""

    def __init__(self, connection: Connection, dialect: Dialect, key: bytes, head: Head) -> None:
        super().__init__(connection, dialect, key)
        self.head = head
        """Number and hash of the last event, including those appended in this transaction."""

    def append(self, *events: Event) -> None:
        """See `protocol.WriteTransaction.append`."""
        leads: dict[str, Lead] = {}
        before: dict[str, Lead | None] = {}
        changed: dict[str, list[Event]] = {}
        tally = self.lead_counts.tally()
        for event in events:
            if event.lead_id is None:
                continue
            lead = leads.get(event.lead_id)
            if lead is None:
                lead = before[event.lead_id] = self.leads.get(event.lead_id)
                if lead is not None:
                    tally.add(lead, -1)
            leads[event.lead_id] = apply_event(lead, event)
            changed.setdefault(event.lead_id, []).append(event)
        for lead in leads.values():
            tally.add(lead)
        sold = [lead for lead in leads.values() if lead.sale != NOT_STARTED]
        earlier = {lead.lead_id: self._events_of(lead.lead_id) for lead in sold}
        page_tally = self.page_sums.changes(before, leads, changed)
        self.head = self.events.insert(events, self.head)
        self.leads.save(leads.values())
        self.lead_counts.save(tally)
        for lead in sold:
            customers = self.customers.replace(lead, earlier[lead.lead_id], changed[lead.lead_id])
            self.page_sums.add_payments(page_tally, lead, *customers)
        self.page_sums.save(page_tally)
        self.lead_list.save_signals(leads, events)
        self.held_leads.save(leads.values(), changed)
        self._save_due_times(leads, changed)

    def attempt(self, work: Callable[[WriteTransaction], Result]) -> Result | Refused | NotFound:
        """See `protocol.WriteTransaction.attempt`."""
        head = self.head
        result: Result | Refused | NotFound
        self.connection.execute("SAVEPOINT attempt")
        try:
            result = work(self)
        except (Refused, NotFound) as error:
            self.connection.execute("ROLLBACK TO attempt")
            self.head = head
            result = error
        self.connection.execute("RELEASE attempt")
        return result

    def _events_of(self, lead_id: str) -> list[Event]:
        return [recorded.event for recorded in self.events.select(lead_id=lead_id)]

    def _save_due_times(self, leads: dict[str, Lead], changed: dict[str, list[Event]]) -> None:
        of_leads = []
        for lead_id, events in changed.items():
            if all(event.data.get("silence") for event in events):
                continue  # the due time includes silence already
            if events[0].kind is not EventKind.RECEIVED:
                of_leads.append((lead_id, self.due.derive(leads[lead_id])))
                continue
            # A new lead: these are all its events, and nothing of it is billed.
            lines = self.due.derive(leads[lead_id], events, billed=())
            if lines:
                of_leads.append((lead_id, lines))
        self.due.save(of_leads)
