"""A service that cannot start says why in one line, exits with 1 and leaves no files."""

import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import GUIDE, Service, make_project


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A service that is not started."""
    return Service(make_project(tmp_path))


def refusal(service: Service, *command: str) -> str:
    """The error line of the command, `serve` by default. Checks that it prints nothing else."""
    result = service.run(*command or ("serve",))
    assert (result.returncode, result.stdout) == (1, ""), result
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr.strip()


@pytest.fixture
def port_in_use(service: Service) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", service.port)):
        yield


@pytest.mark.usefixtures("port_in_use")
def test_a_port_in_use_is_refused_with_another_port(service: Service) -> None:
    service.is_forked = False  # the other tests trust that the command does the same in a fork
    assert refusal(service) == (
        f"cannot listen on 127.0.0.1:{service.port}: Address already in use; stop what runs there, "
        f"or take another port: make run PORT={service.port + 1}"
    )
    assert not (service.folder / "var").exists()


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("no.such.host.example", "Name or service not known"),
        ("192.0.2.1", "Cannot assign requested address"),
    ],
)
def test_a_host_of_another_machine_is_refused_with_the_setting(
    service: Service, host: str, reason: str
) -> None:
    service.settings["host"] = host
    fix = "set GATEPOST_HOST to an address of this machine"
    assert refusal(service) == f"cannot listen on {host}:{service.port}: {reason}; {fix}"


def test_a_var_folder_that_cannot_be_made_is_refused(service: Service) -> None:
    (service.folder / "var").write_text("a file in its place")
    assert refusal(service).startswith("var/secret_key: ")
    assert (service.folder / "var").read_text() == "a file in its place"


def test_a_var_folder_is_needed_even_if_every_secret_is_set(service: Service) -> None:
    (service.folder / "var").write_text("a file in its place")
    service.settings |= {"secret_key": "s" * 40, "duplicate_key": "d" * 40}
    assert refusal(service).startswith("var/gatepost.db: ")
    service.settings["database_url"] = f"sqlite:///{service.folder}/elsewhere.db"
    assert refusal(service).startswith("var/counters.db: ")


@pytest.mark.parametrize(("name", "text"), [("secret_key", "\n"), ("duplicate_key", "short")])
def test_a_key_file_without_a_key_is_refused_and_not_changed(
    service: Service, name: str, text: str
) -> None:
    file = service.folder / "var" / name
    file.parent.mkdir()
    file.write_text(text)
    assert refusal(service) == (
        f"var/{name}: too short for a secret; restore it, or set GATEPOST_{name.upper()}"
    )
    assert file.read_text() == text


def test_a_missing_duplicate_key_of_an_existing_ledger_is_never_replaced(service: Service) -> None:
    service.start().end()
    (service.folder / "var" / "duplicate_key").unlink()
    line = refusal(service)
    assert line.startswith("var/duplicate_key: missing")
    assert not (service.folder / "var" / "duplicate_key").exists()


def test_a_changed_duplicate_key_is_refused(service: Service) -> None:
    service.start().end()
    (service.folder / "var" / "duplicate_key").write_text("another key, put there by mistake")
    assert "made with another key; restore the file duplicate_key" in refusal(service)


def test_a_missing_secret_key_is_replaced_with_a_warning(service: Service) -> None:
    service.start().end()
    (service.folder / "var" / "secret_key").unlink()
    service.start().end()
    messages = [line for line in service.log.read_text().splitlines() if "secret_key" in line]
    assert messages == [
        "var/secret_key: was missing, a new one was made; earlier links no longer work"
    ]


def test_a_site_that_was_never_built_is_refused_with_the_command(service: Service) -> None:
    (service.folder / "output" / "site.json").unlink()
    assert refusal(service) == "output/site.json: no such file; run `gatepost build` first"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": 1}'])
def test_an_incomplete_build_is_refused_with_the_command(service: Service, text: str) -> None:
    (service.folder / "output" / "site.json").write_text(text)
    assert refusal(service) == "output/site.json: not a valid site.json; run `gatepost build`"


def test_a_campaign_file_with_a_mistake_is_refused_with_its_line(service: Service) -> None:
    file = service.folder / "campaigns" / f"{GUIDE}.toml"
    file.write_text(file.read_text().replace("hours = 48", 'hours = "two days"'))
    assert f"campaigns/{GUIDE}.toml:75: review.hours" in refusal(service)


def test_a_missing_gated_file_is_refused_with_its_campaign(service: Service) -> None:
    (service.folder / "content" / "gated" / "cloud-guide.pdf").unlink()
    message = f'campaigns/{GUIDE}.toml:9: assets holds "cloud-guide.pdf": no such file in '
    assert refusal(service) == f"{message}content/gated/; add it there"


def test_a_file_that_is_not_a_database_is_refused(service: Service) -> None:
    service.run("leads")
    (service.folder / "notes.txt").write_text("my notes, nothing like a database\n" * 60)
    service.settings["database_url"] = "sqlite:///notes.txt"
    assert refusal(service).startswith("notes.txt: not an SQLite database")
    assert "my notes" in (service.folder / "notes.txt").read_text()


def test_a_database_that_another_program_has_locked_is_refused(service: Service) -> None:
    service.start().end()
    with sqlite3.connect(service.folder / "var" / "gatepost.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        line = refusal(service)
    other.close()
    assert line.startswith("var/gatepost.db: another program holds the database")


@pytest.mark.parametrize("url", ["sqlite:///", "postgresql://x/y"])
def test_a_database_url_of_another_kind_is_refused(service: Service, url: str) -> None:
    service.settings["database_url"] = url
    assert f"DATABASE_URL {url!r}: only sqlite:///PATH is supported" in refusal(service)


@pytest.mark.parametrize("command", [("leads",), ("verify",)])
def test_other_commands_also_refuse_in_one_line(service: Service, command: tuple[str, ...]) -> None:
    (service.folder / "var").write_text("a file in its place")
    assert refusal(service, *command).startswith("var/duplicate_key: ")
