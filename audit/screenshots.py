"""`make screenshots`: every page of the desk on a demonstration, as people see it.

Each page is photographed for each role at the width of a phone and of a desktop, light and dark. A
crawl from the first page finds the pages, so a new page needs no entry here. It also reports each
page that scrolls sideways, and each error of the browser's console.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from audit.crawl import find_pages

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "screenshots"
LEADS: Final = 2400
WIDTHS: Final = (390, 1280)
SCHEMES: Final = ("light", "dark")
PASSPHRASE: Final = "four easy words here"
CHROMIUM: Final = "/usr/bin/chromium"
OPTIONS: Final = ("--no-sandbox", "--disable-quic", "--disable-background-networking")


@dataclass
class Photographer:
    """Walks through the desk in the browser of one user."""

    role: str
    origin: str
    problems: list[str] = field(default_factory=list)

    def log_in(self, page: Page, link: str) -> None:
        """Chooses a passphrase behind the one-time link, and logs in with it."""
        page.goto(link)
        page.fill("#passphrase", PASSPHRASE)
        page.fill("#repeated", PASSPHRASE)
        page.click("main button")
        name = "Ada Lee" if self.role == "agency" else "Carol Diaz"
        page.fill("#name", name)
        page.fill("#passphrase", PASSPHRASE)
        page.click("main button")
        page.wait_for_load_state()

    def photograph(self, page: Page, address: str, name: str) -> None:
        """One picture of the complete page; reports a page that is wider than the screen."""
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        shown = page.evaluate("window.innerWidth")
        if width > shown:
            self.problems.append(f"{self.role} {address}: {width} px wide on {shown} px")
        page.screenshot(path=FOLDER / f"{name}.png", full_page=True)


@contextmanager
def demonstration(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A served demonstration: its origin, and the links for the agency's and the client's user."""
    command = [
        str(Path(sys.executable).with_name("gatepost")), "demo",
        f"--leads={LEADS}", f"--folder={folder / 'demo'}", "--serve",
    ]  # fmt: skip
    environment = {**os.environ, "GATEPOST_PORT": os.environ.get("GATEPOST_PORT", "8199")}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if line.startswith("Gatepost on "):
                break
        links = [line for line in lines if "/desk/passphrase/" in line]
        yield links[0].partition("/desk/")[0], links
    finally:
        process.terminate()
        process.wait(20)


def _photograph_role(browser: Browser, role: str, origin: str, link: str) -> list[str]:
    photographer = Photographer(role, origin)
    context = browser.new_context(
        viewport={"width": WIDTHS[-1], "height": 900}, timezone_id="America/New_York"
    )
    page = context.new_page()
    page.on("console", lambda message: _note(photographer, page, message.type, message.text))
    photographer.log_in(page, link)
    pages = find_pages(page, f"{origin}/desk/")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for kind, address in pages.items():
                name = f"{role}-{kind.replace('/', '-')}-{width}-{scheme}"
                photographer.photograph(page, address, name)
    context.close()
    print(f"{role}: {len(pages)} pages")
    return photographer.problems


def _note(photographer: Photographer, page: Page, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        photographer.problems.append(f"{photographer.role} {page.url}: {text}")


def main() -> int:
    """Takes all pictures. Exit code 1 if a page is too wide or has an error."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    problems = []
    with (
        tempfile.TemporaryDirectory() as folder,
        demonstration(Path(folder)) as (origin, links),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
        for role, link in zip(("agency", "client"), links, strict=True):
            problems += _photograph_role(browser, role, origin, link)
        browser.close()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")
    print("\n".join(problems) or "No page is too wide, and none has an error.")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
