"""`make screenshots`: every page of the desk on a demonstration, as people see it.

Each page is photographed for each role at the width of a phone and of a desktop, light and dark. A
crawl from the first page finds the pages, so a new page needs no entry here. It also reports each
page that scrolls sideways, and each error of the browser's console.
"""

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from audit.crawl import find_pages
from audit.demonstration import ROOT, DemoUser, demonstration, launch

FOLDER: Final = ROOT / "screenshots"
WIDTHS: Final = (390, 1280)
SCHEMES: Final = ("light", "dark")


@dataclass
class Photographer:
    """Walks through the desk in the browser of one user."""

    role: str
    problems: list[str] = field(default_factory=list)

    def photograph(self, page: Page, address: str, name: str) -> None:
        """One picture of the complete page; reports a page that is wider than the screen."""
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        shown = page.evaluate("window.innerWidth")
        if width > shown:
            self.problems.append(f"{self.role} {address}: {width} px wide on {shown} px")
        page.screenshot(path=FOLDER / f"{name}.png", full_page=True)


def _photograph_pages(browser: Browser, user: DemoUser, origin: str) -> list[str]:
    photographer = Photographer(user.role)
    context = browser.new_context(
        viewport={"width": WIDTHS[-1], "height": 900}, timezone_id="America/New_York"
    )
    page = context.new_page()
    page.on("console", lambda message: _note(photographer, page, message.type, message.text))
    user.log_in(page)
    pages = find_pages(page, f"{origin}/desk/")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for kind, address in pages.items():
                name = f"{user.role}-{kind.replace('/', '-')}-{width}-{scheme}"
                photographer.photograph(page, address, name)
    context.close()
    print(f"{user.role}: {len(pages)} pages")
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
        demonstration(Path(folder)) as (origin, users),
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        for user in users:
            problems += _photograph_pages(browser, user, origin)
        browser.close()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")
    print("\n".join(problems) or "No page is too wide, and none has an error.")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
