"""The HTML of texts that were just read is in a file, and plugins notice nothing of it."""

import copy
from pathlib import Path
from typing import Any

import pytest
from pelican import contents
from pelican.settings import DEFAULT_CONFIG

from publish.build.read_texts import HtmlFile
from publish.child_processes import Limits, run_each

HTML = "<p>Grüße, \ud800</p>"


@pytest.fixture
def texts(tmp_path: Path) -> list[Any]:
    settings = {**DEFAULT_CONFIG, "PATH": str(tmp_path)}
    made: list[Any] = [
        contents.Article(HTML, {"title": "One"}, settings, "one.md", {}),
        contents.Page(HTML, {"title": "Two"}, settings, "two.md", {}),
    ]
    file = HtmlFile(tmp_path)
    for text in made:
        file.take_html_of(text)
    return made


def test_the_html_can_be_read_and_replaced(texts: list[Any]) -> None:
    article, page = texts
    assert HTML not in vars(article).values()
    assert (article._content, page._content) == (HTML, HTML)
    article._content = "<p>Longer than before</p>"
    page._content = ""
    assert (article._content, page._content) == ("<p>Longer than before</p>", "")


def test_pelican_finds_the_settings_of_both_kinds(texts: list[Any]) -> None:
    assert [text.url for text in texts] == ["one.html", "pages/two.html"]


def test_a_copy_has_html_of_its_own(texts: list[Any]) -> None:
    article = copy.copy(texts[0])
    article._content = "<p>Of the copy</p>"
    assert (article._content, texts[0]._content) == ("<p>Of the copy</p>", HTML)


def test_child_processes_change_only_their_own_html(texts: list[Any]) -> None:
    def replace(text: Any) -> str | None:
        text._content = f"<p>{text.title}</p>"
        changed: str | None = text._content
        return changed

    results = {text.title: html for text, html in run_each(replace, texts, Limits(10))}
    assert results == {"One": "<p>One</p>", "Two": "<p>Two</p>"}
    assert [text._content for text in texts] == [HTML, HTML]
    texts[0]._content = "<p>After the children</p>"
    assert (texts[0]._content, texts[1]._content) == ("<p>After the children</p>", HTML)


def test_a_full_disk_is_reported_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_file(**options: Any) -> Any:
        return Path("/dev/full").open("w+b", buffering=options["buffering"])

    monkeypatch.setattr("tempfile.TemporaryFile", full_file)
    with pytest.raises(OSError, match="No space left on device") as caught:
        HtmlFile(tmp_path).add(HTML)
    assert caught.value.filename == str(tmp_path)
