"""The contract of every ledger for webhook endpoints.

The test module of a backend subclasses `EndpointContract` and gives it a `ledger`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from capture.ledger.endpoints import Endpoint, EndpointWrites
from capture.ledger.protocol import Ledger
from tests.samples import NOW

HOUR = timedelta(hours=1)
Result = TypeVar("Result")


def new_endpoint(endpoint_id: str = "e1", client: str = "acme") -> Endpoint:
    """An endpoint that has received nothing yet."""
    return Endpoint(
        id=endpoint_id,
        client=client,
        url="https://crm.acme.example/hook",
        secret=b"encrypted",
        made_at=NOW,
    )


def write(ledger: Ledger, work: Callable[[EndpointWrites], Result]) -> Result:
    """The result of one write to the endpoints, in a transaction of its own."""
    return ledger.transact(lambda records: work(records.endpoints))


def stored_endpoint(ledger: Ledger, endpoint_id: str = "e1") -> Endpoint | None:
    return ledger.read(lambda reading: reading.endpoints.get(endpoint_id))


class EndpointContract:
    """Each test gets `ledger`: a new one."""

    def test_an_endpoint_reads_back_as_it_was_saved(self, ledger: Ledger) -> None:
        endpoint = replace(
            new_endpoint(),
            previous_secret=b"older",
            previous_until=NOW + HOUR,
            failures=3,
            paused_at=NOW,
            pause_reason="it answered 410",
        )
        write(ledger, lambda endpoints: endpoints.save(endpoint))
        assert stored_endpoint(ledger) == endpoint
        assert stored_endpoint(ledger, "e2") is None

    def test_endpoints_are_listed_by_client_oldest_first(self, ledger: Ledger) -> None:
        newer = replace(new_endpoint("a"), made_at=NOW + HOUR)
        other = replace(new_endpoint("c", client="other"), made_at=NOW + 2 * HOUR)
        for endpoint in (other, newer, new_endpoint("b")):
            write(ledger, lambda endpoints, endpoint=endpoint: endpoints.save(endpoint))
        assert [
            endpoint.id for endpoint in ledger.read(lambda reading: reading.endpoints.select())
        ] == ["b", "a", "c"]
        acme = ledger.read(lambda reading: reading.endpoints.select("acme"))
        assert [endpoint.id for endpoint in acme] == ["b", "a"]

    def test_a_new_secret_keeps_the_one_before_for_a_time(self, ledger: Ledger) -> None:
        write(ledger, lambda endpoints: endpoints.save(new_endpoint()))
        assert write(ledger, lambda endpoints: endpoints.replace_secret("e1", b"newer", NOW + HOUR))
        assert stored_endpoint(ledger) == replace(
            new_endpoint(),
            secret=b"newer",
            previous_secret=b"encrypted",
            previous_until=NOW + HOUR,
        )
        assert not write(
            ledger, lambda endpoints: endpoints.replace_secret("e2", b"newer", NOW + HOUR)
        )

    def test_failures_are_counted_until_an_attempt_succeeds(self, ledger: Ledger) -> None:
        write(ledger, lambda endpoints: endpoints.save(new_endpoint()))
        counts = [write(ledger, lambda endpoints: endpoints.count_failure("e1")) for _ in range(3)]
        assert counts == [1, 2, 3]
        write(ledger, lambda endpoints: endpoints.clear_failures("e1"))
        assert stored_endpoint(ledger) == new_endpoint()
        assert write(ledger, lambda endpoints: endpoints.count_failure("e2")) == 0

    def test_an_endpoint_is_paused_once_and_resumed_once(self, ledger: Ledger) -> None:
        write(ledger, lambda endpoints: endpoints.save(new_endpoint()))
        write(ledger, lambda endpoints: endpoints.count_failure("e1"))
        pauses = [
            write(ledger, lambda endpoints, at=at: endpoints.pause("e1", at, "410"))
            for at in (NOW, NOW + HOUR)
        ]
        assert pauses == [True, False]
        paused = stored_endpoint(ledger)
        assert paused is not None
        assert (paused.paused_at, paused.pause_reason) == (NOW, "410")
        resumes = [write(ledger, lambda endpoints: endpoints.resume("e1")) for _ in range(2)]
        assert resumes == [True, False]
        assert stored_endpoint(ledger) == new_endpoint()

    def test_a_removed_endpoint_is_gone(self, ledger: Ledger) -> None:
        write(ledger, lambda endpoints: endpoints.save(new_endpoint()))
        removals = [write(ledger, lambda endpoints: endpoints.remove("e1")) for _ in range(2)]
        assert removals == [True, False]
        assert stored_endpoint(ledger) is None

    def test_an_endpoint_prints_without_its_secrets(self) -> None:
        endpoint = replace(new_endpoint(), previous_secret=b"older")
        assert "encrypted" not in repr(endpoint)
        assert "older" not in repr(endpoint)
