"""Checks of a page in a browser: axe, the keyboard, the width of a small phone.

Each check adds what it finds to `Findings`, so that a page is loaded once for all of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, Page

SMALL_PHONE: Final = 360
"""The width of the narrowest screen, in pixels."""

NATIVE = (
    "a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), "
    "select:not([disabled]), textarea:not([disabled]), summary"
)
FOCUSABLE = f"{NATIVE}, [tabindex='0']"
OPERABLE = f"{NATIVE}, [tabindex='0']:is([role=region], [role=group])"
"""Elements that browsers let people operate by Enter, Space or the arrow keys without a script."""
WATCH_FOCUS = """([focusable, operable]) => {
    const all = [...document.querySelectorAll("body *")];
    window.focused = [];
    addEventListener("focusin", ({ target }) => {
        const outline = getComputedStyle(target).outlineStyle !== "none";
        const what = `${target.tagName} ${target.type || ""}`.trim();
        const link = target.matches("a.skip") ? target.hash : "";
        window.focused.push([all.indexOf(target), outline, target.matches(operable), what, link]);
    });
    const controls = [...document.querySelectorAll(focusable)].filter(
        (one) => one.checkVisibility({ visibilityProperty: true }) && one.tabIndex >= 0,
    );
    const segmented = document.querySelectorAll("input[type=date], input[type=month]");
    return [controls.length, segmented.length];
}"""
"""Counts the visible controls, and the inputs with segments, in which Tab stops several times.

From then on it notes each element that gets the focus: its place, whether it has an outline,
whether keys operate it, what it is, and of the skip link where it leads."""
STOP_AT_SKIP_LINK = """() => {
    const focused = window.focused.slice();
    document.querySelector("a.skip")?.focus();
    return focused;
}"""
"""Returns the notes, then moves the focus to the link that skips to the text."""
RUN_AXE = "options => axe.run(document, options)"
TAB: Final = {"type": "rawKeyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
"""The Tab key goes down, as the browser's own protocol says it: what moves the focus. To press and
release it takes the test and the browser twice as long."""
SEGMENTED = {"INPUT date", "INPUT month"}
"""Inputs whose focused part, such as the day, is highlighted instead of the complete input."""


@contextmanager
def checked_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page for `Findings.check_page`, in a context with these options.

    Nothing moves in it: colours that are about to change have no contrast.
    """
    with browser.new_context(reduced_motion="reduce", **options) as context:
        context.add_init_script(AXE_SCRIPT)  # the browser keeps the half megabyte for all pages
        yield context.new_page()


@dataclass
class Findings:
    """What a walk through pages found, each with the page."""

    pages: int = 0
    violations: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    by_keyboard: list[str] = field(default_factory=list)

    def check_page(self, page: Page, kind: str, *, has_dark: bool = True) -> None:
        """Checks the page that is open in a `checked_page`.

        `has_dark` is whether dark colours are checked too.
        """
        self.pages += 1
        self.by_keyboard += [f"{kind}: {text}" for text in keyboard_problems(page)]
        self._run_axe(page, kind, has_dark=has_dark)
        size = page.viewport_size
        page.set_viewport_size({"width": SMALL_PHONE, "height": 780})
        if page.evaluate("document.documentElement.scrollWidth") > SMALL_PHONE:
            self.too_wide.append(kind)
        if size is not None:
            page.set_viewport_size(size)

    def _run_axe(self, page: Page, kind: str, *, has_dark: bool) -> None:
        """All rules in light. In dark only the colours differ."""
        schemes: list[tuple[Literal["light", "dark"], dict[str, object]]] = [
            ("light", {}),
            ("dark", {"runOnly": ["color-contrast"]}),
        ]
        for scheme, options in schemes if has_dark else schemes[:1]:
            page.emulate_media(color_scheme=scheme)
            results = AxeResults(page.evaluate(RUN_AXE, {"resultTypes": ["violations"], **options}))
            if results.violations_count:
                self.violations.append(f"{kind}, {scheme}: {results.generate_report()}")


def keyboard_problems(page: Page) -> list[str]:
    """What somebody cannot do on the page without a mouse.

    Tab must reach every control, so none holds the focus, and show where it is. Only elements that
    every browser operates by keys may get the focus. A link skips to the text.
    """
    # Without locators, for which a page needs a large script of its own.
    controls, segments = page.evaluate(WATCH_FOCUS, [FOCUSABLE, OPERABLE])
    keyboard = page.context.new_cdp_session(page)
    for _ in range(controls + 4 * segments + 5):  # a date has stops for day, month and calendar
        keyboard.send("Input.dispatchKeyEvent", TAB)
    keyboard.detach()
    focused = page.evaluate(STOP_AT_SKIP_LINK)
    problems = [
        f"no outline: {what}"
        for _, outline, _, what, _ in focused
        if not outline and what not in SEGMENTED
    ]
    problems += [
        f"no key operates it: {what}" for _, _, operable, what, _ in focused if not operable
    ]
    reached = {place for place, *_ in focused}
    if len(reached) < controls:
        problems.append(f"Tab reaches {len(reached)} of {controls} controls")
    skip_links = [link for *_, link in focused if link]
    if not skip_links:
        problems.append("no link skips to the text")
        return problems
    page.keyboard.press("Enter")
    if not page.evaluate("document.activeElement.matches('main')"):
        problems.append("the link that skips to the text does not lead there")
    return problems
