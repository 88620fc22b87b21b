"""Checks of a page in a browser: axe, the keyboard, the width of a small phone.

Each check adds what it finds to `Findings`, so that a page is loaded once for all of them.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

SMALL_PHONE: Final = 360
"""The width of the narrowest screen, in pixels."""

NATIVE = (
    "a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), "
    "select:not([disabled]), textarea:not([disabled]), summary"
)
FOCUSABLE = f"{NATIVE}, [tabindex='0']"
OPERABLE = f"{NATIVE}, [tabindex='0']:is([role=region], [role=group])"
"""Elements that browsers let people operate by Enter, Space or the arrow keys without a script."""
VISIBLE = (
    "found => found.filter(one => one.checkVisibility({visibilityProperty: true})"
    " && one.tabIndex >= 0).length"
)

WATCH_FOCUS = """operable => {
    const all = [...document.querySelectorAll("body *")];
    window.focused = [];
    addEventListener("focusin", ({ target }) => {
        const outline = getComputedStyle(target).outlineStyle !== "none";
        const what = `${target.tagName} ${target.type || ""}`.trim();
        const link = target.matches("a.skip") ? target.hash : "";
        window.focused.push([all.indexOf(target), outline, target.matches(operable), what, link]);
    });
}"""
"""Notes of each element that gets the focus: its place, whether it has an outline, whether keys
operate it, what it is, and of the skip link where it leads."""
RUN_AXE = "options => axe.run(document, options)"
SEGMENTED = {"INPUT date", "INPUT month"}
"""Inputs whose focused part, such as the day, is highlighted instead of the complete input."""


@dataclass
class Findings:
    """What a walk through pages found, each with the page."""

    pages: int = 0
    violations: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    by_keyboard: list[str] = field(default_factory=list)

    def check_page(self, page: Page, kind: str, *, has_dark: bool = True) -> None:
        """Checks the page that is open. `has_dark` is whether dark colours are checked too."""
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
        page.evaluate(AXE_SCRIPT)  # once: the browser compiles it again each time
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
    controls = page.eval_on_selector_all(FOCUSABLE, VISIBLE)
    page.evaluate(WATCH_FOCUS, OPERABLE)
    segments = page.locator("input[type=date], input[type=month]").count()
    for _ in range(controls + 4 * segments + 5):  # a date has stops for day, month and calendar
        page.keyboard.press("Tab")
    focused = page.evaluate("window.focused")
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
    page.locator("a.skip").focus()
    page.keyboard.press("Enter")
    if not page.evaluate("document.activeElement.matches('main')"):
        problems.append("the link that skips to the text does not lead there")
    return problems
