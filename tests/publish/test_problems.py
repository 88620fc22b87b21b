"""Errors that Pelican only logs stop the build, each with its file, its line and its fix."""

from pathlib import Path
from typing import Any

import pytest

from capture.errors import FileErrors, Refused


def test_an_article_without_a_date_stops_the_build(site: Any) -> None:
    site.write("content/posts/post.md", "Title: Post\n\nText.")
    assert site.mistakes() == [
        "content/posts/post.md:1: has no date: "
        "add a line such as `Date: 2026-11-23` to its front matter"
    ]


def test_a_page_without_a_title_stops_the_build(site: Any) -> None:
    site.write("content/pages/page.md", "Text.")
    assert site.mistakes() == [
        "content/pages/page.md:1: has no title: add a line `Title: ...` to its front matter, "
        "or begin the text with `# ...`"
    ]


def test_a_wrong_date_is_reported_with_its_line(site: Any) -> None:
    site.write("content/posts/post.md", "Title: Post\nDate: 31 Novembre\n\nText.")
    assert site.mistakes() == [
        "content/posts/post.md:2: `date` is not a date, `31 Novembre`: "
        "write 2026-11-23, or 2026-11-23 09:30 with the time"
    ]


def test_a_file_that_is_not_utf8_is_reported_with_its_line(site: Any) -> None:
    site.post("")
    (site.root / "content/posts/post.md").write_bytes(b"Title: Post\nDate: 2026-11-02\n\nCaf\xe9")
    assert site.mistakes() == ["content/posts/post.md:4: is not UTF-8 text: save the file as UTF-8"]


def test_a_status_that_pelican_does_not_know_is_a_mistake(site: Any) -> None:
    site.post("Text.", front_matter="Status: darft\n")
    assert site.mistakes() == [
        "content/posts/post.md:3: `status` has no known status 'darft'; did you mean `draft`?"
    ]


def test_an_address_outside_the_site_is_a_mistake(site: Any) -> None:
    site.post("Text.", front_matter="Save_as: ../../out.html\n")
    assert site.mistakes() == [
        "content/posts/post.md:3: `save_as` must be a file of the site, such as guide/index.html, "
        "not `../../out.html`"
    ]


@pytest.mark.parametrize(
    ("plugin", "text", "why"),
    [
        ("absent", "", "ImportError: Cannot import plugin `absent`"),
        ("broken", "def register():\n    raise KeyError('x')\n", "KeyError: 'x'"),
    ],
)
def test_a_plugin_that_did_not_register_stops_the_build(
    site: Any, plugin: str, text: str, why: str
) -> None:
    if text:
        site.write(f"plugins/{plugin}.py", text)
    site.set(f"PLUGIN_PATHS = ['plugins']\nPLUGINS = [*PLUGINS, '{plugin}']")
    assert site.mistakes_of_build() == [
        f"PLUGINS in pelicanconf.py: plugin `{plugin}` did not register ({why}): "
        "correct it or remove it"
    ]


def test_a_picture_that_cannot_be_copied_stops_the_build(site: Any) -> None:
    site.post("Text.")
    site.set('EXTRA_PATH_METADATA = {"images/dot.svg": {"path": "post"}}')  # a folder by then
    with pytest.raises(FileErrors, match=r"A problem occurred copying file .*images/dot\.svg"):
        site.build()


def test_a_faulty_template_is_reported_with_its_line(site: Any) -> None:
    site.write("theme/templates/article.html", "<h1>\n{{ article.title.no.such }}")
    site.post("Text.")
    with pytest.raises(FileErrors) as message:
        site.build()
    assert str(message.value) == (
        "theme/templates/article.html:2: 'str object' has no attribute 'no'"
    )


def test_a_faulty_settings_file_is_reported_with_its_line(site: Any) -> None:
    site.write("pelicanconf.py", "PATH = 'content'\nTHEME = = 'theme'\n")
    with pytest.raises(FileErrors) as message:
        site.check()
    assert (
        str(message.value) == "pelicanconf.py:2: SyntaxError: invalid syntax (pelicanconf.py, "
        "line 2)"
    )


def test_a_folder_without_settings_is_refused(site: Any) -> None:
    (site.root / "pelicanconf.py").unlink()
    with pytest.raises(Refused, match=r"pelicanconf\.py: no such file; run this in"):
        site.check()


def test_a_warning_of_pelican_is_a_warning_of_the_build(site: Any) -> None:
    plugin = (
        "import logging\ndef register():\n    logging.getLogger('pelican.odd').warning('Odd.')\n"
    )
    site.write("plugins/odd.py", plugin)
    site.set("PLUGIN_PATHS = ['plugins']\nPLUGINS = [*PLUGINS, 'odd']")
    assert site.build().summary.warnings == ("Odd.",)


def test_a_build_does_not_report_the_mistakes_of_an_earlier_build(site: Any) -> None:
    site.post("{% frm guide %}", front_matter="Status: darft\n")
    site.mistakes()
    site.post("Text.")
    assert site.check().content.articles == 1


def test_plain_pelican_prints_one_line_per_mistake_and_keeps_the_old_site(site: Any) -> None:
    site.post("Text.")
    assert site.pelican().returncode == 0
    before = site.files()
    site.post("{% frm guide %}")
    site.write("content/posts/other.md", "Title: Other\n\nText.")
    refused = site.pelican()
    assert refused.returncode == 1
    assert "Traceback" not in refused.stdout + refused.stderr
    assert refused.stderr.split("\n")[:2] == [
        "content/posts/other.md:1: has no date: "
        "add a line such as `Date: 2026-11-23` to its front matter",
        "content/posts/post.md:4: `{% frm guide %}` is misspelt: "
        "write `{% form guide %}` on a line of its own",
    ]
    assert site.files() == before


def test_plain_pelican_deletes_pages_that_no_longer_exist(site: Any) -> None:
    site.post("Text.", name="old")
    site.pelican()
    Path("content/posts/old.md").unlink()
    site.post("Text.", name="new")
    assert site.pelican().returncode == 0
    assert not (site.site / "old").exists()
    assert "Text." in site.page("new")


def test_an_output_folder_around_the_content_is_never_cleared(site: Any) -> None:
    site.set("OUTPUT_PATH = '.'")
    site.post("Text.")
    assert site.pelican().returncode == 0
    assert (site.root / "content/posts/post.md").exists()
