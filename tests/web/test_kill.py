"""Nothing acknowledged is lost: the service is killed in the middle, again and again."""

import http.client
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.needs import needs
from tests.service import Answer, Service, person

pytestmark = [pytest.mark.alone, pytest.mark.server]

KILLS = 20
CLIENTS = 4


class Client(threading.Thread):
    """Posts form after form; one that was not answered it sends again, with the same id."""

    def __init__(self, service: Service, name: str) -> None:
        super().__init__(name=name)
        self.service = service
        self.thanked: list[dict[str, str]] = []
        self.tries = 0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            number = len(self.thanked)
            form = person(
                gp_id=f"filling-{self.name}-{number}", email=f"ann@{self.name}{number}.example"
            )
            while self.send(form) is None:
                time.sleep(0.02)
            self.thanked.append(form)

    def send(self, form: dict[str, str]) -> Answer | None:
        self.tries += 1
        try:
            answer = self.service.post(form)
        except (OSError, http.client.HTTPException):  # killed before it could answer
            return None
        assert answer.status == 303, answer.text
        return answer


def test_twenty_kills_cost_no_lead_that_was_thanked_and_make_none_twice(project: Path) -> None:
    service = Service(project).start()
    clients = [Client(service, f"c{number}") for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for _ in range(KILLS):
        time.sleep(random.uniform(0.05, 0.4))
        service.end(signal.SIGKILL)
        service.start()
    for client in clients:
        client.done.set()
        client.join()
    verified = service.run("verify")
    found = leads(service)
    service.end()

    thanked = [form["email"] for client in clients for form in client.thanked]
    assert found == Counter(thanked)
    assert sum(client.tries for client in clients) > len(thanked) > 2 * KILLS
    assert (verified.returncode, "all is well" in verified.stdout) == (0, True), verified


def leads(service: Service) -> Counter[str]:
    """How many whole leads of each address there are: judged, with their data and message."""
    with service.ledger() as ledger:
        return ledger.read(
            lambda reading: Counter(
                str(dossier.answers["email"])
                for lead in reading.leads.select()
                if lead.review == "qualified"
                and (dossier := reading.people.dossier(lead.lead_id))
                and lead.lead_id in {message.lead_id for message in reading.outbox.waiting()}
            )
        )


def test_the_log_is_synced_to_the_disk_before_a_visitor_is_thanked(
    project: Path, tmp_path: Path
) -> None:
    """A kill alone would pass with syncing off, since the kernel still holds what was written."""
    trace = tmp_path / "trace"
    calls = "trace=recvfrom,pwrite64,fsync,fdatasync,sendto"
    strace = [needs("strace"), "-f", "-y", "-s", "40", "-e", calls, "-o", str(trace)]
    service = Service(project, workers="1")
    service.start(*strace)
    answers = [service.post(person()) for _ in range(3)]
    service.end()
    assert [answer.status for answer in answers] == [303] * 3
    assert [order(steps) for steps in posts(trace)] == ["received, written, synced, thanked"] * 3


def posts(trace: Path) -> list[list[str]]:
    """The system calls of each post, from its receipt to its answer."""
    found: list[list[str]] = []
    for line in trace.read_text().splitlines():
        if "recvfrom" in line and '"POST /f/' in line:  # "recvfrom(" or "recvfrom resumed>"
            found.append([])
        if found and not any('"HTTP/1.1 303' in step for step in found[-1]):
            found[-1].append(line)
    return found


def order(steps: list[str]) -> str:
    """What was done to the log of the ledger around the answer, each at its last time."""
    signs = {
        "received": ("recvfrom", "POST /f/"),
        "written": ("pwrite64(", "gatepost.db-wal>"),
        "synced": ("sync(", "gatepost.db-wal>"),
        "thanked": ("sendto(", "HTTP/1.1 303"),
    }
    last = {
        name: max((n for n, step in enumerate(steps) if all(s in step for s in sign)), default=-1)
        for name, sign in signs.items()
    }
    return ", ".join(sorted((name for name in last if last[name] >= 0), key=last.__getitem__))
