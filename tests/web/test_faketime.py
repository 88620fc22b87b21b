"""The clock is the system's: under faketime the complete product uses another time."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.faketime import faketime
from tests.service import GUIDE, Service, person

FIRST = "2026-11-01 12:00:00"


@pytest.fixture
def service(project: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service that is not started."""
    monkeypatch.setenv("TZ", "UTC")
    return Service(project, workers="1")


def test_a_lead_and_its_link_use_the_false_clock(service: Service) -> None:
    service.start(*faketime(FIRST))
    thanks = service.thanks(service.post(person()))
    link = re.search(r'href="(/d/[^"]+)"', thanks.text)
    assert link is not None
    assert service.get(link[1]).status == 200
    service.end()

    for moment, status in (("2026-11-08 11:00:00", 200), ("2026-11-09 12:00:00", 410)):
        service.start(*faketime(moment))
        assert service.get(link[1]).status == status
        service.end()
    with service.ledger() as ledger:
        (lead,) = ledger.read(lambda reading: list(reading.leads.select()))
    assert lead.received_at.isoformat().startswith("2026-11-01T12:0")
    assert lead.month == "2026-11"


def test_commands_use_the_false_clock_too(service: Service) -> None:
    service.start(*faketime(FIRST))
    service.thanks(service.post(person()))
    service.end()
    service.run("dispatch", "--once", wrapper=faketime(FIRST))  # the client is notified
    stages = {}
    for moment in (FIRST.replace(" 12", " 13"), "2026-11-03 13:00:00"):
        done = service.run("leads", GUIDE, wrapper=faketime(moment))
        stages[moment[:10]] = "accepted" if " accepted " in done.stdout else "qualified"
    assert stages == {"2026-11-01": "qualified", "2026-11-03": "accepted"}


def test_a_killed_faketime_with_the_same_process_id_leaves_nothing_in_the_way() -> None:
    leave_behind = 'touch /dev/shm/sem.faketime_sem_$$; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", leave_behind, "sh", *faketime(FIRST), "date", "+%F"],
        env=os.environ | {"TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("2026-11-01\n", "")
