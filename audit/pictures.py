"""`make pictures`: three pages of the demonstration's desk, for the README and docs/.

A review on a phone, and the overview and a statement at a desktop. The files are small because they
have few colours.
"""

import io
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from audit.demonstration import ROOT, DemoUser, demonstration, launch

FOLDER: Final = ROOT / "docs" / "pictures"
PHONE: Final = {"width": 390, "height": 1090}
DESKTOP: Final = {"width": 1280, "height": 960}
_COLOURS: Final = 64


def _take(page: Page, name: str) -> None:
    picture = Image.open(io.BytesIO(page.screenshot()))
    path = FOLDER / f"{name}.png"
    picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")


def _page(browser: Browser, user: DemoUser) -> Page:
    page = browser.new_context(
        viewport=DESKTOP,  # type: ignore[arg-type]
        color_scheme="light",
        timezone_id="America/New_York",
    ).new_page()
    user.log_in(page)
    return page


def _take_agency(page: Page, origin: str) -> None:
    page.goto(f"{origin}/desk/")
    for _ in range(2):  # to a month of which all is billed
        page.get_by_role("link", name="Earlier").click()
    _take(page, "overview")


def _take_client(page: Page, origin: str) -> None:
    page.goto(f"{origin}/desk/statements")
    invoices = page.get_by_role("row").filter(has_text="Invoice").filter(has_text="Settled")
    invoices.nth(1).get_by_role("rowheader").get_by_role("link").click()
    _take(page, "statement")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(f"{origin}/desk/review")
    page.evaluate("scrollTo(0, 0)")  # the page goes to the first lead
    _take(page, "review")


def main() -> int:
    """Takes the pictures; replaces those of an earlier run."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        demonstration(Path(folder)) as (origin, users),
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        for user in users:
            take = _take_agency if user.role == "agency" else _take_client
            take(_page(browser, user), origin)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
