"""The first user of the desk: whoever starts a development server gets a link."""

import os
import pty
import re
import signal
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.ledger.users import Role
from capture.signed_links import LinkSigner, TokenExpired
from capture.users.accounts import add_user, choose_passphrase
from gatepost.server import first_user
from gatepost.server.first_user import first_user_link
from tests.needs import starts_server
from tests.process_groups import end_group
from tests.samples import NOW
from tests.service import GATEPOST, Service, make_project

SIGNER = LinkSigner(b"a key for tests only", timedelta(days=7))
WORDS = "four easy words here"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key for tests only")


def test_the_first_user_has_the_name_of_the_person_and_a_link_for_an_hour(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "grace")
    name, path = first_user_link(ledger, SIGNER, NOW) or ("", "")
    token = path.rpartition("/")[2]
    grant = SIGNER.read_user(token, NOW + timedelta(minutes=59))
    with pytest.raises(TokenExpired):
        SIGNER.read_user(token, NOW + timedelta(hours=1))
    again_name, again = first_user_link(ledger, SIGNER, NOW) or ("", "")
    assert (name, again_name, again != path) == ("grace", "grace", True)
    newest = SIGNER.read_user(again.rpartition("/")[2], NOW)
    choose_passphrase(ledger, grant.user_id, newest.link_number, WORDS, NOW)
    assert first_user_link(ledger, SIGNER, NOW) is None


def test_a_name_that_is_in_use_or_unknown_is_replaced(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> str:
        raise KeyError("uid 1000")

    monkeypatch.setattr(first_user.getpass, "getuser", unknown)
    ledger.transact(
        lambda records: add_user(records, "Agency", Role.CLIENT, NOW, client="acme", by="Ada")
    )
    assert first_user_link(ledger, SIGNER, NOW) is None
    monkeypatch.setattr(first_user.getpass, "getuser", lambda: "Ada")
    assert (first_user_link(ledger, SIGNER, NOW) or ("", ""))[0] == "Ada"


def test_a_deactivated_user_is_not_the_first_one(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "Ada")
    _, bob = (
        ledger.transact(
            lambda records, name=name: add_user(records, name, Role.AGENCY, NOW, by="Ada")
        )
        for name in ("Eve", "Bob")
    )
    ledger.transact(lambda records: records.users.deactivate(bob.id, NOW))
    assert (first_user_link(ledger, SIGNER, NOW) or ("", ""))[0] == "Eve"


def started_on_a_terminal(
    folder: Path, ending: signal.Signals = signal.SIGTERM, **settings: str
) -> str:
    """What `gatepost serve` prints on a terminal until it listens. Then the signal ends it."""
    starts_server()
    service = Service(folder, **{"desk_url": "", **settings})
    terminal, other_end = pty.openpty()
    process = subprocess.Popen(
        [GATEPOST, "serve"],
        cwd=folder,
        env=service.environment(),
        stdout=other_end,
        stderr=other_end,
        start_new_session=True,
    )
    os.close(other_end)
    text = ""
    try:
        while "Gatepost on" not in text or ("/desk/" not in text and "site_url" not in settings):
            text += os.read(terminal, 1000).decode()
    finally:
        end_group(process, ending)
        os.close(terminal)
    return text


@pytest.mark.server
def test_a_development_server_prints_the_link_on_a_terminal_only(tmp_path: Path) -> None:
    folder = make_project(tmp_path)
    link = re.search(r"/desk/passphrase/(\S+)", started_on_a_terminal(folder))
    assert link is not None
    with Service(folder).ledger() as ledger:
        names = [user.role for user in ledger.read(lambda reading: reading.users.select())]
    assert names == [Role.AGENCY]
    service = Service(folder, desk_url="").start()
    service.end()
    assert "/desk/" not in service.log.read_text()


@pytest.mark.server
def test_a_server_ends_when_its_terminal_is_closed(tmp_path: Path) -> None:
    folder = make_project(tmp_path)
    assert "Gatepost on" in started_on_a_terminal(folder, signal.SIGHUP)  # waits for its end


@pytest.mark.server
def test_a_server_with_a_public_address_has_no_desk_and_prints_no_link(tmp_path: Path) -> None:
    folder = make_project(tmp_path)
    assert "/desk/" not in started_on_a_terminal(folder, site_url="https://journal.example")
    service = Service(folder, site_url="https://journal.example").start()
    try:
        assert service.get("/desk/login").status == 404
    finally:
        service.end()
