"""A letter as an e-mail: strict headers, nothing injected, files without a server."""

import stat
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, message_from_string
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture.delivery.attempts import PermanentFailure, TemporaryFailure
from capture.delivery.mail import MailFolder, Sender, build_email, email_bytes, message_id
from capture.letters.letter import Attachment, Letter
from tests.samples import NOW

STRICT = default.clone(raise_on_defect=True)
SENDER = Sender("Northgate Leads", "leads@agency.example", "office@agency.example")
LETTER = Letter("The guide", "Here it is.", "<p>Here it is.</p>")


def parsed(
    letter: Letter = LETTER, to: str = "ann@clinic.example", sender: Sender = SENDER
) -> EmailMessage:
    content = email_bytes(build_email(letter, sender, to, "guide:1", NOW))
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    email = message_from_bytes(content, policy=STRICT)
    assert isinstance(email, EmailMessage)
    return email


def test_the_headers_say_who_writes_to_whom_and_that_a_program_wrote_it() -> None:
    email = parsed()
    assert str(email["From"]) == "Northgate Leads <leads@agency.example>"
    assert str(email["To"]) == "ann@clinic.example"
    assert str(email["Reply-To"]) == "Northgate Leads <office@agency.example>"
    assert (email["Subject"], email["Auto-Submitted"]) == ("The guide", "auto-generated")
    assert email["Date"].datetime == NOW
    assert "List-Unsubscribe" not in email


def test_text_and_html_are_alternatives_and_a_file_is_attached() -> None:
    statement = Attachment("Statement ACME-1.pdf", "application/pdf", b"%PDF-1.7\n\x00\xff")
    email = parsed(replace(LETTER, attachments=(statement,)))
    assert email.get_body(("plain",)).get_content().strip() == "Here it is."
    assert email.get_body(("html",)).get_content().strip() == "<p>Here it is.</p>"
    (file,) = email.iter_attachments()
    assert (file.get_filename(), file.get_content()) == (statement.name, statement.content)
    assert parsed().get_content_type() == "multipart/alternative"


def test_the_message_id_follows_from_the_message_alone() -> None:
    first, second = message_id("a", SENDER.address), message_id("b", SENDER.address)
    assert first != second
    assert first == message_id("a", SENDER.address)
    assert first.endswith("@agency.example>")
    assert message_id("a", "leads@bücher.example").endswith("@xn--bcher-kva.example>")


def test_one_post_unsubscribes() -> None:
    url = f"https://leads.agency.example/unsubscribe/{'a' * 300}?x=%20"
    email = parsed(replace(LETTER, unsubscribe_url=url))
    assert email["List-Unsubscribe"] == f"<{url}>"
    assert email["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with pytest.raises(ValueError, match="not a URL in ASCII"):
        parsed(replace(LETTER, unsubscribe_url="https://x.example/>\r\nBcc: eve@example.com"))


@given(text=st.text(), key=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
@example(text="Hello\r\nBcc: eve@example.com\r\n\r\nbody", key="")
@example(text="=?utf-8?q?a=0D=0ABcc:_eve@example.com?=", key="\r\n")
@example(text="a\x85b\u2028c\x0bd\x0ce\x00f", key="ü")
@example(text="very long " * 100 + "ü" * 500, key="")
def test_no_text_can_add_a_header(text: str, key: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    letter = Letter(text, text, text, (Attachment(text or "a", "text/plain", b"x"),))
    content = email_bytes(
        build_email(letter, replace(SENDER, name=text), "ann@clinic.example", key, NOW)
    )
    names = [name for name, _ in message_from_bytes(content, policy=STRICT).items()]
    expected = ["From", "To", "Subject", "Date", "Message-ID", "Reply-To", "Auto-Submitted"]
    assert names == [*expected, "MIME-Version", "Content-Type"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "ann@",
        "@x.example",
        "ann@x.example\r\nBcc: eve@x.example",
        "a b@x.example",
        "=?utf-8?q?ann=0D=0ABcc=3A_eve=40example.com?=@x.example",
    ],
)
def test_what_is_no_address_is_refused_for_good(address: str) -> None:
    with pytest.raises(PermanentFailure, match="not one that mail can be sent to"):
        parsed(to=address)


@pytest.mark.parametrize(
    "address", ["o'brien+guide@clinic.example", f"{'a' * 64}@{'b' * 60}.{'c' * 60}.example"]
)
def test_an_unusual_address_stays_as_it_is(address: str) -> None:
    assert parsed(to=address)["To"].addresses[0].addr_spec == address


def test_without_a_server_letters_become_files_in_the_order_of_time(tmp_path: Path) -> None:
    lines: list[str] = []
    folder = MailFolder(tmp_path / "mail", lines.append)
    first = build_email(LETTER, SENDER, "jörg@clinic.example", "guide:1", NOW)
    folder.send(first, 12, NOW)
    folder.send(first, 3, NOW + timedelta(seconds=1))
    files = sorted((tmp_path / "mail").iterdir())
    names = ["20261123T150000.000000Z-12.eml", "20261123T150001.000000Z-3.eml"]
    assert [file.name for file in files] == names
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    email = message_from_string(files[0].read_text("utf-8"), policy=default)
    assert str(email["To"]) == "jörg@clinic.example"
    assert lines == [
        f"Letters are files in {tmp_path / 'mail'}: set GATEPOST_SMTP_URL to send them."
    ]


def test_a_full_or_missing_folder_makes_letters_wait(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("")  # a file in the folder's place
    folder = MailFolder(tmp_path / "mail", print)
    with pytest.raises(TemporaryFailure):
        folder.send(build_email(LETTER, SENDER, "ann@clinic.example", "guide:1", NOW), 1, NOW)
