"""One mailbox is one person (rule 39 of docs/rules.md)."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import capture.lead.identity
from capture.form.contact import email_address
from capture.lead.identity import NEWEST, keys_to_match, keys_to_store, select_keys


def key(email: str) -> str:
    return keys_to_store({"email": email})[f"email/{NEWEST}"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ann+guide@clinic.example", "ann@clinic.example"),
        ("ana+a@gmail.com", "a.n.a@googlemail.com"),
        ("Ana@GMail.com", "ana+b+c@gmail.com"),
        ("ann-shop@yahoo.co.uk", "ann@yahoo.co.uk"),
        ("ann+shop@outlook.com", "ann@outlook.com"),
        ("a.nn_lee@proton.me", "ann-lee+x@pm.me"),
        ("annlee@protonmail.com", "annlee@protonmail.ch"),
        ("ann@me.com", "ann+x@icloud.com"),
        ("shop@ann.fastmail.com", "ann+shop@fastmail.com"),
        ("ann.lee@yandex.ru", "ann-lee@ya.ru"),
        ("ann@xn--fa-hia.example", "ann@faß.example"),
        ("ann@FASS.example", "ann@fass.example"),
    ],
)
def test_addresses_of_one_mailbox_are_one_person(first: str, second: str) -> None:
    assert key(first) == key(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ann@faß.example", "ann@fass.example"),
        ("groß@clinic.example", "gross@clinic.example"),
        ("+a@plus.example", "+b@plus.example"),
        ("-a@yahoo.com", "-b@yahoo.com"),
        ("+a@gmail.com", "+b@gmail.com"),
        ("ann.lee@clinic.example", "annlee@clinic.example"),
        ("ann-lee@clinic.example", "ann@clinic.example"),
        ("ann.lee@outlook.com", "annlee@outlook.com"),
        ("ann@outlook.com", "ann@hotmail.com"),
        ("ann@yahoo.com", "ann@ymail.com"),
        ("ann-lee@gmail.com", "annlee@gmail.com"),
        ("ann@fastmail.com", "ann@fastmail.fm"),
        ("shop@ann.gmail.com", "ann@gmail.com"),
        ("ann.lee@gmx.de", "annlee@gmx.de"),
        ("ann@yahoo.co.jp", "ann-a@yahoo.co.jp"),
    ],
)
def test_addresses_of_two_mailboxes_are_two_persons(first: str, second: str) -> None:
    assert key(first) != key(second)


def company(domain: str) -> dict[str, str]:
    return select_keys(keys_to_store({"email": f"ann@{domain}"}), {"company_domain"})


def test_domains_that_differ_by_a_sharp_s_are_two_companies() -> None:
    sharp, plain = company("faß.example"), company("fass.example")
    assert sharp == company("xn--fa-hia.example")
    assert sharp != plain
    assert company("gmail.com") == company("mail.googlemail.com") == {}


@pytest.mark.parametrize(
    ("email", "stored"),
    [
        ("Ann+x@C.example", {"email": "ann@c.example", "company_domain": "c.example"}),
        ("a.n.a+x@gmail.com", {"email": "a.n.a@gmail.com"}),
        ("ann@faß.example", {"email": "ann@fass.example", "company_domain": "fass.example"}),
        ("+a@plus.example", {"email": "@plus.example", "company_domain": "plus.example"}),
    ],
)
def test_keys_of_version_1_still_match(email: str, stored: dict[str, str]) -> None:
    matched = keys_to_match({"email": email, "phone": "+15550100"})
    assert {name: matched[name] for name in stored} == stored
    assert not stored.keys() & keys_to_store({"email": email}).keys()
    assert matched["phone"] == keys_to_store({"phone": "+15550100"})["phone"]


def test_a_kind_selects_its_keys_of_every_version() -> None:
    keys = keys_to_match({"email": "ann@clinic.example", "phone": "+15550100"})
    assert set(select_keys(keys, {"email"})) == {"email", "email/2"}
    assert set(select_keys(keys, {"company_domain", "phone"})) == {
        "company_domain",
        "company_domain/2",
        "phone",
    }


def test_the_rules_of_a_released_version_never_change() -> None:
    # If this fails: restore this version, and add a file with the next version.
    released = {2: "6da68de4c3ff"}
    folder = Path(capture.lead.identity.__file__).parent
    digests = {
        int(file.stem.rpartition("-")[2]): sha256(file.read_bytes()).hexdigest()[:12]
        for file in folder.glob("mailboxes-*.toml")
    }
    assert digests == released
    assert max(digests) == NEWEST


@settings(max_examples=50)
@given(st.emails())
def test_the_key_of_a_key_is_the_same_key(email: str) -> None:
    address = email_address(email)
    if address is not None:
        assert key(key(address)) == key(address)
