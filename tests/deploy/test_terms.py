"""What the ledger says of pushed campaigns, though who publishes cannot read it."""

import json
import subprocess
from collections.abc import Iterator

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
    said = changed(writer, 'currency = "USD"', 'currency = "EUR"').push()
    assert not said.taken
    assert said.lines[-2] == (
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
def test_the_writer_is_told_whose_verdicts_the_file_would_change_and_nothing_of_them(
    writer: Writer,
) -> None:
    said = changed(writer, "at_least = 101", "at_least = 501").push()
    assert said.taken, said.text
    told = [line for line in said.lines if line.startswith(CAMPAIGN)]
    assert told == [
        f"{CAMPAIGN}: of 2 past leads, 1 that qualified would not under this file, and 0 that did "
        "not would; their bill would be $50.00 lower. They keep the verdict they have; "
        "`gatepost backtest` shows more."
    ]
    assert "clinic" not in said.text


def test_campaigns_are_not_changed_while_the_ledger_does_not_answer(
    writer: Writer, server: Server
) -> None:
    asked, server.settings["ledger_socket"] = server.settings["ledger_socket"], "/nowhere.sock"
    changed(writer, "at_least = ", "at_least=")
    said = writer.push()
    server.settings["ledger_socket"] = asked
    assert not said.taken
    assert said.lines[-3].startswith("the ledger does not answer at /nowhere.sock")
    assert said.lines[-2] == "That is not of your making: please tell the operator."


def test_posts_are_published_without_the_ledger(writer: Writer, server: Server) -> None:
    asked, server.settings["ledger_socket"] = server.settings["ledger_socket"], "/nowhere.sock"
    writer.post("no-ledger-needed")
    said = writer.push()
    server.settings["ledger_socket"] = asked
    assert said.taken, said.text


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
    said = writer.push()
    assert any(line.startswith(f"warning: {CAMPAIGN} is gone, and 2 leads") for line in said.lines)
