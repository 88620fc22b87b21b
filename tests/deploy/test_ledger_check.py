"""The ledger's check of pushed campaigns, for a publisher who cannot read the ledger."""

import json
import socket
import subprocess
from collections.abc import Iterator

import pytest

from tests.deploy.server import Server, Writer
from tests.service import GATEPOST, GUIDE, Service, person

CAMPAIGN = f"campaigns/{GUIDE}.toml"


@pytest.fixture(scope="module")
def service(server: Server, first: Writer) -> Iterator[Service]:
    """Two leads of the guide: one qualifies; the other one would with a lower limit of size."""
    del first
    service = server.service(min_fill_seconds="0").start()
    for size in ("101-500", "51-100"):
        assert service.post(person(company_size=size)).status == 303
    yield service
    service.end()


def commit_change(writer: Writer, old: str, new: str) -> Writer:
    text = (writer.folder / CAMPAIGN).read_text()
    assert old in text
    writer.write(CAMPAIGN, text.replace(old, new))
    writer.commit("Other terms")
    return writer


@pytest.mark.usefixtures("service")
def test_a_push_cannot_change_terms_under_which_leads_came(writer: Writer) -> None:
    live = writer.server.live
    result = commit_change(writer, 'currency = "USD"', 'currency = "EUR"').push()
    assert not result.accepted
    assert result.lines[-2] == (
        f"{CAMPAIGN}: currency was 'USD' and is 'EUR'; {GUIDE} has leads already, "
        "so put the new terms under a new slug"
    )
    assert writer.server.live == live


@pytest.mark.usefixtures("service")
def test_a_campaign_without_leads_may_change_any_term(writer: Writer) -> None:
    path = "campaigns/acme-demo.toml"
    text = (writer.folder / path).read_text()
    writer.write(path, text.replace('currency = "USD"', 'currency = "EUR"'))
    writer.commit("Euros")
    assert writer.push().accepted


@pytest.mark.usefixtures("service")
def test_the_effect_on_a_few_leads_is_not_shown_to_the_writer(writer: Writer) -> None:
    result = commit_change(writer, "at_least = 101", "at_least = 501").push()
    assert result.accepted, result.text
    messages = [line for line in result.lines if line.startswith(CAMPAIGN)]
    assert messages == [f"{CAMPAIGN}: too few leads to say whose verdict it would change."]


@pytest.mark.usefixtures("service")
def test_a_push_cannot_find_out_about_a_person(writer: Writer) -> None:
    criteria = '[criteria.full_name]\none_of = ["Ann Lee"]\n\n[price]\n'
    result = commit_change(writer, "[price]\n", criteria).push()
    assert result.accepted, result.text
    assert [line for line in result.lines if line.startswith(CAMPAIGN)] == [
        f"{CAMPAIGN}: too few leads to say whose verdict it would change.",
        f"{CAMPAIGN}: a criterion on full_name is not counted for a push.",
    ]


def test_a_changed_campaign_is_refused_while_the_ledger_does_not_answer(
    writer: Writer, server: Server
) -> None:
    socket_path = server.settings["ledger_socket"]
    server.settings["ledger_socket"] = "/nowhere.sock"
    commit_change(writer, "at_least = ", "at_least=")
    result = writer.push()
    server.settings["ledger_socket"] = socket_path
    assert not result.accepted
    assert result.lines[-3].startswith("the ledger does not answer at /nowhere.sock")
    assert result.lines[-2] == "This is not your mistake: please tell the operator."


def test_a_post_is_published_while_the_ledger_does_not_answer(
    writer: Writer, server: Server
) -> None:
    socket_path = server.settings["ledger_socket"]
    server.settings["ledger_socket"] = "/nowhere.sock"
    writer.post("no-ledger-needed")
    result = writer.push()
    server.settings["ledger_socket"] = socket_path
    assert result.accepted, result.text


def test_a_direct_request_to_the_socket_gets_the_same_limited_answers(
    service: Service, server: Server
) -> None:
    """The ledger's side applies the rule and counts the answers, not the hook."""
    counter = service.folder / "var/push-backtests"
    old_count = counter.read_text() if counter.exists() else ""
    counter.write_text("9999-12-31 000000019\n")  # later than any day of a test run
    text = (server.site / "current" / CAMPAIGN).read_text()
    campaigns = {GUIDE: text.replace("at_least = 101", "at_least = 501")}

    def request_check() -> list[str]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(server.settings["ledger_socket"])
            connection.sendall(json.dumps(campaigns).encode())
            connection.shutdown(socket.SHUT_WR)
            answer = json.loads(connection.makefile("rb").read())
        return [*answer["messages"]]

    assert request_check()[0] == f"{CAMPAIGN}: too few leads to say whose verdict it would change."
    assert request_check() == [
        f"{CAMPAIGN}: no answer about past leads: the 20 answers of today are used up; push again "
        "tomorrow, or ask the agency for `gatepost backtest`"
    ]
    counter.write_text(old_count)


@pytest.mark.parametrize(
    "request_text", [b"", b"[]", b"{", b'{"x": 1}', b"\xff", b'{"x": "\\ud800"}']
)
def test_an_invalid_request_is_refused_in_one_line(service: Service, request_text: bytes) -> None:
    process = subprocess.run(
        [GATEPOST, "campaigns", "answer"], cwd=service.folder, env=service.environment(),
        input=request_text, capture_output=True, check=False,
    )  # fmt: skip
    assert process.stderr.count(b"\n") == process.returncode
    assert b"Traceback" not in process.stderr
    assert process.returncode == 1 or json.loads(process.stdout)["refused"]


@pytest.mark.usefixtures("service")
def test_a_rollback_warns_if_leads_came_under_other_terms(first: Writer, server: Server) -> None:
    """The release before the rollback has terms under which leads came."""
    file = server.site / "current" / CAMPAIGN
    text, live = file.read_text(), server.live
    file.write_text(text.replace('currency = "USD"', 'currency = "EUR"'))
    first.post("before-going-back")
    assert first.push().accepted
    process = server.run("rollback")
    old_release = server.site / "releases" / live / CAMPAIGN
    old_release.write_text(text)
    assert process.returncode == 0
    assert server.live == live
    assert process.stderr.startswith("warning: the service keeps its last good campaign files: ")
    assert "currency was 'USD' and is 'EUR'" in process.stderr


@pytest.mark.usefixtures("service")
def test_a_deleted_campaign_with_leads_causes_a_warning(writer: Writer) -> None:
    pages = [
        path for path in (writer.folder / "content").rglob("*.md") if GUIDE in path.read_text()
    ]
    for page in pages:
        lines = [line for line in page.read_text().splitlines() if GUIDE not in line]
        page.write_text("\n".join(lines) + "\n")
    (writer.folder / CAMPAIGN).unlink()
    writer.commit("No guide")
    result = writer.push()
    assert any(line.startswith(f"warning: {CAMPAIGN} is gone, and leads") for line in result.lines)
