"""The API in the real server: two workers, group commit, simultaneous requests."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.service import Answer, Service, make_project, person, serving

AT_ONCE = 24


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = make_project(tmp_path_factory.mktemp("served"))
    guide = folder / "campaigns" / "acme-cloud-guide.toml"
    guide.write_text(guide.read_text().replace('notice = "none"', 'notice = "webhook"'))
    with serving(folder, workers="2", api_rate_limit="") as started:
        yield started
        assert started.run("verify").returncode == 0


@pytest.fixture(scope="module")
def token(service: Service) -> str:
    return service.run("tokens", "add", "--client", "acme").stdout.strip()


def taken(service: Service) -> str:
    """A new lead's id."""
    form = person()
    assert service.post(form).status == 303
    with service.ledger() as ledger:
        leads = ledger.read(lambda reading: list(reading.leads.select(newest_first=True)))
    return leads[0].lead_id


def kinds(service: Service, lead_id: str) -> list[str]:
    with service.ledger() as ledger:
        return ledger.read(
            lambda reading: [
                item.event.kind.value for item in reading.events.select(lead_id=lead_id)
            ]
        )


def at_once(ask: Callable[[int], Answer]) -> list[Answer]:
    barrier = threading.Barrier(AT_ONCE)

    def asking(number: int) -> Answer:
        barrier.wait()
        return ask(number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(asking, range(AT_ONCE)))


def say(service: Service, token: str, lead_id: str, key: str, **text: str) -> Answer:
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": key,
        "Content-Type": "application/json",
    }
    return service.ask("POST", f"/api/v1/leads/{lead_id}/events", json.dumps(text), headers)


def test_the_same_request_many_times_at_once_is_one_event_and_one_answer(
    service: Service, token: str
) -> None:
    lead_id = taken(service)
    answers = at_once(lambda _: say(service, token, lead_id, "once", type="lost", note="too dear"))
    assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
    assert kinds(service, lead_id).count("lost") == 1


def test_of_many_requests_under_one_key_at_once_one_is_recorded(
    service: Service, token: str
) -> None:
    lead_id = taken(service)
    answers = at_once(
        lambda number: say(service, token, lead_id, "many", type="lost", note=f"{number}")
    )
    assert sorted(answer.status for answer in answers) == [201] + [422] * (AT_ONCE - 1)
    assert kinds(service, lead_id).count("lost") == 1


def test_many_requests_at_once_start_the_review_window_once(service: Service, token: str) -> None:
    lead_id = taken(service)
    paths = ("/api/v1/leads", f"/api/v1/leads/{lead_id}")
    headers = {"Authorization": f"Bearer {token}"}
    answers = at_once(lambda number: service.ask("GET", paths[number % 2], headers=headers))
    assert {answer.status for answer in answers} == {200}
    deadlines = {json.loads(a.text)["deadline"] for a in answers[1::2]}
    assert len(deadlines) == 1
    assert kinds(service, lead_id) == ["received", "qualified", "notified"]


def test_a_chunked_body_that_is_too_long_is_refused(service: Service, token: str) -> None:
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": "big",
        "Content-Type": "application/json",
    }
    chunks = iter([b'{"type": "lost", "note": "', *[b"x" * 1024] * 80])
    answer = service.ask("POST", "/api/v1/leads/none/events", chunks, headers)
    assert (answer.status, answer.headers["Content-Type"]) == (413, "application/problem+json")


def test_an_incomplete_body_is_a_problem_and_no_event(service: Service, token: str) -> None:
    lead_id = taken(service)
    head = (
        f"POST /api/v1/leads/{lead_id}/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        "Idempotency-Key: broken\r\n\r\n" + '{"type": "lost"}'
    )
    with socket.create_connection(("127.0.0.1", service.port), timeout=40) as line:
        line.sendall(head.encode())
        line.shutdown(socket.SHUT_WR)
        answer = line.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "application/problem+json" in answer
    assert json.loads(answer.rpartition("\r\n\r\n")[2])["status"] == 400
    assert "lost" not in kinds(service, lead_id)


def test_one_connection_serves_several_requests(service: Service, token: str) -> None:
    line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=40)
    for path, status in (("/api/v1/leads", 200), ("/api/v1/none", 404), ("/api/v1/leads", 200)):
        line.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = line.getresponse()
        assert (answer.status, len(answer.read()) > 0) == (status, True)
    line.close()


def test_neither_token_nor_answers_are_in_the_log(service: Service, token: str) -> None:
    service.get("/api/v1/leads", Authorization=f"Bearer {token}")
    service.get("/api/v1/leads", Authorization="Bearer gp_\x1b[31mforged")
    log = service.log.read_text()
    assert token not in log
    assert "forged" not in log
    assert "clinic" not in log
