"""The texts of a large site are converted by child processes; the site is the same without them."""

import os
import shutil
import signal

import pytest

from publish import child_processes, shared_work
from publish.plugins.commonmark import TextConverter
from tests.publish.conftest import TinySite


@pytest.fixture(autouse=True)
def converted_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that this process has converted itself, with two processors for children."""
    texts: list[str] = []
    convert = TextConverter.html

    def html(self: TextConverter, text: str) -> str:
        texts.append(text)  # a child has a copy of the list
        return convert(self, text)

    monkeypatch.setattr(TextConverter, "html", html)
    monkeypatch.setattr(child_processes, "processor_count", lambda: 2)
    monkeypatch.setattr(shared_work, "MANY", 5)
    monkeypatch.setattr(shared_work, "BATCH_SIZE", 2)
    return texts


@pytest.fixture
def site(site: TinySite) -> TinySite:
    site.set('PLUGINS.insert(2, "publish.plugins.parallel_markdown")')
    return site


def write_posts(site: TinySite) -> None:
    for number in range(7):
        summary = f"Summary: The *summary* of {number}.\n" if number % 2 else ""
        site.post(f"## Part\n\nText *{number}*.\n", name=f"post-{number}", front_matter=summary)
    site.post("The same.", name="first")
    site.post("The same.", name="second")
    site.post("A draft.", name="draft", front_matter="Status: draft\nPreview: abcdefgh12345678\n")


def test_children_convert_the_texts_and_the_site_is_the_same(
    site: TinySite, converted_here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_posts(site)
    site.build()
    parallel = site.files()
    assert converted_here == [""]
    monkeypatch.setattr(child_processes, "processor_count", lambda: 1)
    converted_here.clear()
    shutil.rmtree(site.root / "cache")
    site.build()
    assert len(converted_here) >= 12
    assert site.files() == parallel


def test_few_texts_need_no_children(site: TinySite, converted_here: list[str]) -> None:
    site.post("Alone.")
    site.build()
    assert any("Alone." in text for text in converted_here)


def test_extensions_that_might_read_other_files_get_the_texts_in_one_process(
    site: TinySite, converted_here: list[str]
) -> None:
    site.set("from markdown.extensions import Extension")
    site.set("class Mine(Extension): extendMarkdown = lambda self, md: None")
    site.set('MARKDOWN["extensions"] = [Mine()]')
    write_posts(site)
    site.build()
    assert len(converted_here) >= 12


def test_an_error_in_a_child_names_the_file(
    site: TinySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_posts(site)
    site.post("Broken.", name="broken")
    convert = TextConverter.html

    def html(self: TextConverter, text: str) -> str:
        if "Broken" in text:
            raise ValueError("no such lexer")
        return convert(self, text)

    monkeypatch.setattr(TextConverter, "html", html)
    assert site.mistakes_of_build() == ["content/posts/broken.md: cannot be read: no such lexer"]


def test_a_child_that_is_killed_costs_no_text(
    site: TinySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_posts(site)
    build_process, convert = os.getpid(), TextConverter.html

    def html(self: TextConverter, text: str) -> str:
        if "*3*" in text and os.getpid() != build_process:
            os.kill(os.getpid(), signal.SIGKILL)
        return convert(self, text)

    monkeypatch.setattr(TextConverter, "html", html)
    site.build()
    assert "<p>Text <em>3</em>.</p>" in site.page("post-3")
    assert "<p>Text <em>2</em>.</p>" in site.page("post-2")


def test_cached_texts_are_not_converted_again(site: TinySite, converted_here: list[str]) -> None:
    site.set("CACHE_PATH = 'kept'")
    write_posts(site)
    site.build()
    converted_here.clear()
    site.post("Changed.", name="first")
    site.build()
    # Twice: the short way of builds finds that its first paragraph is the summary, and gives up.
    assert converted_here == ["\nChanged."] * 2
