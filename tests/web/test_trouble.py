"""A full disk or a locked database: no input is lost, and no lead is stored in part."""

import http.client
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.needs import needs, skip_or_fail
from tests.service import GUIDE, Answer, Service, person
from tests.web.markup import Markup

pytestmark = pytest.mark.server


def assert_send_again(answer: Answer, form: dict[str, str]) -> None:
    """Asserts a 503 with all input and a time to try again."""
    page = Markup(answer.text)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert "We could not save your answers just now. They are still here" in page.alert
    assert {name: page.values[name] for name in form} == form


def test_a_locked_database_loses_no_input(service: Service) -> None:
    forms = [person() for _ in range(8)]
    with sqlite3.connect(service.folder / "var" / "gatepost.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(service.post, forms))
    other.close()
    for answer, form in zip(answers, forms, strict=True):
        assert_send_again(answer, form)
    assert f"/f/{GUIDE}: lead refused: var/gatepost.db: another pro" in service.log.read_text()
    assert [service.post(form).status for form in forms] == [303] * 8
    assert service.get("/healthz").status == 200


class SmallDisk:
    """A separate disk for `var/`, mounted only for the service and removed with it."""

    def __init__(self, service: Service) -> None:
        assert service.process is not None
        self.var = Path(f"/proc/{service.process.pid}/root{service.folder}/var")

    def fill(self) -> None:
        with (self.var / "filler").open("wb", buffering=0) as filler:
            while True:
                try:
                    filler.write(bytes(1024))
                except OSError:
                    return

    def free(self) -> None:
        (self.var / "filler").unlink()


@pytest.fixture
def cramped(project: Path) -> Iterator[Service]:
    """A service with its `var/` on a disk of 1 MiB."""
    (project / "var").mkdir()
    mount = 'mount -t tmpfs -o size=1m,mode=700 none "$0" && exec "$@"'
    inside = [needs("unshare", "util-linux"), "--mount", "--map-root-user"]
    if os.geteuid() == 0:
        inside.remove("--map-root-user")
    service = Service(project, workers="2")
    before = [*inside, "sh", "-c", mount, str(project / "var")]
    try:
        service.start(*before)
    except RuntimeError as error:
        skip_or_fail(f"no disk can be mounted here: {error}")
    yield service
    service.end()


def test_a_full_disk_loses_no_input(cramped: Service) -> None:
    disk, used, refused = SmallDisk(cramped), [person()], []
    assert cramped.post(used[0]).status == 303
    disk.fill()
    while len(refused) < 3:  # what room the log had left may take one or two more
        form = person(full_name="Ann <Lee>")
        answer = cramped.post(form)
        if answer.status == 303:
            used.append(form)
            continue
        assert_send_again(answer, form)
        refused.append(form)
    assert "the disk is full; nothing was written" in cramped.log.read_text()
    assert cramped.get(f"/f/{GUIDE}").status == 200

    disk.free()
    assert [cramped.post(form).status for form in refused] == [303] * 3
    shutil.copytree(disk.var, cramped.folder / "kept", ignore=shutil.ignore_patterns("*.lock"))
    cramped.end()
    (cramped.folder / "var").rmdir()
    (cramped.folder / "kept").rename(cramped.folder / "var")
    assert cramped.run("verify").returncode == 0
    expected = {form["email"]: "qualified" for form in [*used, *refused]}
    assert cramped.stages() == expected


def test_a_visitor_who_leaves_before_the_answer_leaves_a_complete_lead(service: Service) -> None:
    form = person(gp_id="left-before-the-answer")
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    body = "&".join(f"{name}={value}" for name, value in form.items()).replace(" ", "+")
    connection.request(
        "POST", f"/f/{GUIDE}", body, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    connection.close()
    assert service.post(form).status == 303
    assert service.stages()[form["email"]] == "qualified"


def test_a_service_that_stops_answers_its_open_requests(project: Path) -> None:
    service = Service(project).start()
    forms = [person() for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        posted = [pool.submit(service.post, form) for form in forms]
        time.sleep(0.02)
        service.end(signal.SIGTERM)
        answered = [f.result().status for f in posted if f.exception() is None]
    assert set(answered) <= {303}
    stages = service.stages()
    assert len(answered) <= len(stages) <= 12
    assert set(stages.values()) <= {"qualified"}
