"""The contract of every ledger for the API: tokens, saved responses, references.

The test module of a backend subclasses `ApiContract` and gives it a `ledger`.
"""

from dataclasses import replace
from datetime import timedelta

from capture.lead.events import EventKind
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import ApiToken, SavedResponse
from tests.samples import NOW, later_event, received_event

HOUR = timedelta(hours=1)

DIGEST = "d" * 64


class ApiContract:
    """Each test gets `ledger`: a new one."""

    def test_a_token_is_found_by_its_hash_and_revoked_once(self, ledger: Ledger) -> None:
        api_token = ApiToken("x1", "acme", "crm", NOW)
        ledger.transact(lambda records: records.api.save_token(api_token, DIGEST))
        assert ledger.read(lambda reading: reading.api.token(DIGEST)) == api_token
        assert ledger.read(lambda reading: reading.api.token("other")) is None
        for at in (NOW + HOUR, NOW + 2 * HOUR):
            ledger.transact(lambda records, at=at: records.api.revoke_token("x1", at))
        revoked = replace(api_token, revoked_at=NOW + HOUR)
        assert ledger.read(lambda reading: reading.api.tokens("acme")) == [revoked]
        assert ledger.read(lambda reading: reading.api.tokens("other")) == []

    def test_a_response_is_saved_by_client_and_key(self, ledger: Ledger) -> None:
        ledger.transact(
            lambda records: records.api.save_response("acme", "key", "request", "answer", NOW)
        )

        def response(client: str, request: str) -> SavedResponse | None:
            return ledger.read(lambda reading: reading.api.saved_response(client, "key", request))

        assert response("acme", "request") == SavedResponse(is_same_request=True, answer="answer")
        assert response("acme", "another") == SavedResponse(is_same_request=False, answer="answer")
        assert response("other", "request") is None

    def test_events_are_found_by_client_kind_and_reference(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            for lead_id, test in {"a": False, "t": True}.items():
                records.append(
                    received_event(lead_id, test=test), later_event(lead_id, EventKind.QUALIFIED)
                )
                records.append(later_event(lead_id, EventKind.WON, amount=5, reference="R-1"))
            for period in ("2026-11-23", "2026-12-23"):
                revenue = {"amount": 5, "period": period, "reference": "R-1"}
                records.append(later_event("a", EventKind.REVENUE, **revenue))

        def leads(kind: EventKind, client: str = "acme", *, test: bool = False) -> list[str | None]:
            return ledger.read(
                lambda reading: [
                    recorded.event.lead_id
                    for recorded in reading.events.by_reference(client, kind, "R-1", test=test)
                ]
            )

        ledger.transact(work)
        assert (leads(EventKind.WON), leads(EventKind.WON, test=True)) == (["a"], ["t"])
        assert leads(EventKind.REVENUE) == ["a", "a"]
        assert (leads(EventKind.REFUNDED), leads(EventKind.WON, "other")) == ([], [])
