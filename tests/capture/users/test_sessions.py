"""Sessions start with name and passphrase, and end after 12 hours without use."""

from datetime import timedelta
from typing import Any

import pytest

from capture.ledger.protocol import Ledger
from capture.ledger.users import Role
from capture.users.accounts import add_user, choose_passphrase, deactivate_user, new_link
from capture.users.sessions import (
    IDLE_LIFE,
    LAST_USE_PRECISION,
    find_session,
    is_last_use_stale,
    log_in,
    open_sessions,
    record_use,
)
from tests.samples import NOW

WORDS = "four easy words here"


@pytest.fixture
def users(ledger: Ledger) -> Ledger:
    """A ledger with two users of the agency who have a passphrase, and one who has none."""
    for name in ("Ada", "Eve"):
        user = ledger.transact(
            lambda records, name=name: new_link(
                records, add_user(records, name, Role.AGENCY, NOW, by="Ada"), NOW, by="Ada"
            )
        )
        choose_passphrase(ledger, user.id, user.link_number, WORDS, NOW)
    ledger.transact(lambda records: add_user(records, "New", Role.VIEWER, NOW, by="Ada"))
    return ledger


@pytest.mark.parametrize(
    ("name", "passphrase"), [("Ada", "four easy words"), ("Bob", WORDS), ("New", ""), ("", "")]
)
def test_a_wrong_name_or_passphrase_starts_no_session(
    users: Ledger, name: str, passphrase: str
) -> None:
    assert log_in(users, name, passphrase, NOW) is None
    assert users.read(lambda reading: reading.users.sessions()) == []


def test_each_login_has_a_session_of_its_own_whose_token_is_not_stored(users: Ledger) -> None:
    first, second = (log_in(users, "ada", WORDS, NOW) for _ in range(2))
    assert first
    assert second
    assert first != second
    found = users.read(lambda reading: find_session(reading, first, NOW))
    assert found is not None
    assert found[0].name == "Ada"
    assert users.read(lambda reading: find_session(reading, f"{first}x", NOW)) is None


def test_a_session_ends_after_twelve_hours_without_use(users: Ledger) -> None:
    token = log_in(users, "Ada", WORDS, NOW) or ""

    def is_found(at: timedelta) -> bool:
        return users.read(lambda reading: find_session(reading, token, NOW + at)) is not None

    assert is_found(IDLE_LIFE - timedelta(seconds=1))
    assert not is_found(IDLE_LIFE)
    (session,) = users.read(lambda reading: open_sessions(reading, NOW + timedelta(hours=11)))
    assert is_last_use_stale(session, NOW + LAST_USE_PRECISION)
    used = users.transact(lambda records: record_use(records, session, NOW + timedelta(hours=11)))
    assert not is_last_use_stale(used, NOW + timedelta(hours=11))
    assert is_found(IDLE_LIFE + timedelta(hours=10))
    assert users.read(lambda reading: open_sessions(reading, NOW + timedelta(days=2))) == []


def test_a_login_deletes_expired_sessions(users: Ledger) -> None:
    log_in(users, "Ada", WORDS, NOW)
    log_in(users, "Eve", WORDS, NOW + timedelta(days=1))
    assert len(users.read(lambda reading: reading.users.sessions())) == 1


def test_a_deactivated_user_is_out_immediately(users: Ledger) -> None:
    token = log_in(users, "Eve", WORDS, NOW) or ""

    def deactivate(records: Any) -> int:
        return deactivate_user(records, records.users.find("Eve"), NOW, by="Ada")

    assert users.transact(deactivate) == 1
    assert users.read(lambda reading: find_session(reading, token, NOW)) is None
    assert log_in(users, "Eve", WORDS, NOW) is None
