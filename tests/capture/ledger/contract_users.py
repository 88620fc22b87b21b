"""The contract of every ledger for users, their sessions, and the access log.

The test module of a backend subclasses `UserContract` and gives it a `ledger`.
"""

from dataclasses import replace
from datetime import timedelta

from capture.lead.events import EventKind
from capture.ledger.administration import record_act
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.users import Access, Role, User, UserSession
from tests.samples import NOW, received_event

HOUR = timedelta(hours=1)
ADA = User(id="u1", name="Ada Lee", role=Role.AGENCY, email="ada@agency.example", created_at=NOW)
CAROL = User(id="u2", name="Carol", role=Role.CLIENT, client="acme", created_at=NOW)


def session(number: int, user: User = ADA, hours: int = 0) -> UserSession:
    at = NOW + hours * HOUR
    return UserSession(
        id=f"s{number}",
        user_id=user.id,
        started_at=at,
        last_used_at=at,
        device="Firefox on Windows",
        network="198.51.100.7",
    )


class UserContract:
    """Each test gets `ledger`: a new one."""

    def test_a_user_is_found_by_id_and_by_name_whatever_its_case(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: [records.users.add(user) for user in (CAROL, ADA)])
        users = ledger.read(lambda reading: reading.users)
        assert users.get("u2") == CAROL
        assert users.find("ADA lee") == ADA
        assert (users.get("u9"), users.find("Eve")) == (None, None)
        assert users.select() == [ADA, CAROL]

    def test_a_passphrase_and_a_new_link_raise_the_number_of_the_link(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: records.users.add(ADA))
        assert ledger.transact(lambda records: records.users.new_link("u1")) == 1
        ledger.transact(lambda records: records.users.set_passphrase("u1", "hash"))
        ledger.transact(lambda records: records.users.rehash_passphrase("u1", "strong"))
        ledger.transact(lambda records: records.users.set_email("u1", "a@new.example"))
        stored = ledger.read(lambda reading: reading.users.get("u1"))
        assert stored == replace(
            ADA, passphrase_hash="strong", link_number=2, email="a@new.example"
        )

    def test_a_deactivated_user_keeps_the_first_time(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: records.users.add(ADA))
        for hours in (1, 2):
            at = NOW + hours * HOUR
            ledger.transact(lambda records, at=at: records.users.deactivate("u1", at))
        stored = ledger.read(lambda reading: reading.users.get("u1"))
        assert stored is not None
        assert (stored.deactivated_at, stored.is_active) == (NOW + HOUR, False)

    def test_a_session_is_found_by_its_hash_and_ends(self, ledger: Ledger) -> None:
        def start(records: WriteTransaction) -> None:
            for number, user in enumerate((ADA, ADA, CAROL)):
                records.users.start_session(session(number, user, number), f"{number}" * 64)

        ledger.transact(start)
        users = ledger.read(lambda reading: reading.users)
        assert users.session("1" * 64) == session(1, ADA, 1)
        assert users.session("9" * 64) is None
        assert [found.id for found in users.sessions()] == ["s2", "s1", "s0"]
        ledger.transact(lambda records: records.users.record_session_use("s0", NOW + 9 * HOUR))
        ledger.transact(lambda records: records.users.purge_sessions(NOW + 2 * HOUR))
        assert [found.id for found in users.sessions()] == ["s2", "s0"]
        assert ledger.transact(lambda records: records.users.end_sessions("u1")) == 1
        ledger.transact(lambda records: records.users.end_session("s2"))
        assert users.sessions() == []

    def test_acts_on_users_are_read_newest_first_in_pages(self, ledger: Ledger) -> None:
        def act(records: WriteTransaction) -> None:
            for kind in (EventKind.USER_ADDED, EventKind.USER_LINKED, EventKind.USER_DEACTIVATED):
                record_act(records, kind, "Ada", NOW, user="u1")
            records.append(received_event("a lead"))
            records.append(
                replace(received_event(""), lead_id=None, campaign="", kind=EventKind.CLOSED)
            )

        ledger.transact(act)
        events = ledger.read(lambda reading: reading.events)
        newest = events.of_administration(limit=2)
        assert [found.event.kind for found in newest] == ["user_deactivated", "user_linked"]
        older = events.of_administration(limit=2, before=newest[-1].sequence)
        assert [found.event.kind for found in older] == ["user_added"]
        assert "Ada" not in str(older[0].event.data)

    def test_the_access_log_is_read_newest_first_in_pages(self, ledger: Ledger) -> None:
        def access(hours: int) -> Access:
            return Access(user_id="u1", at=NOW + hours * HOUR, page="lead", lead_id=f"l{hours}")

        ledger.transact(
            lambda records: [records.users.log_access(access(hours)) for hours in range(3)]
        )
        (number, newest), (_, second) = ledger.read(lambda reading: reading.users.accesses(limit=2))
        assert (newest, second) == (access(2), access(1))
        older = ledger.read(lambda reading: reading.users.accesses(limit=5, before=number))
        assert [entry for _, entry in older] == [access(1), access(0)]
        ledger.transact(lambda records: records.users.purge_accesses(NOW + HOUR))
        left = ledger.read(lambda reading: reading.users.accesses(limit=5))
        assert [entry for _, entry in left] == [access(2), access(1)]
