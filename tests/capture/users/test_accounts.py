"""Users are added, invited by a one-time link, and deactivated."""

from datetime import timedelta

import pytest

from capture.errors import NotFound, Refused
from capture.ledger.protocol import Ledger
from capture.ledger.users import Role, User
from capture.users.accounts import (
    LETTER,
    LinkUsed,
    add_user,
    choose_passphrase,
    deactivate_user,
    find_user,
    new_link,
    request_new_link,
)
from capture.users.sessions import log_in
from tests.samples import NOW

WORDS = "four easy words here"


def add(ledger: Ledger, name: str = "Ada", role: Role = Role.AGENCY, **facts: str) -> User:
    return ledger.transact(
        lambda records: new_link(
            records, add_user(records, name, role, NOW, **facts, by="Ada"), NOW, by="Ada"
        )
    )


@pytest.mark.parametrize(
    ("name", "role", "facts", "problem"),
    [
        ("", Role.AGENCY, {}, "one line of 1 to 60"),
        ("a\nb", Role.AGENCY, {}, "one line of 1 to 60"),
        ("x" * 61, Role.AGENCY, {}, "one line of 1 to 60"),
        ("Carol", Role.CLIENT, {}, "needs a client"),
        ("Vera", Role.VIEWER, {"client": "acme"}, "leave the client out"),
        ("Ada", Role.AGENCY, {"email": "ada"}, "write it as name@company.com"),
        ("eve LEE", Role.AGENCY, {}, "there is a user named 'eve LEE' already"),
    ],
)
def test_a_user_with_a_mistake_is_refused(
    ledger: Ledger, name: str, role: Role, facts: dict[str, str], problem: str
) -> None:
    add(ledger, "Eve  Lee")
    with pytest.raises(Refused, match=problem):
        add(ledger, name, role, **facts)
    assert [user.name for user in ledger.read(lambda reading: reading.users.select())] == [
        "Eve Lee"
    ]


def test_a_link_works_once(ledger: Ledger) -> None:
    user = add(ledger)
    assert choose_passphrase(ledger, user.id, user.link_number, WORDS, NOW) == user
    with pytest.raises(LinkUsed):
        choose_passphrase(ledger, user.id, user.link_number, "other words again", NOW)
    assert log_in(ledger, "ada", WORDS, NOW)


def test_a_newer_link_replaces_the_earlier_one(ledger: Ledger) -> None:
    first = add(ledger)
    second = ledger.transact(lambda records: new_link(records, first, NOW, by="Ada"))
    with pytest.raises(LinkUsed):
        choose_passphrase(ledger, first.id, first.link_number, WORDS, NOW)
    choose_passphrase(ledger, second.id, second.link_number, WORDS, NOW)


def test_a_weak_passphrase_does_not_use_up_the_link(ledger: Ledger) -> None:
    user = add(ledger)
    with pytest.raises(Refused, match="fewer than 12"):
        choose_passphrase(ledger, user.id, user.link_number, "short", NOW)
    choose_passphrase(ledger, user.id, user.link_number, WORDS, NOW)


def test_a_new_passphrase_ends_all_sessions(ledger: Ledger) -> None:
    user = add(ledger)
    choose_passphrase(ledger, user.id, user.link_number, WORDS, NOW)
    log_in(ledger, "Ada", WORDS, NOW)
    again = ledger.transact(lambda records: new_link(records, user, NOW, by="Ada"))
    choose_passphrase(ledger, user.id, again.link_number, "other words again", NOW)
    assert ledger.read(lambda reading: reading.users.sessions()) == []


def test_a_deactivated_user_gets_no_link_and_no_letter(ledger: Ledger) -> None:
    add(ledger)
    carol = add(ledger, "Carol", Role.CLIENT, client="acme", email="carol@acme.example")
    ledger.transact(lambda records: deactivate_user(records, carol, NOW, by="Ada"))
    gone = ledger.read(lambda reading: find_user(reading, "Carol"))
    with pytest.raises(Refused, match="is deactivated; add a new user"):
        ledger.transact(lambda records: new_link(records, gone, NOW, by="Ada"))
    with pytest.raises(LinkUsed):
        choose_passphrase(ledger, carol.id, carol.link_number, WORDS, NOW)
    assert not ledger.transact(lambda records: request_new_link(records, "Carol", NOW))


def test_the_last_user_of_the_agency_cannot_be_deactivated(ledger: Ledger) -> None:
    ada, eve = add(ledger), add(ledger, "Eve")
    vera = add(ledger, "Vera", Role.VIEWER)
    for user in (ada, vera):
        choose_passphrase(ledger, user.id, user.link_number, WORDS, NOW)
    with pytest.raises(Refused, match="add another one first, who chooses a passphrase"):
        ledger.transact(lambda records: deactivate_user(records, ada, NOW, by="Ada"))
    ledger.transact(lambda records: deactivate_user(records, eve, NOW, by="Ada"))
    with pytest.raises(Refused, match="add another one first"):
        ledger.transact(lambda records: deactivate_user(records, ada, NOW, by="Ada"))
    with pytest.raises(Refused, match="deactivated already"):
        ledger.transact(
            lambda records: deactivate_user(records, find_user(records, "Eve"), NOW, by="Ada")
        )


def test_a_user_of_the_agency_can_be_deactivated_once_another_one_can_log_in(
    ledger: Ledger,
) -> None:
    ada, eve = add(ledger), add(ledger, "Eve")
    with pytest.raises(Refused, match="without Ada no user of the agency can log in"):
        ledger.transact(lambda records: deactivate_user(records, ada, NOW, by="Ada"))
    choose_passphrase(ledger, eve.id, eve.link_number, WORDS, NOW)
    assert ledger.transact(lambda records: deactivate_user(records, ada, NOW, by="Eve")) == 0


def test_an_unknown_user_is_not_found(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="no user 'Bob'"):
        ledger.read(lambda reading: find_user(reading, "Bob"))


def test_a_letter_is_queued_for_a_user_with_an_address_three_times_a_day(ledger: Ledger) -> None:
    add(ledger, email="ada@agency.example")
    add(ledger, "Eve")

    def ask(name: str, hours: float) -> bool:
        at = NOW + timedelta(hours=hours)
        return ledger.transact(lambda records: request_new_link(records, name, at))

    assert [ask("ADA", hours) for hours in (0, 1, 2, 3, 25.5)] == [True, True, True, False, True]
    assert (ask("Eve", 4), ask("Bob", 5)) == (False, False)
    messages = ledger.read(lambda reading: list(reading.outbox.select()))
    assert {(message.kind, message.recipient) for message in messages} == {
        (LETTER, "ada@agency.example")
    }
