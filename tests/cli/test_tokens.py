"""`gatepost tokens`: a token is shown once, stored as a hash, and revoked immediately."""

import json
import re
import sqlite3

from capture.client_access.api_tokens import find_api_token
from tests.cli.conftest import Project


def test_a_token_is_printed_alone_and_gives_access_to_its_client(project: Project) -> None:
    ran = project.run("tokens", "add", "--client", "acme", "--name", "crm")
    assert re.fullmatch(r"gp_[A-Za-z0-9]{43}\n", ran.out)
    api_token = project.ledger.read(lambda reading: find_api_token(reading, ran.out.strip()))
    assert api_token is not None
    assert (api_token.client, api_token.name, api_token.used_at) == ("acme", "crm", None)
    assert f"tokens revoke {api_token.id}" in ran.err


def test_two_tokens_are_never_the_same(project: Project) -> None:
    created = {project.run("tokens", "add", "--client", "acme", "--name", n).out for n in "abc"}
    assert len(created) == 3


def test_the_token_itself_is_not_stored(project: Project) -> None:
    token = project.run("tokens", "add", "--client", "acme").out.strip()
    database = sqlite3.connect(project.folder / "var" / "gatepost.db")
    assert token.removeprefix("gp_") not in "\n".join(database.iterdump())
    database.close()


def test_tokens_are_listed_and_revoked(project: Project) -> None:
    token = project.run("tokens", "add", "--client", "acme").out.strip()
    (row,) = json.loads(project.run("tokens", "list", "--client", "acme", "--json").out)
    assert (row["client"], row["name"], row["revoked_at"]) == ("acme", "api", None)
    ran = project.run("tokens", "revoke", row["id"])
    assert (ran.code, ran.out) == (0, "acme's token 'api' is revoked.\n")
    assert project.ledger.read(lambda reading: find_api_token(reading, token)) is None
    (row,) = json.loads(project.run("tokens", "list", "--json").out)
    assert row["revoked_at"] is not None
    assert project.run("verify").code == 0


def test_two_valid_tokens_cannot_have_the_same_name(project: Project) -> None:
    project.run("tokens", "add", "--client", "acme", "--name", "crm")
    ran = project.run("tokens", "add", "--client", "acme", "--name", "crm")
    assert (ran.code, ran.out) == (1, "")
    assert "acme has a token named 'crm'" in ran.err
    (row,) = json.loads(project.run("tokens", "list", "--json").out)
    project.run("tokens", "revoke", row["id"])
    assert project.run("tokens", "add", "--client", "acme", "--name", "crm").code == 0


def test_mistakes_are_reported_in_one_line(project: Project) -> None:
    for args, words in {
        ("add", "--client", "acm"): "no client `acm`",
        ("add", "--client", "acme", "--name", "a\nb"): "one line of 1 to 60 characters",
        ("add", "--client", "acme", "--name", "x" * 61): "one line of 1 to 60 characters",
        ("list", "--client", "acm"): "no client `acm`",
        ("revoke", "none"): "no token 'none'; `gatepost tokens list` lists them",
    }.items():
        ran = project.run("tokens", *args)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
        assert words in ran.err
    assert project.run("tokens", "list").out == "There are no tokens yet.\n"
