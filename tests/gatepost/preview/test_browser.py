"""What a writer sees in a real browser while files are saved."""

import re
from contextlib import suppress
from typing import Any

from playwright.sync_api import Error, Page, expect

from tests.service import GUIDE

from .conftest import PATIENCE, Preview

POST = "content/posts/four-numbers-that-matter.md"
PAGE = "/four-numbers-that-matter/"
WITH_FORM = "/what-pays-in-each-price-model/"
HEADING = "## Reading the four together"

expect.set_options(timeout=PATIENCE * 1000)


def problems(tab: Page) -> Any:
    return tab.locator("gatepost-problems li")


def mark(tab: Page) -> None:
    """Something that no reload survives."""
    tab.evaluate("window.same = true")


def is_same(tab: Page) -> bool:
    with suppress(Error):  # between two pages there is none to ask
        return bool(tab.evaluate("window.same === true"))
    return True


def top_of(tab: Page, name: str) -> float:
    return float(
        tab.get_by_role("heading", name=name).evaluate("e => e.getBoundingClientRect().top")
    )


def test_a_save_shows_by_itself_and_the_reader_stays_at_their_place(
    tab: Page, preview: Preview
) -> None:
    tab.goto(PAGE)
    name = HEADING.removeprefix("## ")
    tab.get_by_role("heading", name=name).evaluate("e => e.scrollIntoView({behavior: 'instant'})")
    before = top_of(tab, name)
    above = "\n\n".join(["A paragraph more."] * 30)
    preview.edit(POST, HEADING, f"{above}\n\n{HEADING}\n\nAnd a new one below.")
    expect(tab.get_by_text("And a new one below.")).to_be_visible()
    tab.wait_for_load_state()
    preview.until(lambda: abs(top_of(tab, name) - before) < 3, "at the same place")
    assert tab.evaluate("scrollY") > 500
    tab.goto("/privacy/")
    tab.go_back()
    preview.until(lambda: abs(top_of(tab, name) - before) < 3, "back to the same place")


def test_all_mistakes_stand_in_the_page_and_go_when_mended(tab: Page, preview: Preview) -> None:
    tab.goto(PAGE)
    text = preview.file(POST).read_text()
    line = text.count("\n") + 2
    preview.save(POST, f"{text}\n{{% form nobody %}}\n\n[there]({{filename}}/posts/nowhere.md)\n")
    expect(problems(tab)).to_have_count(2)
    expect(problems(tab).nth(0)).to_contain_text(
        f"{POST}:{line} `{{% form nobody %}}`: no campaign"
    )
    expect(problems(tab).nth(1)).to_contain_text(f"{POST}:{line + 2} ")
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    assert preview.get(PAGE).status == 200
    preview.save(POST, text)
    expect(problems(tab)).to_have_count(0)


def test_a_mistake_is_told_to_who_comes_later_and_can_be_hidden(
    tab: Page, preview: Preview
) -> None:
    preview.edit("theme/templates/article.html", "{% block main %}", "{% block main %}{{ nonsense(")
    preview.wait_for(r"^theme/templates/article.html:\d+: ")
    tab.goto(PAGE)
    expect(problems(tab)).to_contain_text("theme/templates/article.html:")
    tab.get_by_role("button", name="Hide").click()
    expect(problems(tab)).to_have_count(0)


def test_two_tabs_follow_and_one_whose_page_stays_the_same_is_left_alone(
    tab: Page, preview: Preview
) -> None:
    other = tab.context.new_page()
    bystander = tab.context.new_page()
    for page, path in ((tab, PAGE), (other, PAGE), (bystander, "/privacy/")):
        page.goto(path)
        mark(page)
    preview.edit(POST, HEADING, f"{HEADING}\n\nSeen in both.")
    for page in (tab, other):
        expect(page.get_by_text("Seen in both.")).to_be_visible()
    expect(bystander.locator("script[data-build='2']")).to_have_count(1)  # it has looked
    assert is_same(bystander)


def test_styles_alone_are_swapped_without_a_reload(tab: Page, preview: Preview) -> None:
    tab.goto(PAGE)
    mark(tab)
    style = preview.file("theme/static/style.css").read_text()
    preview.save("theme/static/style.css", f"{style}\nh1 {{ letter-spacing: 7px }}\n")
    expect(tab.get_by_role("heading", level=1)).to_have_css("letter-spacing", "7px")
    assert is_same(tab)
    expect(tab.locator("head link[rel=stylesheet]")).to_have_count(1)


def test_a_picture_of_the_same_name_is_seen_anew(tab: Page, preview: Preview) -> None:
    tab.goto(PAGE)
    mark(tab)
    drawing = preview.file("content/images/break-even.svg")
    preview.save("content/images/break-even.svg", f"{drawing.read_text()}<!-- changed -->")
    preview.until(lambda: not is_same(tab))


def test_what_was_typed_into_a_form_outlives_the_reload(tab: Page, preview: Preview) -> None:
    tab.goto(WITH_FORM)
    tab.get_by_label("Full name").fill("Ann Lee")
    tab.get_by_label("Country").select_option("US")
    tab.get_by_role("checkbox").first.check()
    tab.get_by_label("Work e-mail").fill("ann@")
    post = "content/posts/what-pays-in-each-price-model.md"
    preview.save(post, preview.file(post).read_text() + "\nOne line more.\n")
    expect(tab.get_by_text("One line more.")).to_be_visible()
    expect(tab.get_by_label("Full name")).to_have_value("Ann Lee")
    expect(tab.get_by_label("Country")).to_have_value("US")
    expect(tab.get_by_role("checkbox").first).to_be_checked()
    expect(tab.get_by_label("Work e-mail")).to_be_focused()


def test_a_deleted_post_is_gone_and_so_is_its_place_in_the_list(
    tab: Page, preview: Preview
) -> None:
    title = "Why leads get rejected"
    tab.goto("/articles/")
    expect(tab.get_by_role("link", name=title).first).to_be_visible()
    alone = "content/posts/why-leads-get-rejected.md"
    for path in preview.file("content").rglob("*.md"):
        text = path.read_text()
        cut = re.sub(r"\[([^\]]+)\]\([^)]*why-leads-get-rejected[^)]*\)", r"\1", text)
        if cut != text:
            preview.save(str(path.relative_to(preview.folder)), cut)
    preview.file(alone).unlink()
    expect(tab.get_by_role("link", name=title)).to_have_count(0)
    assert preview.get("/why-leads-get-rejected/").status == 404


def test_the_preview_comes_back_after_a_restart_and_the_page_follows_again(
    tab: Page, preview: Preview
) -> None:
    tab.goto(PAGE)
    preview.end()
    preview.edit(POST, HEADING, f"{HEADING}\n\nWritten while it was off.")
    preview.start()
    expect(tab.get_by_text("Written while it was off.")).to_be_visible()


def test_a_form_is_tried_out_and_gives_the_guide(tab: Page, preview: Preview) -> None:
    tab.goto(f"/f/{GUIDE}")
    form = preview.file(f"campaigns/{GUIDE}.toml").read_text()
    preview.save(f"campaigns/{GUIDE}.toml", form.replace('button = "', 'button = "Now: '))
    expect(tab.get_by_role("button", name=re.compile("^Now: "))).to_be_visible()
