"""The systemd units say what they must, and systemd understands them.

They cannot be started here: systemd is not what runs this machine.
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
MOST_EXPOSED = 1.0
"""Of 10, as `systemd-analyze security` counts; above it a service is not called safe."""
CONFINED = ["gatepost-build@.service", "gatepost-ledger@.service"]


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies, whose programs are there."""
    folder = tmp_path_factory.mktemp("units")
    for name in UNITS:
        text = re.sub(r"/opt/gatepost/\S+", "/bin/true", (DEPLOY / name).read_text())
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_systemd_understands_each_service(units: Path, name: str) -> None:
    command = [needs("systemd-analyze", "systemd"), "verify", "--man=no", f"./{name}"]
    ran = subprocess.run(command, cwd=units, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("name", CONFINED)
def test_what_answers_pushers_is_confined(units: Path, name: str) -> None:
    command = [
        needs("systemd-analyze", "systemd"), "security", "--offline=yes",
        f"--threshold={MOST_EXPOSED * 10:.0f}", f"./{name}",
    ]  # fmt: skip
    ran = subprocess.run(command, cwd=units, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_who_builds_reaches_neither_leads_nor_releases_nor_a_network() -> None:
    text = (DEPLOY / "gatepost-build@.service").read_text()
    for wanted in (
        "User=gatepost-build", "ProtectSystem=strict", "PrivateNetwork=yes", "PrivateTmp=yes",
        "MemoryMax=", "RuntimeMaxSec=",
    ):  # fmt: skip
        assert f"\n{wanted}" in text
    hidden = set(re.findall(r"-(/\S+)", "".join(re.findall(r"\nInaccessiblePaths=.*", text))))
    assert {"/var/lib/gatepost", "/srv/gatepost", "/etc/gatepost", "/var/lib/publisher"} <= hidden
    assert "ReadWritePaths" not in text


def test_the_socket_lets_the_publishing_group_alone_in() -> None:
    text = (DEPLOY / "gatepost-build.socket").read_text()
    assert "SocketGroup=publisher\nSocketMode=0660\nAccept=yes" in text
    path = re.search(r"ListenStream=(\S+)", text)
    assert path is not None
    assert f"GATEPOST_BUILD_SOCKET={path[1]}\n" in (DEPLOY / "settings.env").read_text()


def test_the_service_lives_longer_than_a_build_may_take() -> None:
    """A build that is too slow is ended by itself, which says why."""
    text = (DEPLOY / "gatepost-build@.service").read_text()
    longest = re.search(r"RuntimeMaxSec=(\d+)", text)
    assert longest is not None
    assert int(longest[1]) > Settings().build_seconds
