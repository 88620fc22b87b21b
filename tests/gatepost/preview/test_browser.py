"""The preview in a real browser while files are saved."""

import re
from contextlib import suppress
from typing import Any

from playwright.sync_api import Error, Page, expect

from tests.service import GUIDE

from .conftest import Preview

POST = "content/posts/four-numbers-that-matter.md"
PAGE = "/four-numbers-that-matter/"
WITH_FORM = "/what-pays-in-each-price-model/"
HEADING = "## Reading the four together"


def listed_problems(tab: Page) -> Any:
    return tab.locator("gatepost-problems li")


def mark(tab: Page) -> None:
    """Sets a variable that a reload deletes."""
    tab.evaluate("window.same = true")


def is_not_reloaded(tab: Page) -> bool:
    with suppress(Error):  # raised while the page is loading
        return bool(tab.evaluate("window.same === true"))
    return True


def top_of(tab: Page, name: str) -> float:
    return float(
        tab.get_by_role("heading", name=name).evaluate("e => e.getBoundingClientRect().top")
    )


def test_a_saved_change_appears_and_the_scroll_position_stays(tab: Page, preview: Preview) -> None:
    tab.goto(PAGE)
    name = HEADING.removeprefix("## ")
    tab.get_by_role("heading", name=name).evaluate("e => e.scrollIntoView({behavior: 'instant'})")
    before = top_of(tab, name)
    more_text = "\n\n".join(["A paragraph more."] * 30)
    preview.edit(POST, HEADING, f"{more_text}\n\n{HEADING}\n\nAnd a new one below.")
    expect(tab.get_by_text("And a new one below.")).to_be_visible()
    tab.wait_for_load_state()
    preview.until(lambda: abs(top_of(tab, name) - before) < 3, "the same scroll position")
    assert tab.evaluate("scrollY") > 500
    tab.goto("/privacy/")
    tab.go_back()
    preview.until(lambda: abs(top_of(tab, name) - before) < 3, "the same scroll position again")


def test_all_mistakes_are_shown_in_the_page_until_they_are_fixed(
    tab: Page, preview: Preview
) -> None:
    tab.goto(PAGE)
    text = preview.file(POST).read_text()
    line = text.count("\n") + 2
    preview.save(POST, f"{text}\n{{% form nobody %}}\n\n[there]({{filename}}/posts/nowhere.md)\n")
    expect(listed_problems(tab)).to_have_count(2)
    expect(listed_problems(tab).nth(0)).to_contain_text(
        f"{POST}:{line} `{{% form nobody %}}`: no campaign"
    )
    expect(listed_problems(tab).nth(1)).to_contain_text(f"{POST}:{line + 2} ")
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    assert preview.get(PAGE).status == 200
    preview.save(POST, text)
    expect(listed_problems(tab)).to_have_count(0)


def test_a_page_opened_later_shows_the_mistake_which_can_be_hidden(
    tab: Page, preview: Preview
) -> None:
    preview.edit("theme/templates/article.html", "{% block main %}", "{% block main %}{{ nonsense(")
    preview.wait_for(r"^theme/templates/article.html:\d+: ")
    tab.goto(PAGE)
    expect(listed_problems(tab)).to_contain_text("theme/templates/article.html:")
    tab.get_by_role("button", name="Hide").click()
    expect(listed_problems(tab)).to_have_count(0)


def test_only_tabs_with_a_changed_page_are_reloaded(tab: Page, preview: Preview) -> None:
    other = tab.context.new_page()
    unchanged_tab = tab.context.new_page()
    for page, path in ((tab, PAGE), (other, PAGE), (unchanged_tab, "/privacy/")):
        page.goto(path)
        mark(page)
    preview.edit(POST, HEADING, f"{HEADING}\n\nSeen in both.")
    for page in (tab, other):
        expect(page.get_by_text("Seen in both.")).to_be_visible()
    # It has noticed the build.
    expect(unchanged_tab.locator("script[data-build='2']")).to_have_count(1)
    assert is_not_reloaded(unchanged_tab)


def test_changed_styles_are_loaded_without_a_reload(tab: Page, preview: Preview) -> None:
    tab.goto(PAGE)
    mark(tab)
    style = preview.file("theme/static/style.css").read_text()
    preview.save("theme/static/style.css", f"{style}\nh1 {{ letter-spacing: 7px }}\n")
    expect(tab.get_by_role("heading", level=1)).to_have_css("letter-spacing", "7px")
    assert is_not_reloaded(tab)
    expect(tab.locator("head link[rel=stylesheet]")).to_have_count(1)


def test_a_changed_picture_reloads_the_page(tab: Page, preview: Preview) -> None:
    tab.goto(PAGE)
    mark(tab)
    drawing = preview.file("content/images/break-even.svg")
    preview.save("content/images/break-even.svg", f"{drawing.read_text()}<!-- changed -->")
    preview.until(lambda: not is_not_reloaded(tab))


def test_text_typed_into_a_form_survives_the_reload(tab: Page, preview: Preview) -> None:
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


def test_a_deleted_post_disappears_from_the_list_too(tab: Page, preview: Preview) -> None:
    title = "Why leads get rejected"
    tab.goto("/articles/")
    expect(tab.get_by_role("link", name=title).first).to_be_visible()
    post = "content/posts/why-leads-get-rejected.md"
    for path in preview.file("content").rglob("*.md"):
        text = path.read_text()
        without_links = re.sub(r"\[([^\]]+)\]\([^)]*why-leads-get-rejected[^)]*\)", r"\1", text)
        if without_links != text:
            preview.save(str(path.relative_to(preview.folder)), without_links)
    preview.file(post).unlink()
    expect(tab.get_by_role("link", name=title)).to_have_count(0)
    assert preview.get("/why-leads-get-rejected/").status == 404


def test_an_open_page_follows_the_preview_again_after_a_restart(
    tab: Page, preview: Preview
) -> None:
    tab.goto(PAGE)
    preview.end()
    preview.edit(POST, HEADING, f"{HEADING}\n\nWritten while it was off.")
    preview.start()
    expect(tab.get_by_text("Written while it was off.")).to_be_visible()


def test_a_saved_campaign_changes_its_form(tab: Page, preview: Preview) -> None:
    tab.goto(f"/f/{GUIDE}")
    form = preview.file(f"campaigns/{GUIDE}.toml").read_text()
    preview.save(f"campaigns/{GUIDE}.toml", form.replace('button = "', 'button = "Now: '))
    expect(tab.get_by_role("button", name=re.compile("^Now: "))).to_be_visible()
