"""Nothing acknowledged is lost when the service is killed, again and again."""

import http.client
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.long import rounds
from tests.needs import needs
from tests.service import Answer, Service, person
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.server

KILLS = rounds(5, 400)
CLIENTS = 4


class Crowd:
    """Counts what happens to the requests of all clients; a thread can wait for more."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.done = threading.Event()
        self._changed = threading.Condition()

    def happened(self, what: str) -> None:
        with self._changed:
            self.counts[what] += 1
            self._changed.notify_all()

    def wait_for(self, what: str, more: int) -> None:
        """Waits until it has happened `more` times more than now."""
        with self._changed:
            wanted = self.counts[what] + more
            came = self._changed.wait_for(lambda: self.counts[what] >= wanted, HANG_SECONDS)
        assert came, (what, self.counts)


class Client(threading.Thread):
    """Posts one form after the other. It sends an unanswered form again, with the same id."""

    def __init__(self, service: Service, crowd: Crowd, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.service = service
        self.crowd = crowd
        self.thanked: list[dict[str, str]] = []
        self.refused: list[Answer] = []

    def run(self) -> None:
        while not self.crowd.done.is_set():
            number = len(self.thanked)
            form = person(
                gp_id=f"filling-{self.name}-{number}", email=f"ann@{self.name}{number}.example"
            )
            while not self.send(form):
                if self.refused:
                    return
            self.thanked.append(form)
            self.crowd.happened("thanked")

    def send(self, form: dict[str, str]) -> bool:
        self.crowd.happened("sent")
        try:
            answer = self.service.post(form)
        except ConnectionRefusedError:  # killed, and not started again yet
            time.sleep(0.02)
            return False
        except (OSError, http.client.HTTPException):  # killed before it could answer
            self.crowd.happened("cut off")
            return False
        if answer.status != 303:
            self.refused.append(answer)
        return answer.status == 303


@pytest.mark.long
def test_kills_lose_no_acknowledged_lead_and_duplicate_none(project: Path) -> None:
    """Each kill happens while the service works and a client is sending."""
    service, crowd = Service(project).start(), Crowd()
    clients = [Client(service, crowd, f"c{number}") for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for _ in range(KILLS):
        crowd.wait_for("thanked", random.randint(1, 8))
        crowd.wait_for("sent", 1)
        service.end(signal.SIGKILL)
        service.start()
    crowd.done.set()
    for client in clients:
        client.join(HANG_SECONDS)
        assert not client.is_alive()
    verified = service.run("verify")
    recorded = leads(service)
    service.end()

    assert [answer.text for client in clients for answer in client.refused] == []
    thanked = [form["email"] for client in clients for form in client.thanked]
    assert recorded == Counter(thanked)
    assert crowd.counts["cut off"] >= KILLS // 2
    assert len(thanked) >= KILLS
    assert (verified.returncode, "all is well" in verified.stdout) == (0, True), verified


def leads(service: Service) -> Counter[str]:
    """The number of complete leads of each address: with verdict and personal data."""
    with service.ledger() as ledger:
        return ledger.read(
            lambda reading: Counter(
                str(personal_data.answers["email"])
                for lead in reading.leads.select()
                if lead.review == "qualified"
                and (personal_data := reading.people.personal_data(lead.lead_id))
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
    posts_of_trace: list[list[str]] = []
    for line in trace.read_text().splitlines():
        if "recvfrom" in line and '"POST /f/' in line:  # "recvfrom(" or "recvfrom resumed>"
            posts_of_trace.append([])
        if posts_of_trace and not any('"HTTP/1.1 303' in step for step in posts_of_trace[-1]):
            posts_of_trace[-1].append(line)
    return posts_of_trace


def order(steps: list[str]) -> str:
    """The order of the system calls on the ledger's log around the answer."""
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
