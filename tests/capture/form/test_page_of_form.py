"""The page on which a form was sent: from the page's script, or else from the request."""

import pytest

from capture.form.touches import checked_path, page_of_form

SITE, SERVICE = "journal.example", "leads.example"


@pytest.mark.parametrize(
    ("referrer", "page"),
    [
        ("https://journal.example/a-post/?utm_source=x#form", "/a-post/"),
        ("https://leads.example/f/guide", "/f/guide"),
        ("https://leads.example/", "/"),
        ("https://journal.example/", ""),  # the browser sends only the origin of another host
        ("https://other.example/a-post/", ""),
        ("https://[broken/", ""),
        ("", ""),
    ],
)
def test_without_script_the_referrer_names_a_page_of_ours(referrer: str, page: str) -> None:
    assert page_of_form(referrer, SITE, SERVICE) == page


def test_on_one_host_the_home_page_is_known() -> None:
    assert page_of_form("https://journal.example/", SITE, SITE) == "/"


@pytest.mark.parametrize(
    ("text", "path"),
    [("/a/", "/a/"), ("a/", ""), ("javascript:x", ""), ("/a\r\nb\x00", "/a b"), ("", "")],
)
def test_only_a_path_is_used_and_without_control_characters(text: str, path: str) -> None:
    assert checked_path(text) == path
