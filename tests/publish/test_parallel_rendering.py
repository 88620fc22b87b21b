"""Many pages are rendered by child processes; the site and what a build says are the same."""

import logging
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pelican import signals

from capture.errors import FileErrors
from publish import child_processes, shared_work
from publish.build.stored_pages import PageInputs
from publish.plugins import theme
from tests.publish.conftest import TinySite

Hook = Callable[[str], object]


@pytest.fixture(autouse=True)
def _children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_processes, "processor_count", lambda: 2)
    monkeypatch.setattr(shared_work, "MANY", 5)
    monkeypatch.setattr(shared_work, "BATCH_SIZE", 2)


@pytest.fixture
def rendered_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that this process has rendered, and not a child."""
    names: list[str] = []
    keep = PageInputs.keep

    def noted(self: PageInputs, name: str, values: Any) -> None:
        names.append(name)  # a child has a copy of the list
        keep(self, name, values)

    monkeypatch.setattr(PageInputs, "keep", noted)
    return names


@pytest.fixture
def site(site: TinySite) -> TinySite:
    site.set("CACHE_PATH = 'kept'")
    for number in range(9):
        site.post(f"Text {number}.", name=f"post-{number}")
    return site


def call_in_articles(site: TinySite, monkeypatch: pytest.MonkeyPatch, hook: Hook) -> None:
    """Each article's page calls the hook with its title."""
    site.write("theme/templates/article.html", "{{ article.title|reading_minutes }}")
    monkeypatch.setattr(theme, "reading_minutes", hook)


def test_children_render_the_pages_and_the_site_is_the_same(
    site: TinySite, rendered_here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.build()
    assert [name for name in rendered_here if name.startswith("post-")] == ["post-8/index.html"]
    parallel = site.files()
    monkeypatch.setattr(child_processes, "processor_count", lambda: 1)
    shutil.rmtree(site.root / "kept")
    site.build()
    assert {f"post-{number}/index.html" for number in range(9)} <= {*rendered_here}
    assert site.files() == parallel


def test_what_pages_have_used_in_children_is_known_to_the_next_build(site: TinySite) -> None:
    site.build()
    site.post("Other words.", name="post-3", front_matter="Summary: As before.\n")
    site.build()
    site.post("Other words still.", name="post-3", front_matter="Summary: As before.\n")
    work = site.build().summary.work
    assert work is not None
    changed = "posts/post-3.md (content)"
    assert {page.name: page.reason for page in work.rendered} == {
        "feed.xml": changed,
        "post-3/index.html": changed,
    }
    assert "Other words still." in site.page("post-3")


def refusals(site: TinySite, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages of a refused build: with children, and in one process."""
    messages = []
    for processors in (2, 1):
        monkeypatch.setattr(child_processes, "processor_count", lambda count=processors: count)
        with pytest.raises(FileErrors) as raised:
            site.build()
        messages.append(str(raised.value))
    return messages


def test_an_error_in_a_child_is_that_of_one_process(
    site: TinySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = "Title\n{% if article.title in ('post-2', 'post-5') %}{{ 1 / 0 }}{% endif %}"
    site.write("theme/templates/article.html", template)
    message = "theme/templates/article.html:2: ZeroDivisionError: division by zero"
    assert refusals(site, monkeypatch) == [message, message]


def test_warnings_of_children_are_said_once_in_the_order_of_pages(
    site: TinySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warn(title: str) -> int:
        if title in {"post-1", "post-6"}:
            logging.getLogger("pelican.mine").warning("%s is strange", title)
        return 1

    call_in_articles(site, monkeypatch, warn)
    summary = site.build().summary
    assert [line for line in summary.warnings if "strange" in line] == [
        "post-6 is strange",
        "post-1 is strange",
    ]


def test_a_child_that_is_killed_costs_no_page(
    site: TinySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_process = os.getpid()

    def kill(title: str) -> str:
        if title == "post-3" and os.getpid() != build_process:
            os.kill(os.getpid(), signal.SIGKILL)
        return title

    call_in_articles(site, monkeypatch, kill)
    site.build()
    assert [site.page(f"post-{number}") for number in (2, 3, 4)] == ["post-2", "post-3", "post-4"]


def test_who_listens_to_what_is_written_hears_of_each_page(site: TinySite) -> None:
    written: list[str] = []

    def hear(path: str, context: Any) -> None:
        del context
        written.append(Path(path).parent.name)

    signals.content_written.connect(hear)
    site.build()
    assert {f"post-{number}" for number in range(9)} <= {*written}


def test_functions_of_the_site_are_called_in_one_process(
    site: TinySite, rendered_here: list[str]
) -> None:
    site.set("JINJA_FILTERS = {'mine': str}")
    site.build()
    assert {f"post-{number}/index.html" for number in range(9)} <= {*rendered_here}


def test_a_name_that_two_pages_have_is_refused_as_in_one_process(
    site: TinySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.post("Older.", name="old")
    post = site.root / "content/posts/old.md"
    post.write_text(post.read_text().replace("2026", "2025"))
    site.write("theme/templates/period_archives.html", "{{ period[0] }}")
    site.set("YEAR_ARCHIVE_SAVE_AS = 'years.html'")
    with_children, in_one_process = refusals(site, monkeypatch)
    assert with_children == in_one_process
    assert "Failed to overwrite" in with_children
    assert "years.html" in with_children
