"""Settings: the environment overrides `.env`, which overrides the defaults; one line per error."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from capture.errors import Refused
from gatepost.setting_types import read_dns_server
from gatepost.settings import Settings, SettingsWithSources
from tests.service import Service


def error_lines(raw: Mapping[str, str], root: Path = Path("/nonexistent")) -> list[str]:
    with pytest.raises(Refused) as refused:
        SettingsWithSources.read({f"GATEPOST_{name}": value for name, value in raw.items()}, root)
    return str(refused.value).splitlines()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PORT", "eighty", "should be a valid integer"),
        ("PORT", "0", "should be greater than or equal to 1"),
        ("PORT", "70000", "should be less than or equal to 65535"),
        ("SITE_URL", "www.site.example", "must be like https://www.example.com"),
        ("SITE_URL", "https://www.site.example/blog", "must be like https://www.example.com"),
        ("CAPTURE_URL", "ftp://x", "must be like https://www.example.com"),
        ("CAPTURE_URL", "https://", "must be like https://www.example.com"),
        ("TRUSTED_PROXIES", "-1", "should be greater than or equal to 0"),
        ("MAIL_DOMAIN_CHECK", "1", "should be 'on' or 'off'"),
        ("DNS_SERVER", "ns.example", "must be an IP address such as 192.0.2.53 or 192.0.2.53:5353"),
        ("DNS_SERVER", "192.0.2.53:0", "must be an IP address"),
        ("DNS_SERVER", "[2001:db8::53]:70000", "must be an IP address"),
        ("RATE_LIMIT", "often", 'must be like "10 per minute", or empty for no limit'),
        ("MIN_FILL_SECONDS", "soon", "should be a valid number"),
        ("MIN_FILL_SECONDS", "nan", "should be"),
        ("LINK_DAYS", "0", "should be greater than or equal to 1"),
        ("WORKERS", "2.5", "should be a valid integer"),
        ("WORKERS", "", "should be a valid integer"),
    ],
)
def test_an_error_names_setting_value_source_reason_and_default(
    name: str, value: str, reason: str
) -> None:
    (line,) = error_lines({name: value})
    default = Settings.model_fields[name.lower()].default
    assert line.startswith(f"GATEPOST_{name}={value!r} (environment): {reason}")
    assert line.endswith(f"; the default is {default!r}")


@pytest.mark.parametrize("name", ["SECRET_KEY", "DUPLICATE_KEY"])
def test_a_secret_that_is_too_short_is_refused_without_being_shown(name: str) -> None:
    (line,) = error_lines({name: "hunter2"})
    assert line.startswith(f"GATEPOST_{name} (environment): must have at least 16 characters")
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("PROT", "did you mean GATEPOST_PORT?"),
        ("DATABASE", "did you mean GATEPOST_DATABASE_URL?"),
        ("TRUSTED_PROXY", "did you mean GATEPOST_TRUSTED_PROXIES?"),
        ("COLOUR", "`gatepost settings` lists all"),
    ],
)
def test_an_unknown_setting_is_refused_with_the_most_similar_one(name: str, hint: str) -> None:
    assert error_lines({name: "1"}) == [f"GATEPOST_{name} (environment): no such setting; {hint}"]


def test_all_errors_are_reported_together_each_with_its_source(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GATEPOST_PORT=x\nGATEPOST_PROT=1\nOTHER=1\n")
    lines = error_lines({"WORKERS": "x"}, tmp_path)
    assert sorted(line.partition(":")[0] for line in lines) == [
        "GATEPOST_PORT='x' (.env)",
        "GATEPOST_PROT (.env)",
        "GATEPOST_WORKERS='x' (environment)",
    ]


def test_the_environment_overrides_the_env_file_which_overrides_the_default(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('GATEPOST_PORT=8001\nGATEPOST_RATE_LIMIT=""\n')
    result = SettingsWithSources.read({"GATEPOST_PORT": "8002"}, tmp_path)
    settings, sources = result.settings, result.sources
    assert (settings.port, sources["port"]) == (8002, "environment")
    assert (settings.rate_limit, sources["rate_limit"]) == ("", ".env")
    assert (settings.workers, sources["workers"]) == (2, "default")


def test_a_host_outside_ascii_is_encoded_as_in_the_header_origin(tmp_path: Path) -> None:
    environment = {"GATEPOST_SITE_URL": "https://Bücher.example:8443/"}
    settings = SettingsWithSources.read(environment, tmp_path).settings
    assert settings.site_url == "https://xn--bcher-kva.example:8443"


def test_an_env_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"GATEPOST_PORT=\xff\xfe\n")
    (line,) = error_lines({}, tmp_path)
    assert line.startswith(f"{tmp_path}/.env: cannot be read: ")


def test_variables_in_a_value_of_the_env_file_are_not_expanded(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GATEPOST_SECRET_KEY=0123456789${HOME}abcdef\n")
    assert SettingsWithSources.read({}, tmp_path).settings.secret_key == "0123456789${HOME}abcdef"


def test_the_settings_command_shows_each_source_and_hides_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GATEPOST_SECRET_KEY=a-secret-of-our-own\n")
    service = Service(tmp_path, var_dir="[/red]odd[bold] folder")
    table, rows = service.run("settings"), json.loads(service.run("settings", "--json").stdout)
    shown = {row["name"]: (row["value"], row["from"]) for row in rows}
    assert table.returncode == 0, table.stderr
    assert "a-secret" not in table.stdout + str(rows)
    assert shown["GATEPOST_SECRET_KEY"] == ("********", ".env")
    assert shown["GATEPOST_DUPLICATE_KEY"][1].endswith("duplicate_key, made on the first run")
    assert shown["GATEPOST_PORT"] == (str(service.port), "environment")
    assert set(shown) == {f"GATEPOST_{name.upper()}" for name in Settings.model_fields}
    assert "[/red]odd[bold] folder" in table.stdout


def test_a_wrong_setting_stops_every_command_in_one_line(tmp_path: Path) -> None:
    service = Service(tmp_path, prot="8000")
    for command in ("serve", "leads", "settings"):
        result = service.run(command)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.strip().endswith("did you mean GATEPOST_PORT?")
        assert result.stderr.count("\n") == 1


def test_the_releases_folder_sets_the_defaults_of_the_pushed_folders(tmp_path: Path) -> None:
    value = {"GATEPOST_RELEASES_DIR": "/srv/x", "GATEPOST_CLIENTS_DIR": "elsewhere"}
    result = SettingsWithSources.read(value, tmp_path)
    settings, sources = result.settings, result.sources
    assert settings.gated_dir == Path("/srv/x/current/content/gated")
    assert (settings.output_dir, settings.theme_dir) == (
        Path("/srv/x/current/output"),
        Path("theme"),
    )
    assert sources["output_dir"] == "GATEPOST_RELEASES_DIR"
    assert settings.clients_dir == Path("elsewhere")


def test_the_mail_server_is_a_secret_and_needs_a_sender(tmp_path: Path) -> None:
    url = "smtp://relay:hunter2@mail.example:587"
    sender = {"GATEPOST_MAIL_FROM": "leads@agency.example"}
    settings = SettingsWithSources.read({"GATEPOST_SMTP_URL": url, **sender}, tmp_path).settings
    assert (settings.smtp_url, settings.mail_from) == (url, "leads@agency.example")
    for environment, expected in (
        ({"GATEPOST_SMTP_URL": url}, "needs a valid GATEPOST_MAIL_FROM"),
        ({"GATEPOST_SMTP_URL": url + "/inbox?", **sender}, "must be like smtp://user:password@"),
        ({"GATEPOST_SMTP_URL": "smtp://relay:hunter2@", **sender}, "must be like smtp://"),
    ):
        with pytest.raises(Refused) as refused:
            SettingsWithSources.read(environment, tmp_path)
        assert expected in str(refused.value)
        assert "hunter2" not in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("address", ["leads", "leads@", "Ann <a@b.example>", "a@b.example\nBcc: c"])
def test_a_sender_that_is_no_address_is_refused_in_one_line(tmp_path: Path, address: str) -> None:
    with pytest.raises(Refused, match=r"^GATEPOST_MAIL_FROM=.*must be an address such as [^\n]*$"):
        SettingsWithSources.read({"GATEPOST_MAIL_FROM": address}, tmp_path)


def test_serve_sends_letters_unless_another_process_does(tmp_path: Path) -> None:
    assert SettingsWithSources.read({}, tmp_path).settings.dispatch == "inside"
    with pytest.raises(Refused, match=r"GATEPOST_DISPATCH='on'.*'inside' or 'off'"):
        SettingsWithSources.read({"GATEPOST_DISPATCH": "on"}, tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_a_dns_server_is_an_address_with_or_without_a_port(
    text: str, expected: tuple[str, int]
) -> None:
    assert read_dns_server(text) == expected
