"""`gatepost webhooks`: secrets are printed once, mistakes are one line."""

import json
import re
import sqlite3
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook

from capture.ledger.endpoints import Endpoint
from tests.capture.delivery.receivers import receiving, status
from tests.cli.conftest import ROOT, Project
from tests.samples import NOW

URL = "https://crm.acme.example/hook"


def rows(project: Project, *args: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(project.run("webhooks", "list", *args, "--json").out)
    return listed


def test_a_secret_is_printed_alone_and_stored_encrypted(project: Project) -> None:
    ran = project.run("webhooks", "add", "acme", URL)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=\n", ran.out)
    (row,) = rows(project, "--client", "acme")
    assert (row["client"], row["url"], row["paused_at"]) == ("acme", URL, None)
    assert f"webhooks test {row['id']}" in ran.err
    database = sqlite3.connect(project.folder / "var" / "gatepost.db")
    assert ran.out.strip().removeprefix("whsec_") not in "\n".join(database.iterdump())
    database.close()


def test_a_rotation_prints_a_new_secret(project: Project) -> None:
    old = project.run("webhooks", "add", "acme", URL).out
    (row,) = rows(project)
    ran = project.run("webhooks", "rotate", row["id"])
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=\n", ran.out)
    assert ran.out != old
    assert "the secret before also signs" in ran.err


def test_a_paused_webhook_shows_its_reason_and_is_resumed(project: Project) -> None:
    endpoint = Endpoint(id="e1", client="acme", url=URL, secret=b"x", made_at=NOW)

    project.ledger.transact(lambda records: records.endpoints.save(endpoint))
    project.ledger.transact(lambda records: records.endpoints.pause("e1", NOW, "it answered 410"))
    assert "it answered 410" in project.run("webhooks", "list").out
    ran = project.run("webhooks", "resume", "e1")
    assert ran.out == "Webhook e1 is no longer paused; 0 events are sent again.\n"
    assert rows(project)[0]["paused_at"] is None


def test_a_webhook_is_removed(project: Project) -> None:
    project.run("webhooks", "add", "acme", URL)
    (row,) = rows(project)
    ran = project.run("webhooks", "remove", row["id"])
    assert ran.out == f"Webhook {row['id']} is removed; 0 events are dropped.\n"
    assert project.run("webhooks", "list").out == "There are no webhooks yet.\n"


def test_mistakes_are_reported_in_one_line(project: Project) -> None:
    for args, words in {
        ("add", "acm", URL): "no client `acm`",
        ("add", "acme", "http://crm.acme.example/"): "a webhook needs HTTPS",
        ("add", "acme", "https://169.254.169.254/"): "169.254.169.254 is not a public address",
        ("list", "--client", "acm"): "no client `acm`",
        ("test", "none"): "no webhook 'none'; `gatepost webhooks list` lists them",
        ("rotate", "none"): "no webhook 'none'",
        ("resume", "none"): "no webhook 'none'",
        ("remove", "none"): "no webhook 'none'",
    }.items():
        ran = project.run("webhooks", *args)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
        assert words in ran.err


@pytest.mark.server
def test_a_test_event_shows_the_answer_of_the_receiver(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEPOST_WEBHOOK_LOOPBACK", "1")
    with receiving(status(200, b"thank you\x1b[31m")) as receiver:
        secret = project.run("webhooks", "add", "acme", receiver.url).out.strip()
        (row,) = rows(project)
        ran = project.run("webhooks", "test", row["id"])
        assert (ran.code, ran.out) == (0, "It answered 200.\nthank you�[31m\n")
        (request,) = receiver.requests
        content = Webhook(secret).verify(request.body, request.headers)
        assert (content["type"], content["data"]["client"]) == ("test.ping", "acme")

        receiver.respond = status(404, b"no such page")
        ran = project.run("webhooks", "test", row["id"])
        assert (ran.code, ran.out) == (1, "no such page\n")
        assert ran.err == f"{receiver.url}: it answered 404\n"
    assert rows(project)[0]["failures"] == 0  # a test counts nothing


@pytest.mark.server
def test_a_receiver_on_this_machine_is_refused_without_the_setting(project: Project) -> None:
    with receiving() as receiver:
        endpoint = Endpoint(id="e1", client="acme", url=receiver.url, secret=b"x", made_at=NOW)
        project.ledger.transact(lambda records: records.endpoints.save(endpoint))
        ran = project.run("webhooks", "test", "e1")
        assert (ran.code, receiver.requests) == (1, [])
        assert "needs HTTPS" in ran.err


@pytest.mark.server
def test_a_new_lead_reaches_the_client_with_the_next_dispatch(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEPOST_WEBHOOK_LOOPBACK", "1")
    monkeypatch.setenv("GATEPOST_THEME_DIR", str(ROOT / "theme"))
    # The clock stands still: a busy machine cannot reach the time of the next attempt.
    with receiving(status(503)) as receiver, time_machine.travel(NOW, tick=False):
        secret = project.run("webhooks", "add", "acme", receiver.url).out.strip()
        lead_id = project.take(at=NOW)
        ran = project.run("dispatch", "--once")
        assert "lead.qualified 1: tried again at" in ran.out
        assert "it answered 503" in ran.out
        project.run("dispatch", "--once")
        assert len(receiver.requests) == 1  # not before its time

        receiver.respond = status(200)
        project.ledger.transact(lambda records: records.outbox.drop(1, NOW, "to send it now"))
        project.run("outbox", "retry", "1")
        ran = project.run("dispatch", "--once")
        content = Webhook(secret).verify(receiver.requests[-1].body, receiver.requests[-1].headers)
    assert "lead.qualified 1: sent" in ran.out
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert (content["type"], content["data"]["id"]) == ("lead.qualified", lead_id)
    assert rows(project)[0]["failures"] == 0
