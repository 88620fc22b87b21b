"""The contract of every ledger for traits, which are keyed hashes.

The test module of a backend subclasses `TraitContract` and gives it a `ledger`.
"""

from datetime import datetime, timedelta

from capture.lead.events import EventKind
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.traits import Rejections, Trait, Traits
from tests.samples import NOW, later_event, received_event

HOUR = timedelta(hours=1)
TRAFFIC_SOURCE = Trait("traffic_source", "/articles/", has_rate=True)
NETWORK = Trait("network", "203.0.113.7")
EVER = NOW - timedelta(days=365)
REASON = "invalid_contact"


class TraitContract:
    """Each test gets `ledger`: a new one."""

    def _save(
        self, ledger: Ledger, lead_id: str, at: datetime = NOW, *, is_usual: bool = True
    ) -> None:
        traits = Traits("lab.example", (TRAFFIC_SOURCE, NETWORK))
        ledger.transact(
            lambda records: records.traits.save(lead_id, "guide", traits, at, is_usual=is_usual)
        )

    def _newest(
        self, ledger: Ledger, trait: Trait = TRAFFIC_SOURCE, campaign: str = "guide"
    ) -> list[str]:
        leads = ledger.read(lambda reading: reading.traits.newest(campaign, trait, EVER, 9))
        return [lead.lead_id for lead in leads]

    def _count(self, ledger: Ledger, trait: Trait = TRAFFIC_SOURCE) -> int:
        return ledger.read(
            lambda reading: reading.traits.count("guide", trait, EVER, NOW + 9 * HOUR)
        )

    def test_the_leads_with_a_trait_are_listed_the_newest_first(self, ledger: Ledger) -> None:
        for hours, lead_id in enumerate("abc"):
            self._save(ledger, lead_id, NOW + hours * HOUR)
        assert self._newest(ledger) == ["c", "b", "a"]
        assert self._newest(ledger, Trait("traffic_source", "/other/")) == []
        assert self._newest(ledger, Trait("phone", TRAFFIC_SOURCE.value)) == []
        assert self._newest(ledger, campaign="talk") == []
        newer = ledger.read(lambda reading: reading.traits.newest("guide", NETWORK, NOW, 1))
        assert [(lead.lead_id, lead.received_at) for lead in newer] == [("c", NOW + 2 * HOUR)]

    def test_the_sender_of_a_lead_can_be_compared(self, ledger: Ledger) -> None:
        self._save(ledger, "a")
        (lead,) = ledger.read(
            lambda reading: reading.traits.newest("guide", TRAFFIC_SOURCE, EVER, 9)
        )
        senders = ledger.read(
            lambda reading: [
                reading.traits.sender(campaign, "lab.example") for campaign in ("guide", "talk")
            ]
        )
        assert lead.sender == senders[0] != senders[1]

    def test_only_usual_leads_with_a_rate_are_counted(self, ledger: Ledger) -> None:
        self._save(ledger, "a")
        self._save(ledger, "b", is_usual=False)
        assert (self._count(ledger), self._count(ledger, NETWORK)) == (1, 0)

    def test_leads_are_counted_by_the_clock_hour(self, ledger: Ledger) -> None:
        for lead_id, hours in (("a", 0), ("b", 1.1), ("c", 1.9), ("d", 3.5)):
            self._save(ledger, lead_id, NOW + hours * HOUR)

        def count(since: int, until: int) -> int:
            return ledger.read(
                lambda reading: reading.traits.count(
                    "guide", TRAFFIC_SOURCE, NOW + since * HOUR, NOW + until * HOUR
                )
            )

        assert (count(0, 1), count(1, 3), count(0, 4), count(4, 9)) == (1, 2, 4, 0)

    def test_a_lead_can_be_added_to_the_usual_rate_and_taken_out(self, ledger: Ledger) -> None:
        self._save(ledger, "a")
        ledger.transact(lambda records: records.traits.set_usual("a", is_usual=False))
        assert self._count(ledger) == 0
        ledger.transact(lambda records: records.traits.set_usual("a", is_usual=True))
        assert (self._count(ledger), self._count(ledger, NETWORK)) == (1, 0)

    def test_traits_are_deleted_by_lead_and_by_age(self, ledger: Ledger) -> None:
        for hours, lead_id in enumerate("abc"):
            self._save(ledger, lead_id, NOW + hours * HOUR)
        assert ledger.transact(lambda records: records.traits.delete(["b", "unknown"])) == 2
        assert ledger.transact(lambda records: records.traits.delete([])) == 0
        assert self._newest(ledger) == ["c", "a"]
        assert ledger.transact(lambda records: records.traits.delete_before(NOW + HOUR)) == 2
        assert (self._newest(ledger), self._count(ledger)) == (["c"], 2)  # of b and c

    def test_a_lead_is_checked_after_an_act_of_a_person(self, ledger: Ledger) -> None:
        held, free = EventKind.QUARANTINED, EventKind.RELEASED
        moves = {
            "a": (later_event("a", EventKind.QUALIFIED),),
            "b": (later_event("b", held, signals=[]), later_event("b", free)),
            "c": (later_event("c", EventKind.UNCONFIRMED), later_event("c", EventKind.CONFIRMED)),
            "d": (later_event("d", EventKind.QUALIFIED), later_event("d", EventKind.ACCEPTED)),
            "e": (
                later_event("e", EventKind.QUALIFIED),
                later_event("e", EventKind.ACCEPTED, silence=True),
            ),
        }

        def work(records: WriteTransaction) -> None:
            for lead_id, events in moves.items():
                records.append(received_event(lead_id), *events)

        ledger.transact(work)
        ids = list(moves)
        assert ledger.read(lambda reading: reading.traits.checked(ids)) == {"b", "c", "d"}
        undecided = ledger.read(lambda reading: reading.traits.undecided(ids))
        assert [lead.lead_id for lead in undecided] == ["a"]

    def test_rejections_are_counted_by_client_and_reason_without_disputed_ones(
        self, ledger: Ledger
    ) -> None:
        keys = {"phone": "+12125550100"}

        def work(records: WriteTransaction) -> None:
            for lead_id in "abcd":
                records.append(received_event(lead_id), later_event(lead_id, EventKind.QUALIFIED))
                records.people.save_keys(lead_id, "acme", keys)
            for lead_id, reason in (("a", REASON), ("b", "too_small"), ("c", REASON)):
                records.append(later_event(lead_id, EventKind.REJECTED, reason=reason))
            records.append(later_event("c", EventKind.DISPUTED))

        ledger.transact(work)

        def rejections(client: str, reason: str = REASON) -> object:
            return ledger.read(lambda reading: reading.traits.rejections(client, keys, reason))

        assert rejections("acme") == {"phone": Rejections(rejected=1, accepted=1)}
        assert (rejections("acme", "unheard"), rejections("other")) == ({}, {})
        assert ledger.read(lambda reading: reading.traits.rejections("acme", {}, REASON)) == {}
