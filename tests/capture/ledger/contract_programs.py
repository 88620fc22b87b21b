"""The contract of every ledger for the API: tokens, saved responses, references."""

from dataclasses import replace
from datetime import timedelta

from capture.lead.events import EventKind
from capture.ledger.facts import ApiToken, SavedResponse
from capture.ledger.protocol import Ledger, WriteTransaction
from tests.samples import NOW, later_event, received_event

HOUR = timedelta(hours=1)

DIGEST = "d" * 64


class ProgramContract:
    """Subclassed by a backend's test module, which has a fresh `ledger`."""

    def test_a_token_is_found_by_its_hash_and_revoked_once(self, ledger: Ledger) -> None:
        api_token = ApiToken("x1", "acme", "crm", NOW)
        ledger.transact(lambda records: records.api.save_token(api_token, DIGEST))
        assert ledger.read(lambda reading: reading.api.token(DIGEST)) == api_token
        assert ledger.read(lambda reading: reading.api.token("other")) is None
        for at in (NOW + HOUR, NOW + 2 * HOUR):
            ledger.transact(lambda records, at=at: records.api.revoke_token("x1", at))
        ended = replace(api_token, revoked_at=NOW + HOUR)
        assert ledger.read(lambda reading: reading.api.tokens("acme")) == [ended]
        assert ledger.read(lambda reading: reading.api.tokens("other")) == []

    def test_a_response_is_saved_by_client_and_key(self, ledger: Ledger) -> None:
        ledger.transact(
            lambda records: records.api.save_response("acme", "k", "asked", "said", NOW)
        )
        asking = [("acme", "k", "asked"), ("acme", "k", "else"), ("other", "k", "asked")]
        found = ledger.read(lambda reading: [reading.api.saved_response(*one) for one in asking])
        same, other = (
            SavedResponse(same=True, answer="said"),
            SavedResponse(same=False, answer="said"),
        )
        assert found == [same, other, None]

    def test_events_are_found_by_client_kind_and_reference(self, ledger: Ledger) -> None:
        def take(records: WriteTransaction) -> None:
            for lead_id, test in {"a": False, "t": True}.items():
                records.append(
                    received_event(lead_id, test=test), later_event(lead_id, EventKind.QUALIFIED)
                )
                records.append(later_event(lead_id, EventKind.WON, amount=5, reference="R-1"))
            for period in ("2026-11-23", "2026-12-23"):
                paid = {"amount": 5, "period": period, "reference": "R-1"}
                records.append(later_event("a", EventKind.REVENUE, **paid))

        def found(kind: EventKind, client: str = "acme", *, test: bool = False) -> list[str | None]:
            return ledger.read(
                lambda reading: [
                    one.event.lead_id
                    for one in reading.events.by_reference(client, kind, "R-1", test=test)
                ]
            )

        ledger.transact(take)
        assert (found(EventKind.WON), found(EventKind.WON, test=True)) == (["a"], ["t"])
        assert found(EventKind.REVENUE) == ["a", "a"]
        assert (found(EventKind.REFUNDED), found(EventKind.WON, "other")) == ([], [])
