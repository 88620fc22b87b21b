"""The limits of a sender: 64 KiB a post, and ten posts a minute."""

import http.client
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from capture.text import wait_in_words
from tests.service import GUIDE, Answer, Service, make_project, new_address, person, serving
from tests.waiting import HANG_SECONDS
from tests.web.markup import Markup

pytestmark = pytest.mark.server

KIB = 1024


@pytest.mark.parametrize("size", [65 * KIB, 1024 * KIB])
def test_a_body_over_64_kib_is_refused_with_the_reason(service: Service, size: int) -> None:
    answer = service.post(person(full_name="x" * size))
    assert answer.status == 413
    assert "64 KiB" in answer.text


def test_a_body_of_64_kib_is_read(service: Service) -> None:
    assert service.post(person(full_name="x" * 60 * KIB)).status == 422


def test_a_body_over_64_kib_is_refused_in_chunks_as_well(service: Service) -> None:
    chunks = iter([b"full_name=", *[b"x" * KIB] * 80])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = service.ask("POST", f"/f/{GUIDE}", chunks, headers)
    assert answer.status == 413


def test_a_small_body_in_chunks_is_accepted(service: Service) -> None:
    form = "&".join(f"{name}={value}" for name, value in person().items()).replace(" ", "+")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    chunks = iter([form[:20].encode(), form[20:].encode()])
    assert service.ask("POST", f"/f/{GUIDE}", chunks, headers).status == 303


def test_a_large_body_is_refused_before_it_was_sent(service: Service) -> None:
    head = f"POST /f/{GUIDE} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000000\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\n\r\nfull_name=x"
    with socket.create_connection(("127.0.0.1", service.port), timeout=HANG_SECONDS) as line:
        line.sendall(head.encode())
        assert line.recv(KIB).startswith(b"HTTP/1.1 413 ")


class TestTooOften:
    """The eleventh post of a minute."""

    def posts(self, service: Service, count: int, **headers: str) -> list[Answer]:
        """So many posts, each on a connection of its own, several at a time: any worker's."""
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda _: service.post(person(), **headers), range(count)))

    def test_of_thirty_at_once_both_workers_together_accept_ten(self, service: Service) -> None:
        answers = self.posts(service, 30, X_Forwarded_For=new_address())
        assert sorted(answer.status for answer in answers) == [303] * 10 + [429] * 20

    def test_the_answer_says_how_long_to_wait_and_keeps_what_was_typed(
        self, service: Service
    ) -> None:
        address, form = new_address(), person(full_name="Ann <Lee>")
        self.posts(service, 10, X_Forwarded_For=address)
        answer = service.post(form, X_Forwarded_For=address)
        page, wait = Markup(answer.text), answer.headers["Retry-After"]
        assert answer.status == 429
        assert 1 <= int(wait) <= 60
        assert f"wait {wait_in_words(int(wait))}." in page.alert
        assert {name: page.values[name] for name in form} == form

    def test_other_addresses_and_reading_are_not_affected(self, service: Service) -> None:
        address = new_address()
        self.posts(service, 11, X_Forwarded_For=address)
        assert service.post(person(), X_Forwarded_For=new_address()).status == 303
        assert service.get(f"/f/{GUIDE}", X_Forwarded_For=address).status == 200

    def test_invalid_forms_count_too(self, service: Service) -> None:
        address = new_address()
        answers = [service.post({}, X_Forwarded_For=address) for _ in range(11)]
        assert [answer.status for answer in answers] == [422] * 10 + [429]

    def test_only_the_trusted_proxys_address_is_used(self, service: Service) -> None:
        address = new_address()
        claims = [f"{new_address()}, {address}" for _ in range(11)]
        answers = [service.post(person(), X_Forwarded_For=claim) for claim in claims]
        assert [answer.status for answer in answers] == [303] * 10 + [429]

    def test_a_household_of_ipv6_addresses_is_one_sender(self, service: Service) -> None:
        claims = [f"2001:db8:7:7::{number:x}" for number in range(1, 12)]
        answers = [service.post(person(), X_Forwarded_For=claim) for claim in claims]
        assert answers[-1].status == 429
        assert service.post(person(), X_Forwarded_For="2001:db8:7:8::1").status == 303


@pytest.fixture(scope="module")
def unproxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that nothing stands in front of, on IPv4 and IPv6, with a limit of its own."""
    folder = make_project(tmp_path_factory.mktemp("unproxied"))
    host = "::" if socket.has_dualstack_ipv6() else "0.0.0.0"
    settings = {"trusted_proxies": "0", "rate_limit": "3 per hour", "workers": "1", "host": host}
    with serving(folder, **settings) as started:
        yield started


def test_without_a_trusted_proxy_forwarded_addresses_are_ignored(
    unproxied: Service,
) -> None:
    answers = [unproxied.post(person()) for _ in range(4)]
    assert [answer.status for answer in answers] == [303] * 3 + [429]


def test_over_ipv6_each_ipv4_visitor_has_a_separate_limit(unproxied: Service) -> None:
    def post(source: str) -> int:
        line = http.client.HTTPConnection(
            "127.0.0.1", unproxied.port, timeout=HANG_SECONDS, source_address=(source, 0)
        )
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        line.request("POST", f"/f/{GUIDE}", urlencode(person()), form)
        status = line.getresponse().status
        line.close()
        return status

    assert [post("127.0.0.2") for _ in range(4)] == [303] * 3 + [429]
    assert post("127.0.0.3") == 303


def test_losing_the_counters_loses_only_the_counts(project: Path) -> None:
    service = Service(project, rate_limit="1 per hour", workers="1")
    address, counters = new_address(), project / "var" / "counters.db"
    for harm in (counters.unlink, lambda: counters.write_bytes(b"torn by a power cut\n" * 200)):
        service.start()
        answers = [service.post(person(), X_Forwarded_For=address) for _ in range(2)]
        service.end()
        assert [answer.status for answer in answers] == [303, 429]
        harm()


def test_a_post_that_cannot_be_counted_is_accepted(project: Path) -> None:
    with serving(project, rate_limit="1 per hour", workers="1") as service:
        (project / "var" / "counters.db").unlink()
        (project / "var" / "counters.db").mkdir()
        assert service.post(person()).status == 303
        assert "counters.db: posts are accepted without a limit: " in service.log.read_text()


def test_an_empty_limit_accepts_every_post(project: Path) -> None:
    with serving(project, trusted_proxies="0", rate_limit="", workers="1") as service:
        assert {service.post(person()).status for _ in range(15)} == {303}


def test_many_first_posts_at_once_are_all_counted_and_none_fails(project: Path) -> None:
    with serving(project, rate_limit="1 per hour") as service, ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: service.post(person()), range(12)))
    assert [answer.status for answer in answers] == [303] * 12


def test_one_connection_serves_several_requests(service: Service) -> None:
    line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=HANG_SECONDS)
    for path in ("/", f"/f/{GUIDE}", "/healthz"):
        line.request("GET", path)
        answer = line.getresponse()
        assert (answer.status, len(answer.read()) > 0) == (200, True)
    line.close()
