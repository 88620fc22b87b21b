"""The agreement as Markdown, HTML and PDF: the same text in each, and no text becomes markup."""

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import markdown
import pypdf
import pytest

from capture.documents.agreement.document import to_html, to_markdown, to_pdf
from capture.documents.agreement.model import Agreement
from capture.errors import Refused
from tests.capture.documents.conftest import agreement_on, texts

HOSTILE = [
    "<script>alert(1)</script>",
    "</p><img src=x onerror=alert(1)>",
    "[x](http://evil.example) ![y](z)",
    "#panic(1) #sys.inputs $x^2$ @ref <label>",
    "**bold** _it_ `code` ~~gone~~",
    "a | b || c",
    "# heading",
    "- item",
    "1. item",
    "&amp; &lt; {{ 7 * 7 }} {% raw %}",
    "--- and ... stay",
]
EXPECTED_TAGS = {"h1", "h2", "p", "strong", "br", "ul", "li", "blockquote", "code"}
EXPECTED_TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(text: str) -> Agreement:
    """The same text in title, label, choice, reason and consent."""
    quoted = "'" + text.replace("'", "") + "'"
    return agreement_on(
        ('title = "The guide"', f"title = {quoted}"),
        ('label = "Company size"', f"label = {quoted}"),
        ('"1-50"', f'{quoted}, "1-50"'),
        ('"The company is smaller than it said."', quoted),
        ('consent = "I agree that Acme may call me."', f"consent = {quoted}"),
    )


def without_spaces(text: str) -> str:
    return re.sub(r"\s+", "", text)


def missing(document: Agreement, view: str) -> Iterator[str]:
    """Texts of the agreement that the text of a view lacks. White space does not count."""
    view = without_spaces(view)
    return (text for text in texts(document) if without_spaces(text) not in view)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_markdown(text: str) -> None:
    document = hostile(text)
    page = Page(markdown.markdown(to_markdown(document), extensions=["tables", "sane_lists"]))
    assert set(page.tags) <= EXPECTED_TAGS
    assert page.tags.count("h1") == 1
    assert page.tags.count("td") == Page(
        markdown.markdown(to_markdown(hostile("plain")), extensions=["tables", "sane_lists"])
    ).tags.count("td")
    visible = page.text.replace("\\", "")  # `\//`: this reader of Markdown keeps that backslash
    assert list(missing(document, visible)) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_html(text: str) -> None:
    document = hostile(text)
    page, plain = Page(to_html(document)), Page(to_html(hostile("plain")))
    assert page.tags == plain.tags
    assert {name for name, _ in page.attributes} == {name for name, _ in plain.attributes}
    assert list(missing(document, page.text)) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_pdf(text: str) -> None:
    document = hostile(text)
    pages = pypdf.PdfReader(io.BytesIO(to_pdf(document))).pages
    content = without_spaces("".join(page.extract_text() for page in pages))
    assert content.count(without_spaces(text)) >= 5


def test_the_page_loads_nothing_from_other_files_or_sites() -> None:
    page = Page(to_html(agreement_on()))
    assert not {"script", "link", "img", "iframe", "a", "form"} & set(page.tags)
    assert not {"src", "href", "style"} & {name for name, _ in page.attributes}
    assert "url(" not in to_html(agreement_on())
    assert "@import" not in to_html(agreement_on())


def test_the_pdf_has_the_same_bytes_each_time_and_no_date() -> None:
    assert to_pdf(agreement_on()) == to_pdf(agreement_on())
    info = pypdf.PdfReader(io.BytesIO(to_pdf(agreement_on()))).metadata
    assert info is not None
    assert info.title == "Agreement on leads: The guide"
    assert info.creation_date is None


def test_every_page_of_the_pdf_has_its_number_and_the_complete_version() -> None:
    document = agreement_on()
    pages = pypdf.PdfReader(io.BytesIO(to_pdf(document))).pages
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert f"{number} of {len(pages)}" in text
        assert document.version in text
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)


def test_a_word_longer_than_a_line_is_wrapped_and_not_cut() -> None:
    pages = pypdf.PdfReader(io.BytesIO(to_pdf(hostile("W" * 100)))).pages
    content = "".join(page.extract_text() for page in pages).replace("\u200b", "")
    assert without_spaces(content).count("W" * 100) >= 5


def test_characters_that_the_pdf_cannot_show_are_refused_with_a_way_out() -> None:
    with pytest.raises(Refused, match=r"guide: the fonts of the PDF have no 日; print the HTML"):
        to_pdf(hostile("日本"))
