"""What every ledger must answer about a client's programs: tokens, keyed answers, references."""

from dataclasses import replace
from datetime import timedelta

from capture.lead.events import Kind
from capture.ledger.facts import Access, Answered
from capture.ledger.protocol import Ledger, Records
from tests.samples import NOW, moved, received

HOUR = timedelta(hours=1)

DIGEST = "d" * 64


class ProgramContract:
    """Subclassed by a backend's test module, which has a fresh `ledger`."""

    def test_a_token_is_found_by_its_hash_and_ends_once(self, ledger: Ledger) -> None:
        access = Access("x1", "acme", "crm", NOW)
        ledger.transact(lambda records: records.api.keep_token(access, DIGEST))
        assert ledger.read(lambda reading: reading.api.token(DIGEST)) == access
        assert ledger.read(lambda reading: reading.api.token("other")) is None
        for at in (NOW + HOUR, NOW + 2 * HOUR):
            ledger.transact(lambda records, at=at: records.api.revoke_token("x1", at))
        ended = replace(access, revoked_at=NOW + HOUR)
        assert ledger.read(lambda reading: reading.api.tokens("acme")) == [ended]
        assert ledger.read(lambda reading: reading.api.tokens("other")) == []

    def test_an_answer_is_kept_by_client_and_key(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: records.api.keep_answer("acme", "k", "asked", "said", NOW))
        asking = [("acme", "k", "asked"), ("acme", "k", "else"), ("other", "k", "asked")]
        found = ledger.read(lambda reading: [reading.api.answer(*one) for one in asking])
        same, other = Answered(same=True, answer="said"), Answered(same=False, answer="said")
        assert found == [same, other, None]

    def test_events_are_found_by_the_reference_of_a_clients_own_kind(self, ledger: Ledger) -> None:
        def take(records: Records) -> None:
            for lead_id, test in {"a": False, "t": True}.items():
                records.append(received(lead_id, test=test), moved(lead_id, Kind.QUALIFIED))
                records.append(moved(lead_id, Kind.WON, amount=5, reference="R-1"))
            for period in ("2026-11-23", "2026-12-23"):
                paid = {"amount": 5, "period": period, "reference": "R-1"}
                records.append(moved("a", Kind.REVENUE, **paid))

        def found(kind: Kind, client: str = "acme", *, test: bool = False) -> list[str | None]:
            return ledger.read(
                lambda reading: [
                    one.event.lead_id
                    for one in reading.events.by_reference(client, kind, "R-1", test=test)
                ]
            )

        ledger.transact(take)
        assert (found(Kind.WON), found(Kind.WON, test=True)) == (["a"], ["t"])
        assert found(Kind.REVENUE) == ["a", "a"]
        assert (found(Kind.REFUNDED), found(Kind.WON, "other")) == ([], [])
