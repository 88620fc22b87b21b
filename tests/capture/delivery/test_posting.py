"""One POST to a real receiver: its answer, its time, its address, its certificate."""

import socket
from collections.abc import Sequence

import pytest

from capture.delivery.addresses import WebhookUrl, read_url
from capture.delivery.attempts import PermanentFailure, TemporaryFailure
from capture.delivery.posting import MAX_ANSWER_BYTES, Answer, Network, post
from tests.capture.delivery.receivers import (
    HOST,
    Receiver,
    hang_up,
    huge,
    receiving,
    status,
    trusting_context,
)

pytestmark = pytest.mark.server

LOOPBACK = Network(allow_loopback=True)
SHORT = Network(allow_loopback=True, seconds=0.2)


def send(receiver: Receiver, network: Network = LOOPBACK) -> Answer:
    return post(read_url(receiver.url, allow_loopback=True), b"{}", {"x-test": "1"}, network)


def tls_network(addresses: Sequence[str] = ("127.0.0.1",)) -> Network:
    return Network(
        resolve=lambda _host, _port: addresses, allow_loopback=True, tls=trusting_context()
    )


def tls_url(receiver: Receiver) -> WebhookUrl:
    return read_url(f"https://{HOST}:{receiver.port}/hook", allow_loopback=True)


def test_the_answer_has_the_status_and_the_body() -> None:
    with receiving(status(200, b"thank you")) as receiver:
        assert send(receiver) == Answer(200, "thank you")
    (request,) = receiver.requests
    assert (request.path, request.body, request.headers["x-test"]) == ("/hook", b"{}", "1")
    assert request.headers["Host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("code", [204, 302, 400, 410, 500])
def test_every_status_is_an_answer(code: int) -> None:
    with receiving(status(code)) as receiver:
        assert send(receiver).status == code


def test_only_the_start_of_a_huge_answer_is_read() -> None:
    with receiving(huge) as receiver:
        assert send(receiver) == Answer(200, "y" * MAX_ANSWER_BYTES)


def test_an_answer_that_is_no_text_is_readable() -> None:
    with receiving(status(200, b"\xff\x00 ok")) as receiver:
        assert send(receiver).text == "�� ok"


def test_a_receiver_that_answers_nothing_ends_the_attempt() -> None:
    with receiving() as receiver:
        receiver.respond = receiver.hang
        with pytest.raises(TemporaryFailure, match=r"no answer within 0\.2 seconds"):
            send(receiver, SHORT)


def test_headers_byte_by_byte_do_not_extend_the_time() -> None:
    with receiving() as receiver:
        receiver.respond = receiver.drip_headers
        with pytest.raises(TemporaryFailure, match=r"no answer within 0\.2 seconds"):
            send(receiver, SHORT)


def test_a_status_counts_even_if_the_body_never_ends() -> None:
    with receiving() as receiver:
        receiver.respond = receiver.drip_body
        answer = send(receiver, Network(allow_loopback=True, seconds=2))
    assert answer.status == 200
    assert set(answer.text) <= {"x"}


def test_a_receiver_that_never_completes_tls_ends_the_attempt() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = read_url(f"https://127.0.0.1:{listener.getsockname()[1]}/", allow_loopback=True)
        with pytest.raises(TemporaryFailure, match=r"no answer within 0\.2 seconds"):
            post(url, b"{}", {}, SHORT)


def test_a_receiver_that_hangs_up_has_not_answered() -> None:
    with receiving(hang_up) as receiver, pytest.raises(TemporaryFailure, match="no answer: "):
        send(receiver)


def test_a_port_without_a_receiver_may_have_one_later() -> None:
    with receiving() as receiver:
        pass
    with pytest.raises(TemporaryFailure, match=r"no answer: .*refused"):
        send(receiver)


def test_no_redirect_is_followed() -> None:
    with receiving() as target, receiving(status(307, Location=target.url)) as receiver:
        assert send(receiver).status == 307
        assert target.requests == []


def test_proxies_in_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        send(receiver)
        assert (len(receiver.requests), proxy.requests) == (1, [])


def test_loopback_is_refused_without_its_setting() -> None:
    with receiving(tls_name=HOST) as receiver:
        network = Network(resolve=lambda _host, _port: ["127.0.0.1"], tls=trusting_context())
        with pytest.raises(PermanentFailure, match=r"127\.0\.0\.1, which is not public"):
            post(tls_url(receiver), b"{}", {}, network)
        assert receiver.requests == []


def test_the_connection_goes_to_the_checked_address_without_a_second_look_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name server answers with a private address from the second time on."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"], ["10.0.0.1"]])
    look_ups: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        look_ups.append(host)
        return next(answers)

    def refuse(*args: object, **_options: object) -> None:
        raise AssertionError(f"looked up {args}")

    network = Network(resolve=resolve, allow_loopback=True, tls=trusting_context())
    with receiving(tls_name=HOST) as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        assert post(tls_url(receiver), b"{}", {}, network).status == 204
    assert look_ups == [HOST]
    assert receiver.requests[0].headers["Host"] == f"{HOST}:{receiver.port}"


def test_the_next_checked_address_is_tried_if_the_first_does_not_answer() -> None:
    with receiving(tls_name=HOST) as receiver:
        network = tls_network(["127.0.0.9", "127.0.0.1"])
        assert post(tls_url(receiver), b"{}", {}, network).status == 204


def test_the_certificate_must_be_for_the_host() -> None:
    with receiving(tls_name="other.example") as receiver:
        with pytest.raises(TemporaryFailure, match=r"certificate is not valid.*crm\.acme"):
            post(tls_url(receiver), b"{}", {}, tls_network())
        assert receiver.requests == []


def test_an_unknown_certificate_authority_is_not_trusted() -> None:
    with receiving(tls_name=HOST) as receiver:
        network = Network(resolve=lambda _host, _port: ["127.0.0.1"], allow_loopback=True)
        with pytest.raises(TemporaryFailure, match="certificate is not valid"):
            post(tls_url(receiver), b"{}", {}, network)
        assert receiver.requests == []
