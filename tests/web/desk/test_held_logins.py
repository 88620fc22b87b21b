"""A flood of logins with the real server: other pages answer, and the queue of hashes is short."""

import http.cookies
import re
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from urllib.parse import urlencode

import pytest

from gatepost.server.hash_thread import MOST_WAITING
from tests.service import ROOT, Answer, Service, make_project, new_address
from tests.waiting import HANG_SECONDS, wait_until

pytestmark = pytest.mark.server


class Desk(Service):
    """`gatepost serve --desk` with one worker, whose hashes wait for a file."""

    command = ("serve", "--desk")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, desk_url="", workers="1")
        self.settings["desk_port"] = str(self.port)

    def environment(self) -> dict[str, str]:
        return super().environment() | {"PYTHONPATH": str(ROOT)}

    def log_in(self, name: str) -> Answer:
        """Sends the form from an address of its own."""
        page = self.get("/desk/login")
        token = re.findall('name="csrf_token" value="([^"]+)"', page.text)[0]
        cookie = http.cookies.SimpleCookie(page.headers["Set-Cookie"])
        form = {"csrf_token": token, "name": name, "passphrase": "four easy words here"}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{key}={morsel.value}" for key, morsel in cookie.items()),
            "X-Forwarded-For": new_address(),
        }
        return self.ask("POST", "/desk/login", urlencode(form), headers)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    server = Desk(make_project(tmp_path / "project"))
    try:
        yield server.start(sys.executable, "-m", "tests.held_hashes", str(tmp_path))
    finally:
        (tmp_path / "go").touch()
        server.end()


def test_pages_answer_while_hashes_wait_and_more_than_a_few_are_refused(
    desk: Desk, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    with ThreadPoolExecutor(MOST_WAITING + 1) as browsers:
        logins = [browsers.submit(desk.log_in, f"user {n}") for n in range(MOST_WAITING + 1)]
        wait_until(started.exists)
        assert desk.get("/desk/forgot").status == 200  # one hash is being computed
        done, waiting = wait(logins, HANG_SECONDS, FIRST_COMPLETED)
        (refused,) = [login.result() for login in done]
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "5"
        assert "Many people log in at this moment. Try again in a few seconds." in refused.text
        assert desk.get("/desk/forgot").status == 200  # all others wait
        assert started.read_bytes() == b"x"
        (tmp_path / "go").touch()
        assert {login.result().status for login in waiting} == {422}
        assert len(waiting) == MOST_WAITING
