"""Letters over SMTP, against a real server that refuses, stalls, drops the line and loses TLS."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from capture.delivery.attempts import DeliveryError, PermanentFailure, TemporaryFailure
from capture.delivery.mail import Sender, build_email
from capture.delivery.smtp import (
    AddressRefused,
    Security,
    SmtpServer,
    SmtpTransport,
    parse_smtp_url,
)
from capture.letters.letter import Letter
from tests.capture.delivery.mail_server import MailServer, certificate
from tests.samples import NOW

SENDER = Sender("Northgate Leads", "leads@agency.example")
LETTER = Letter("The guide", "Here it is.\n.\nA line.", "<p>Here it is.</p>")
PASSWORD = "correct horse"
Start = Callable[..., MailServer]


@contextmanager
def transport(
    port: int,
    security: Security = Security.NONE,
    tls: ssl.SSLContext | None = None,
    *,
    password: str = "",
    timeout: float = 10,
) -> Iterator[SmtpTransport]:
    user = "relay" if password else ""
    server = SmtpServer("localhost", port, security, user, password)
    transport = SmtpTransport(server, SENDER.address, tls=tls, timeout=timeout)
    with closing(transport):
        yield transport


def send(smtp: SmtpTransport, to: str = "ann@clinic.example") -> str:
    return smtp.send(build_email(LETTER, SENDER, to, f"guide:{to}", NOW), 1, NOW).result


def failure(smtp: SmtpTransport, to: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        send(smtp, to)
    return raised.value


def test_a_letter_arrives_as_it_was_written(mail_server: Start) -> None:
    server = mail_server()
    with transport(server.port) as smtp:
        assert send(smtp) == "taken by the mail server (SMTP 250 2.0.0)"
    ((recipient, letter),) = server.letters
    assert recipient == "ann@clinic.example"
    assert letter["Subject"] == "The guide"
    assert letter.get_body(("plain",)).get_content().split() == [
        "Here",
        "it",
        "is.",
        ".",
        "A",
        "line.",
    ]


def test_a_batch_uses_one_connection_also_after_a_refusal(mail_server: Start) -> None:
    server = mail_server()
    with transport(server.port) as smtp:
        send(smtp)
        failure(smtp, "nobody@clinic.example")
        failure(smtp, "later@clinic.example")
        send(smtp)
    assert (server.connections, len(server.letters)) == (1, 2)


@pytest.mark.parametrize(
    ("local", "kind", "result"),
    [
        ("nobody", AddressRefused, "the mail server refused the address (SMTP 550 5.1.1)"),
        ("blocked", PermanentFailure, "the mail server refused the recipient (SMTP 550 5.7.1)"),
        ("later", TemporaryFailure, "the mail server refused the recipient (SMTP 451 4.7.1)"),
        ("spam", PermanentFailure, "the mail server refused the letter (SMTP 554 5.6.0)"),
        (
            "drop",
            TemporaryFailure,
            "the connection to the mail server broke: it was closed, or no answer came in time",
        ),
    ],
)
def test_the_answer_decides_if_it_is_tried_again(
    mail_server: Start, local: str, kind: type[DeliveryError], result: str
) -> None:
    server = mail_server()
    with transport(server.port) as smtp:
        error = failure(smtp, f"{local}@clinic.example")
        assert type(error) is kind
        assert error.attempt.result == result
        send(smtp)  # over a new connection if the old one broke
    assert len(server.letters) == 1


def test_a_refused_sender_is_no_bounce(mail_server: Start) -> None:
    with transport(mail_server(refuse_sender=True).port) as smtp:
        error = failure(smtp, "ann@clinic.example")
    assert type(error) is PermanentFailure
    assert error.attempt.result == "the mail server refused the sender (SMTP 550 5.7.1)"


def test_a_server_that_stalls_is_tried_later(mail_server: Start) -> None:
    with transport(mail_server().port, timeout=0.3) as smtp:
        assert isinstance(failure(smtp, "stall@clinic.example"), TemporaryFailure)


def test_a_server_that_stalls_twice_is_not_asked_again_in_a_batch(mail_server: Start) -> None:
    server = mail_server()
    with transport(server.port, timeout=2) as smtp:
        for _ in range(2):
            failure(smtp, "stall@clinic.example")
        assert isinstance(failure(smtp, "ann@clinic.example"), TemporaryFailure)
        assert (server.connections, server.letters) == (2, [])
        smtp.close()
        send(smtp, "ann@clinic.example")


def test_a_letter_that_stalls_does_not_stop_the_others(mail_server: Start) -> None:
    with transport(mail_server().port, timeout=2) as smtp:
        for _ in range(2):
            failure(smtp, "stall@clinic.example")
            send(smtp, "ann@clinic.example")


def test_a_server_that_is_gone_is_asked_once_for_a_batch() -> None:
    with MailServer() as server:
        port = server.port
    with transport(port) as smtp:
        first = failure(smtp, "ann@clinic.example")
        assert isinstance(first, TemporaryFailure)
        expected = f"localhost:{port}: no connection to the mail server: Connection refused"
        assert first.attempt.result == expected
        assert failure(smtp, "bob@clinic.example").attempt == first.attempt


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_letters_go_over_verified_tls(
    mail_server: Start, tmp_path: Path, security: Security
) -> None:
    server_tls, client_tls = certificate(tmp_path)
    kind = "starttls" if security is Security.STARTTLS else "tls"
    server = mail_server(**{kind: server_tls})
    with transport(server.port, security, client_tls) as smtp:
        send(smtp)
    assert len(server.letters) == 1
    with transport(server.port, security) as smtp:  # the system does not know the certificate
        error = failure(smtp, "ann@clinic.example")
    assert isinstance(error, TemporaryFailure)
    assert "the mail server's certificate is not valid: self-signed" in error.attempt.result


def test_nothing_is_sent_to_a_server_that_lost_its_tls(mail_server: Start) -> None:
    server = mail_server()
    with transport(server.port, Security.STARTTLS, password=PASSWORD) as smtp:
        error = failure(smtp, "ann@clinic.example")
    assert isinstance(error, TemporaryFailure)
    assert "does not offer TLS or a login, so nothing was sent" in error.attempt.result
    assert server.letters == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_wrong_password_makes_letters_wait_and_is_not_shown(mail_server: Start) -> None:
    server = mail_server(password=PASSWORD)
    with transport(server.port, password=PASSWORD) as smtp:
        send(smtp)
    with transport(server.port, password="a wrong one") as smtp:
        error = failure(smtp, "ann@clinic.example")
    assert isinstance(error, TemporaryFailure)
    assert "refused user and password (SMTP 535); check GATEPOST_SMTP_URL" in error.attempt.result
    assert "wrong one" not in repr((error, smtp._server))


def test_an_international_domain_travels_in_ascii(mail_server: Start) -> None:
    server = mail_server(utf8=False)
    with transport(server.port) as smtp:
        send(smtp, "ann@bücher.example")
    assert [recipient for recipient, _ in server.letters] == ["ann@xn--bcher-kva.example"]


def test_an_international_mailbox_needs_a_server_with_smtputf8(mail_server: Start) -> None:
    server = mail_server()
    with transport(server.port) as smtp:
        send(smtp, "jörg@bücher.example")
        send(smtp)
    assert [recipient for recipient, _ in server.letters] == [
        "jörg@xn--bcher-kva.example",
        "ann@clinic.example",
    ]
    with transport(mail_server(utf8=False).port) as smtp:
        error = failure(smtp, "jörg@bücher.example")
    assert type(error) is PermanentFailure
    assert "does not offer SMTPUTF8" in error.attempt.result


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (
            "smtp://me%40here:p%3Aw@mail.example:587",
            SmtpServer("mail.example", 587, Security.STARTTLS, "me@here", "p:w"),
        ),
        ("smtp://mail.example", SmtpServer("mail.example", 587, Security.STARTTLS)),
        ("smtps://mail.example/", SmtpServer("mail.example", 465, Security.TLS)),
        ("smtp://localhost:2525", SmtpServer("localhost", 2525, Security.NONE)),
        ("smtp://[::1]", SmtpServer("::1", 25, Security.NONE)),
    ],
)
def test_a_url_names_server_and_security(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://user@mail.example",
        "smtp://mail.example:99999",
        "smtp://mail.example/path",
        "smtp://u:hunter2@[mail.example",
        "smtp://u:hunter/2@mail.example",
    ],
)
def test_a_faulty_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"^must ") as refused:
        parse_smtp_url(url)
    assert "hunter" not in str(refused.value)
    assert "\n" not in str(refused.value)
