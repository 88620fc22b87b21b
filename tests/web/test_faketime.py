"""The clock is the system's: under faketime the complete product uses another time."""

import re
from pathlib import Path

import pytest

from tests.needs import needs
from tests.service import GUIDE, Service, person

FIRST = "2026-11-01 12:00:00"


def at(moment: str) -> list[str]:
    """The command prefix that makes a program start at that time (UTC)."""
    return [needs("faketime"), "-f", f"@{moment}"]


@pytest.fixture
def service(project: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service that is not started."""
    monkeypatch.setenv("TZ", "UTC")
    return Service(project, workers="1")


def test_a_lead_and_its_link_use_the_false_clock(service: Service) -> None:
    service.start(*at(FIRST))
    thanks = service.thanks(service.post(person()))
    link = re.search(r'href="(/d/[^"]+)"', thanks.text)
    assert link is not None
    assert service.get(link[1]).status == 200
    service.end()

    for moment, status in (("2026-11-08 11:00:00", 200), ("2026-11-09 12:00:00", 410)):
        service.start(*at(moment))
        assert service.get(link[1]).status == status
        service.end()
    with service.ledger() as ledger:
        (lead,) = ledger.read(lambda reading: list(reading.leads.select()))
    assert lead.received_at.isoformat().startswith("2026-11-01T12:0")
    assert lead.month == "2026-11"


def test_commands_use_the_false_clock_too(service: Service) -> None:
    service.start(*at(FIRST))
    service.thanks(service.post(person()))
    service.end()
    stages = {}
    for moment in (FIRST.replace(" 12", " 13"), "2026-11-03 13:00:00"):
        done = service.run("leads", GUIDE, wrapper=at(moment))
        stages[moment[:10]] = "accepted" if " accepted " in done.stdout else "qualified"
    assert stages == {"2026-11-01": "qualified", "2026-11-03": "accepted"}
