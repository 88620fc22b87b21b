"""The systemd units are valid and confine their services.

The tests do not start them: the machine may run without systemd.
"""

import re
import subprocess
from pathlib import Path

import pytest

from gatepost.settings import Settings
from tests.needs import needs
from tests.service import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in DEPLOY.iterdir() if path.suffix in {".service", ".socket"})
MAX_EXPOSURE = 1.0
"""Maximum exposure of a confined service, of 10, by `systemd-analyze security`."""
CONFINED = ["gatepost-build@.service", "gatepost-ledger@.service"]


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of the units, whose programs exist on this machine."""
    folder = tmp_path_factory.mktemp("units")
    for name in UNITS:
        text = re.sub(r"/opt/gatepost/\S+", "/bin/true", (DEPLOY / name).read_text())
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_systemd_understands_each_service(units: Path, name: str) -> None:
    command = [needs("systemd-analyze", "systemd"), "verify", "--man=no", f"./{name}"]
    result = subprocess.run(command, cwd=units, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", CONFINED)
def test_a_service_that_answers_pushes_is_confined(units: Path, name: str) -> None:
    command = [
        needs("systemd-analyze", "systemd"), "security", "--offline=yes",
        f"--threshold={MAX_EXPOSURE * 10:.0f}", f"./{name}",
    ]  # fmt: skip
    result = subprocess.run(command, cwd=units, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_build_service_reaches_neither_leads_nor_releases_nor_a_network() -> None:
    text = (DEPLOY / "gatepost-build@.service").read_text()
    for line in (
        "User=gatepost-build", "ProtectSystem=strict", "PrivateNetwork=yes", "PrivateTmp=yes",
        "MemoryMax=", "RuntimeMaxSec=",
    ):  # fmt: skip
        assert f"\n{line}" in text
    hidden = set(re.findall(r"-(/\S+)", "".join(re.findall(r"\nInaccessiblePaths=.*", text))))
    assert {"/var/lib/gatepost", "/srv/gatepost", "/etc/gatepost", "/var/lib/publisher"} <= hidden
    assert "ReadWritePaths" not in text


def test_only_the_publishing_group_may_connect_to_the_build_socket() -> None:
    text = (DEPLOY / "gatepost-build.socket").read_text()
    assert "SocketGroup=publisher\nSocketMode=0660\nAccept=yes" in text
    path = re.search(r"ListenStream=(\S+)", text)
    assert path is not None
    assert f"GATEPOST_BUILD_SOCKET={path[1]}\n" in (DEPLOY / "settings.env").read_text()


def test_the_build_service_may_run_longer_than_a_build() -> None:
    """A build that is too slow stops itself, and then the writer sees why."""
    text = (DEPLOY / "gatepost-build@.service").read_text()
    max_seconds = re.search(r"RuntimeMaxSec=(\d+)", text)
    assert max_seconds is not None
    assert int(max_seconds[1]) > Settings().build_seconds


def test_dispatcher_and_desk_are_confined_like_the_service() -> None:
    """The dispatcher reaches the network, since mail servers and webhooks are elsewhere. The desk's
    long work may also lower its own priority."""
    service, dispatcher, desk = (
        (DEPLOY / name).read_text().partition("UMask=")[2]
        for name in ("gatepost.service", "gatepost-dispatch.service", "gatepost-desk.service")
    )
    assert "ProtectSystem=strict" in dispatcher
    lowers = "# Long work lowers its own priority.\nSystemCallFilter=setpriority\n"
    assert lowers in desk
    assert service == dispatcher == desk.replace(lowers, "")
    assert "GATEPOST_DISPATCH=off\n" in (DEPLOY / "settings.env").read_text()
