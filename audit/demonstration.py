"""The desk on a demonstration, for everything that looks at each of its pages in a browser."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, Playwright

ROOT: Final = Path(__file__).parents[1]
LEADS: Final = 5000
DEMO: Final = "demo"
"""The demonstration's folder, in the folder of `demonstration`."""
PASSPHRASE: Final = "four easy words here"
CHROMIUM: Final = "/usr/bin/chromium"
OPTIONS: Final = ("--no-sandbox", "--disable-quic", "--disable-background-networking")


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A user of the demonstration, with the one-time link to choose a passphrase."""

    role: str
    name: str
    link: str

    def log_in(self, page: Page) -> None:
        """Chooses a passphrase behind the link, and logs in with it."""
        page.goto(self.link)
        page.fill("#passphrase", PASSPHRASE)
        page.fill("#repeated", PASSPHRASE)
        page.click("main button")
        page.fill("#name", self.name)
        page.fill("#passphrase", PASSPHRASE)
        page.click("main button")
        page.wait_for_load_state()


@contextmanager
def demonstration(folder: Path, project: Path = ROOT) -> Iterator[tuple[str, list[DemoUser]]]:
    """A served demonstration: its origin, and a user of the agency and one of a client.

    `project` must have been built.
    """
    command = [
        str(Path(sys.executable).with_name("gatepost")), "demo",
        f"--leads={LEADS}", f"--folder={folder / DEMO}", "--serve",
    ]  # fmt: skip
    environment = {**os.environ, "GATEPOST_PORT": os.environ.get("GATEPOST_PORT", "8199")}
    process = subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if line.startswith("Gatepost on "):
                break
        else:
            raise SystemExit("the demonstration did not start")
        links = [line for line in lines if "/desk/passphrase/" in line]
        users = (("agency", "Ada Lee"), ("client", "Carol Diaz"))
        yield (
            links[0].partition("/desk/")[0],
            [DemoUser(*user, link) for user, link in zip(users, links, strict=True)],
        )
    finally:
        process.terminate()
        process.wait(20)


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium, without a window."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
