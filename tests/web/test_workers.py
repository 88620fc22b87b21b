"""A worker that dies is replaced, even if files are broken by then."""

import os
import signal
from pathlib import Path

import pytest

from tests.service import GUIDE, Service, person, serving
from tests.waiting import wait_until

pytestmark = pytest.mark.server


def workers(service: Service) -> set[int]:
    assert service.process is not None
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    return {int(pid) for pid in children.read_text().split()}


def test_a_worker_that_dies_is_replaced_though_a_campaign_file_is_broken(project: Path) -> None:
    with serving(project) as service:
        (project / "campaigns" / f"{GUIDE}.toml").write_text("broken = [")
        (project / "output" / "site.json").unlink()
        before = workers(service)
        for worker in before:
            os.kill(worker, signal.SIGKILL)
        wait_until(lambda: len(workers(service) - before) >= 2)
        assert {service.get(f"/f/{GUIDE}").status for _ in range(8)} == {200}
        assert service.post(person()).status == 303
