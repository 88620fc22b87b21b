"""Complete pages in a real browser: they fit the narrowest screen, and nothing on them moves."""

import mimetypes
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from tests.publish.test_html_head import ORIGIN, build, post

LONG = "W" * 60
COLUMNS = range(30)
TABLE = "|".join(f"Column {n}" for n in COLUMNS) + "\n" + "|".join("---" for _ in COLUMNS)
TABLE += "\n" + "|".join(f"value {n}" for n in COLUMNS)
HTML_TABLE = f"<table><tr>{''.join(f'<td>value {n}</td>' for n in COLUMNS)}</tr></table>"
TEXTS = {
    "words": f"{LONG * 4} and `{LONG * 4}`\n\n## {LONG}\n\n## b\n\n## c\n\n- [ ] {LONG}",
    "table": f"{TABLE}\n\n{HTML_TABLE}\n\n> {LONG}\n\n| a | b |\n|---|---|\n| `{LONG}` | b |",
    "html": (
        f"<div>{HTML_TABLE}</div>\n\n<fieldset><legend>{LONG}</legend>{HTML_TABLE}</fieldset>\n\n"
        "<p><canvas width='1200'></canvas></p>\n\n"
        f"<p><textarea cols='200'></textarea><select><option>{LONG * 3}</select></p>\n\n"
        f"<svg width='1200' viewBox='0 0 9 9'></svg>\n\n<pre>{LONG * 4}</pre>"
    ),
    "nested": "\n".join(f"{'  ' * level}- {level}" for level in range(12))
    + f"\n\n{'> ' * 14}{LONG}\n\n- a\n\n  {TABLE}".replace("\n|", "\n  |"),
    "code": f"```python\n# {LONG * 5}\n```\n\n!!! note\n    `{LONG}`\n\n        {LONG * 5}",
}
PICTURES = ("photo.jpg", "moves.gif", "drawing.svg", "second.jpg")

# Not what moved before: a loaded machine shows a part of the page first, and its foot moves.
WATCH = """window.moved = 0; new PerformanceObserver(list => {
    for (const shift of list.getEntries()) moved += shift.value;
}).observe({type: "layout-shift"})"""
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def pictures(folder: Path) -> None:
    folder.mkdir(parents=True)
    frames = [Image.new("RGB", (320, 200), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "moves.gif", save_all=True, append_images=frames[1:])
    for name, size in (("photo.jpg", (900, 600)), ("second.jpg", (500, 700))):
        Image.radial_gradient("L").resize(size).save(folder / name)
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200"><path d="M0 0h9v9z"/></svg>'
    )
    (folder / "drawing.svg").write_text(svg)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("screens")
    pictures(folder / "content" / "images")
    posts = {
        name: post(LONG, name, text=text, front_matter="Series: S\n")
        .replace("Category: Pricing", f"Category: {LONG} {name}")
        .replace("Ann Writer", LONG)
        .replace("one, two", f"one, {LONG}")
        for name, text in TEXTS.items()
    }
    for name in PICTURES:
        text = f'![One]({{static}}/images/{name} "Words.")\n\nText.\n\n' * 2
        posts[name.partition(".")[0]] = post("A picture", name.partition(".")[0], text=text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_SITE_URL", ORIGIN)
        return build(folder, posts)


class Shop:
    """Answers from the built site; pictures only when they are let through."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.waiting: list[Route] = []
        self.hold = False

    def answer(self, route: Route) -> None:
        if route.request.method == "POST":  # the count of a view
            route.fulfill(status=204)
            return
        path = self.output / route.request.url.removeprefix(f"{ORIGIN}/").split("?")[0]
        if self.hold and route.request.resource_type == "image":
            self.waiting.append(route)
        else:
            self.give(route, path / "index.html" if path.is_dir() else path)

    def give(self, route: Route, path: Path) -> None:
        route.fulfill(path=path, content_type=mimetypes.guess_type(path.name)[0])

    def let_through(self) -> int:
        held, self.waiting = self.waiting, []
        self.hold = False
        for route in held:
            self.answer(route)
        self.hold = True
        return len(held)


@pytest.fixture(scope="module")
def shop(output: Path) -> Shop:
    return Shop(output)


@pytest.fixture(scope="module")
def tab(browser: Browser, shop: Shop) -> Iterator[Page]:
    context = browser.new_context()
    context.route("**/*", shop.answer)
    yield context.new_page()
    context.close()


def test_no_page_is_wider_than_the_narrowest_screen(tab: Page, output: Path) -> None:
    tab.set_viewport_size({"width": 320, "height": 640})
    too_wide = {}
    for path in sorted(output.rglob("*.html")):
        tab.goto(f"{ORIGIN}/{path.relative_to(output)}")
        wide = tab.evaluate("document.documentElement.scrollWidth")
        if wide > 320:
            too_wide[str(path.relative_to(output))] = wide
    assert too_wide == {}


def test_a_wide_table_is_not_squeezed_but_scrolls(tab: Page) -> None:
    tab.set_viewport_size({"width": 320, "height": 640})
    tab.goto(f"{ORIGIN}/table/")
    for region in tab.locator(".prose > .table, .prose > table").all()[:2]:
        assert region.evaluate("it => it.scrollWidth") > 1000
        assert region.evaluate("it => it.clientWidth") <= 320


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_moves_when_a_picture_loads(tab: Page, shop: Shop, name: str) -> None:
    tab.set_viewport_size({"width": 400, "height": 1600})
    shop.hold = True
    tab.goto(f"{ORIGIN}/{name.partition('.')[0]}/", wait_until="domcontentloaded")
    tab.evaluate(WATCH)
    tab.evaluate(PAINTED)
    for _ in range(200):  # the browser asks for a picture when it has laid out the page
        tab.evaluate(PAINTED)
        if shop.let_through():
            break
    tab.wait_for_function(
        "[...document.querySelectorAll('.prose img')].every(one => one.naturalWidth)"
    )
    tab.evaluate(PAINTED)
    shop.hold = False
    assert tab.evaluate("moved") == 0
