"""What the ledger says of pushed campaigns, though who publishes cannot read it."""

import json
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.deploy.server import Server, Writer
from tests.service import GATEPOST, GUIDE, Service, person

CAMPAIGN = f"campaigns/{GUIDE}.toml"


@pytest.fixture(scope="module")
def service(server: Server, first: Writer) -> Iterator[Service]:
    """Two leads came under the guide: one qualifies, and one would if smaller companies did."""
    del first
    started = server.service(min_fill_seconds="0").start()
    for size in ("101-500", "51-100"):
        assert started.post(person(company_size=size)).status == 303
    yield started
    started.end()


def changed(writer: Writer, old: str, new: str) -> Writer:
    text = (writer.folder / CAMPAIGN).read_text()
    assert old in text
    writer.write(CAMPAIGN, text.replace(old, new))
    writer.commit("Other terms")
    return writer


@pytest.mark.usefixtures("service")
def test_what_leads_were_taken_under_is_not_changed_by_a_push(writer: Writer) -> None:
    live = writer.server.live
    text = changed(writer, 'currency = "USD"', 'currency = "EUR"').push()
    assert not text.taken
    assert text.lines[-2] == (
        f"{CAMPAIGN}: currency was 'USD' and is 'EUR'; {GUIDE} has leads already, "
        "so put the new terms under a new slug"
    )
    assert writer.server.live == live


@pytest.mark.usefixtures("service")
def test_a_campaign_without_leads_may_change_in_all(writer: Writer) -> None:
    path = "campaigns/acme-demo.toml"
    text = (writer.folder / path).read_text()
    writer.write(path, text.replace('currency = "USD"', 'currency = "EUR"'))
    writer.commit("Euros")
    assert writer.push().taken


@pytest.mark.usefixtures("service")
def test_the_writer_is_told_nothing_of_few_leads(writer: Writer) -> None:
    text = changed(writer, "at_least = 101", "at_least = 501").push()
    assert text.taken, text.text
    messages = [line for line in text.lines if line.startswith(CAMPAIGN)]
    assert messages == [f"{CAMPAIGN}: too few leads to say whose verdict it would change."]


@pytest.mark.usefixtures("service")
def test_a_pusher_cannot_ask_after_a_person(writer: Writer) -> None:
    asked = '[criteria.full_name]\none_of = ["Ann Lee"]\n\n[price]\n'
    text = changed(writer, "[price]\n", asked).push()
    assert text.taken, text.text
    assert [line for line in text.lines if line.startswith(CAMPAIGN)] == [
        f"{CAMPAIGN}: too few leads to say whose verdict it would change.",
        f"{CAMPAIGN}: a criterion on full_name is not counted for a push.",
    ]


def test_campaigns_are_not_changed_while_the_ledger_does_not_answer(
    writer: Writer, server: Server
) -> None:
    asked, server.settings["ledger_socket"] = server.settings["ledger_socket"], "/nowhere.sock"
    changed(writer, "at_least = ", "at_least=")
    text = writer.push()
    server.settings["ledger_socket"] = asked
    assert not text.taken
    assert text.lines[-3].startswith("the ledger does not answer at /nowhere.sock")
    assert text.lines[-2] == "This is not your mistake: please tell the operator."


def test_posts_are_published_without_the_ledger(writer: Writer, server: Server) -> None:
    asked, server.settings["ledger_socket"] = server.settings["ledger_socket"], "/nowhere.sock"
    writer.post("no-ledger-needed")
    text = writer.push()
    server.settings["ledger_socket"] = asked
    assert text.taken, text.text


def test_who_speaks_to_the_socket_itself_is_told_no_more_and_not_for_ever(
    service: Service, server: Server
) -> None:
    """The ledger's side keeps the rule and the count, not the hook."""
    counter = service.folder / "var/push-backtests"
    kept = counter.read_text() if counter.exists() else ""
    counter.write_text("")
    text = (server.site / "current" / CAMPAIGN).read_text()
    asked = {GUIDE: text.replace("at_least = 101", "at_least = 501")}

    def ask() -> list[str]:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(server.settings["ledger_socket"])
            line.sendall(json.dumps(asked).encode())
            line.shutdown(socket.SHUT_WR)
            stated = json.loads(line.makefile("rb").read())
        return [*stated["messages"]]

    counter.write_text(f"{datetime.now(UTC):%Y-%m-%d} 000000019\n")
    assert ask()[0] == f"{CAMPAIGN}: too few leads to say whose verdict it would change."
    counter.write_text("9999-12-31 000000020\n")  # whatever the day is by now
    assert ask() == [
        f"{CAMPAIGN}: no answer about past leads: the 20 answers of today are used up; push again "
        "tomorrow, or ask the agency for `gatepost backtest`"
    ]
    counter.write_text(kept)


@pytest.mark.parametrize("asked", [b"", b"[]", b"{", b'{"x": 1}', b"\xff", b'{"x": "\\ud800"}'])
def test_a_question_that_is_none_is_refused_in_a_line(service: Service, asked: bytes) -> None:
    ran = subprocess.run(
        [GATEPOST, "campaigns", "answer"], cwd=service.folder, env=service.environment(),
        input=asked, capture_output=True, check=False,
    )  # fmt: skip
    assert ran.stderr.count(b"\n") == ran.returncode
    assert b"Traceback" not in ran.stderr
    assert ran.returncode == 1 or json.loads(ran.stdout)["refused"]


@pytest.mark.usefixtures("service")
def test_a_rollback_says_so_if_leads_came_under_other_terms(first: Writer, server: Server) -> None:
    """Someone went back behind terms under which leads have come since."""
    old = server.site / "current" / CAMPAIGN
    kept, live = old.read_text(), server.live
    old.write_text(kept.replace('currency = "USD"', 'currency = "EUR"'))
    first.post("before-going-back")
    assert first.push().taken
    ran = server.run("rollback")
    old_release = server.site / "releases" / live / CAMPAIGN
    old_release.write_text(kept)
    assert ran.returncode == 0
    assert server.live == live
    assert ran.stderr.startswith("warning: the service keeps its last good campaign files: ")
    assert "currency was 'USD' and is 'EUR'" in ran.stderr


@pytest.mark.usefixtures("service")
def test_a_file_that_leads_still_need_is_missed(writer: Writer) -> None:
    pages = [
        path for path in (writer.folder / "content").rglob("*.md") if GUIDE in path.read_text()
    ]
    for page in pages:
        kept = [line for line in page.read_text().splitlines() if GUIDE not in line]
        page.write_text("\n".join(kept) + "\n")
    (writer.folder / CAMPAIGN).unlink()
    writer.commit("No guide")
    text = writer.push()
    assert any(line.startswith(f"warning: {CAMPAIGN} is gone, and leads") for line in text.lines)
