"""Payments at the desk: a bank's file is shown before it is recorded, and all that is open."""

import io
import re
from html import unescape

import pytest
from werkzeug.test import TestResponse

from capture.closing.documents import payments_of
from capture.errors import Refused
from capture.lead.events import EventKind
from capture.web.config import MAX_BODY
from capture.web.desk.bank_file_view import MAX_ENTRIES, pack_file, unpack_file
from tests.web.desk.conftest import Browser, DeskWorld, words
from tests.web.desk.test_statements import closed

__all__ = ["closed"]

HEADING = "date,amount,currency,reference,payer\n"
ROWS = (
    "2026-12-04,60.00,USD,Invoice acme-0001,Acme <b>Cloud\n"
    "2026-12-04,40.00,USD,ACME 0001 rest,Acme\n"
    "2026-12-04,99.00,USD,other-0001,Other\n"
    "2026-12-04,1.00,USD,Thank you,Ann\n"
    "2026-12-04,-5.00,USD,Fee,Bank\n"
)


def upload(browser: Browser, content: str | bytes, name: str = "bank.csv") -> TestResponse:
    browser.get("/payments")
    data = content.encode() if isinstance(content, str) else content
    return browser.post("/payments/import", file=(io.BytesIO(data), name))


def packed(page: TestResponse) -> str:
    found = re.search(r'name="content" value="([^"]*)"', page.text)
    assert found is not None
    return unescape(found[1])


def payments(desk: DeskWorld) -> list[tuple[str, int]]:
    found = desk.world.ledger.read(payments_of)
    return [(payment.number, payment.amount) for payment in found]


def test_a_file_is_shown_first_and_what_is_ticked_is_recorded_once(closed: DeskWorld) -> None:
    ada = closed.user("ada")
    page = upload(ada, HEADING + ROWS)
    text = words(page)
    assert page.status_code == 200
    assert "Payments to record: 2" in text
    assert "4 Dec 2026 $60.00 Acme <b>Cloud Invoice acme-0001 acme-0001 line 2" in text
    assert "For you to decide: 1" in text
    assert "other-0001: $50.00 is open, which is less than was paid" in text
    assert "No document is named: 1" in text
    assert "No income: 1" in text
    assert "-$5.00" in text
    assert payments(closed) == []
    answer = ada.post("/payments/record", content=packed(page), name="bank.csv", entry=["1"])
    assert (answer.status_code, answer.location) == (303, "/desk/payments")
    assert "1 payment recorded." in ada.text("/payments")
    assert payments(closed) == [("acme-0001", 4000)]
    everything = {"content": packed(page), "name": "bank.csv", "entry": ["0", "1"]}
    for _ in range(2):  # a second click
        ada.post("/payments/record", **everything)
    assert "2 recorded before" in ada.text("/payments")
    assert payments(closed) == [("acme-0001", 4000), ("acme-0001", 6000)]
    events = closed.world.ledger.read(lambda reading: list(reading.events.of_account()))
    paid = [each.event for each in events if each.event.kind is EventKind.PAID]
    by = closed.world.ledger.read(lambda reading: reading.people.pseudonym("acme", "ada"))
    assert {event.data["by"] for event in paid} == {by}
    assert "Recorded before: 2" in words(upload(ada, HEADING + ROWS))


def test_what_changed_since_the_preview_is_not_recorded(closed: DeskWorld) -> None:
    ada = closed.user("ada")
    page = upload(ada, HEADING + ROWS)
    ada.get("/statements/acme-0001")
    ada.post("/statements/acme-0001/payments", amount="70.00", paid_on="2026-12-05")
    ada.post("/payments/record", content=packed(page), name="bank.csv", entry=["0"])
    text = ada.text("/payments")
    assert "0 payments recorded, 1 not recorded." in text
    assert "line 2: acme-0001: $30.00 is open, which is less than was paid" in text
    assert payments(closed) == [("acme-0001", 7000)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "bank.csv"),
        (b"date,sum\n", "bank.csv"),
        (b"PK\x03\x04rest", "a ZIP archive"),
        (b"\xff\xfe\x00\xd8", "bank.csv"),
        (
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
            "it defines a document type or entities",
        ),
        (f"{HEADING}2026-02-30,x,USD,acme-0001,Ann\n".encode(), "bank.csv:2:"),
        (
            (HEADING + "2026-12-04,1.00,USD,Ann,Ann\n" * (MAX_ENTRIES + 1)).encode(),
            "over 2,000 entries",
        ),
    ],
    ids=["empty", "heading", "zip", "encoding", "entities", "cells", "long"],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(
    closed: DeskWorld, content: bytes, problem: str
) -> None:
    answer = upload(closed.user("ada"), content, "C:\\bank\\bank.csv")
    assert answer.status_code == 422
    assert problem in words(answer)
    assert "Import a bank's file" in words(answer)


def test_a_file_over_the_limit_is_refused_and_other_forms_stay_small(
    closed: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = closed.user("ada")
    monkeypatch.setattr("capture.web.desk.payments.MAX_FILE", 100)
    answer = upload(ada, b"x" * 101)
    assert (answer.status_code, "The file is over 1 MB." in words(answer)) == (422, True)
    long = b"x" * MAX_BODY
    assert upload(ada, long).status_code == 422
    monkeypatch.setattr("capture.web.config.MAX_UPLOAD", MAX_BODY)
    answer = upload(ada, long)
    assert (answer.status_code, "The file is over 1 MB." in words(answer)) == (413, True)
    assert ada.post("/payments/all", client="acme", open="x" * MAX_BODY).status_code == 413
    for stranger in (closed.user("carol"), closed.browser()):  # nobody has looked at the role yet
        answer = stranger.post("/payments/import?client=acme", file=(io.BytesIO(long), "a.csv"))
        assert (answer.status_code, "acme" in answer.text) == (413, False)


@pytest.mark.parametrize("content", ["", "%", "eJw", "ü", "eJwDAAAAAAE=x"])
def test_a_damaged_form_records_nothing(closed: DeskWorld, content: str) -> None:
    ada = closed.user("ada")
    ada.get("/payments")
    answer = ada.post("/payments/record", content=content, name="a\nb", entry=["0"])
    assert answer.status_code == 422
    assert payments(closed) == []


def test_a_packed_file_does_not_grow_without_limit() -> None:
    assert unpack_file(pack_file(b"a,b\n")) == b"a,b\n"
    with pytest.raises(Refused, match="choose the file again"):
        unpack_file(pack_file(b"x" * 50_000_000))


def test_nothing_ticked_and_no_file_are_explained(closed: DeskWorld) -> None:
    ada = closed.user("ada")
    page = upload(ada, HEADING + ROWS)
    answer = ada.post("/payments/record", content=packed(page), name="bank.csv", entry=["77", "x"])
    assert answer.status_code == 422
    assert "Tick the payments to record." in words(answer)
    assert "Choose the file of your bank." in words(ada.post("/payments/import"))


def test_everything_open_of_a_client_is_recorded_as_it_was_shown(closed: DeskWorld) -> None:
    ada = closed.user("ada")
    page = ada.get("/payments?client=acme")
    assert "acme-0001 Invoice November 2026 4 Jan 2027 To pay $100.00 $100.00" in words(page)
    assert "Record $100.00 as paid in full" in words(page)
    fields = {"client": "acme", "paid_on": "2026-12-05", "open": "acme-0001=10000"}
    for changed, status, problem in (
        ({"open": "acme-0001=9999"}, 409, "the open amounts have changed meanwhile"),
        ({"open": "acme-0001=x"}, 409, "the open amounts have changed meanwhile"),
        ({"paid_on": "5 December"}, 422, "Write the day"),
        ({"paid_on": "2027-12-05"}, 409, "in the future"),
    ):
        answer = ada.post("/payments/all", **{**fields, **changed})
        assert answer.status_code == status
        assert problem in words(answer)
    assert payments(closed) == []
    answer = ada.post("/payments/all", **fields)
    assert answer.location == "/desk/statements?client=acme"
    assert "1 payment recorded. Nothing is open of acme." in ada.text("/statements?client=acme")
    ada.post("/payments/all", **fields)  # a second click
    assert "Nothing had to be recorded." in ada.text("/payments?client=acme")
    assert payments(closed) == [("acme-0001", 10000)]


def test_only_the_agency_sees_payments(closed: DeskWorld) -> None:
    for name in ("carol", "vera"):
        assert closed.user(name).get("/payments?client=acme").status_code == 403
    assert "/payments" not in closed.user("carol").get("/statements").text
    assert "/payments" in closed.user("ada").get("/statements").text
