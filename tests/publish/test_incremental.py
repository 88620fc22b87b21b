"""What a build says of its work, and which sites are made anew in each build."""

import gzip
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from publish.build.compression import compress
from publish.build.site import build
from publish.build.site_folder import SiteFolder
from publish.build.site_keys import why_complete
from publish.build.stored_site import StoredSite
from publish.cli import build as build_command
from tests.publish.conftest import TinySite


def run(*options: str) -> Result:
    return CliRunner().invoke(build_command, options)


def work_of(result: Result) -> str:
    """The line of counts, without the seconds."""
    return result.stdout.splitlines()[-1].rsplit(" in ", 1)[0]


@pytest.fixture
def built(site: TinySite) -> TinySite:
    """A site of two posts, after its first build."""
    site.post("First.", name="first")
    site.post("Second.", name="second")
    site.build()
    return site


def test_an_edit_of_a_text_renders_its_page_alone(built: TinySite) -> None:
    built.post("Other words.", name="first", front_matter="Summary: As before.\n")
    run()
    built.post("Other words still.", name="first", front_matter="Summary: As before.\n")
    result = run("--explain")
    assert "first/index.html: posts/first.md (content)" in result.stdout
    assert "second/index.html" not in result.stdout
    assert work_of(result).startswith("read 1, rendered ")


def test_a_page_that_comes_out_the_same_is_not_written(built: TinySite) -> None:
    page = built.site / "first/index.html"
    before = page.stat()
    template = built.root / "theme/templates/article.html"
    built.write("theme/templates/article.html", template.read_text() + "{# a comment #}")
    result = run("--explain")
    assert "first/index.html: its template" in result.stdout
    assert work_of(result) == "read 0, rendered 2, written 0, removed 0"
    assert (page.stat().st_mtime_ns, page.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_an_edit_of_a_campaign_renders_the_pages_with_its_form_and_the_feeds(
    built: TinySite,
) -> None:
    built.post("{% form guide %}", name="first")
    run()
    campaign = (built.root / "campaigns/guide.toml").read_text().partition("\n")[2]
    built.write("campaigns/guide.toml", f'title = "Another guide"\n{campaign}')
    result = run("--explain")
    assert "first/index.html: posts/first.md (content)\n" in result.stdout
    assert "feed.xml: `GATEPOST_FORMS`\n" in result.stdout
    assert work_of(result) == "read 1, rendered 2, written 2, removed 0"


def test_an_edit_of_a_client_that_no_page_shows_changes_no_page(built: TinySite) -> None:
    client = (built.root / "clients/acme.toml").read_text()
    built.write("clients/acme.toml", client.replace("1 Main Street", "2 Main Street"))
    assert work_of(run()) == "read 0, rendered 0, written 0, removed 0"


def test_pages_that_are_kept_are_compared_with_a_new_gated_file(built: TinySite) -> None:
    built.write("content/gated/page.html", built.page("first"))
    before = built.files()
    for _ in range(2):
        assert built.mistakes_of_build() == [
            "content/gated/page.html: would have been published as /first/index.html: only a form "
            "gives it out, with `{% form SLUG %}` or `{% cta SLUG %}`"
        ]
    assert built.files() == before


def test_a_file_that_is_not_ours_stays_in_the_site(built: TinySite) -> None:
    foreign = built.write("output/www/first/google123.html", "mine")
    (built.root / "content/posts/first.md").unlink()
    result = run()
    assert not (built.site / "first/index.html").exists()
    assert foreign.read_text() == "mine"
    assert " removed 1" in work_of(result)


def test_a_project_that_was_moved_is_built(
    built: TinySite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    moved = shutil.copytree(built.root, tmp_path / "moved", ignore=shutil.ignore_patterns("output"))
    shutil.rmtree(built.site.parent)
    monkeypatch.chdir(moved)
    result = run()
    assert result.exit_code == 0, result.stderr
    assert "First." in (moved / "output/www/first/index.html").read_text("utf-8")


def test_the_first_build_removes_what_is_in_the_folder(site: TinySite) -> None:
    old = site.write("output/www/old/index.html", "of another site")
    site.post("Text.")
    site.build()
    assert not old.parent.exists()


def test_a_file_that_somebody_changed_is_rendered_again(built: TinySite) -> None:
    built.write("output/www/first/index.html", "changed")
    result = run("--explain")
    assert "first/index.html: its file has changed" in result.stdout
    assert "First." in built.page("first")


def test_a_text_whose_picture_changes_during_the_build_is_read_again(
    site: TinySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.set('PLUGINS.insert(1, "publish.plugins.pictures")')
    picture = site.root / "content/images/a.png"
    Image.new("RGB", (10, 10)).save(picture)
    site.post("![A](/images/a.png)", name="first")
    store_new_texts = StoredSite.store_new_texts

    def late(stored: StoredSite) -> None:
        Image.new("RGB", (20, 10)).save(picture)
        store_new_texts(stored)

    with monkeypatch.context() as during:
        during.setattr(StoredSite, "store_new_texts", late)
        run()
    assert 'width="10"' in (site.site / "first/index.html").read_text()
    run()
    assert 'width="20"' in (site.site / "first/index.html").read_text()
    assert run("--verify").exit_code == 0


def test_a_verified_site_is_what_a_clean_build_makes(built: TinySite) -> None:
    built.post("Other words.", name="first")
    result = run("--verify")
    assert result.exit_code == 0
    assert result.stdout.endswith("The site is what a clean build makes, byte for byte.\n")


LIST: Final = """\
{% for page in (articles_previous_page, articles_page, articles_next_page, dates_page) if page %}
{{ page.number }} {{ page.url }} {{ page.save_as }} {{ page.start_index() }} {{ page.end_index() }}
{{ page.has_next() }} {{ page.object_list|map(attribute="title")|join(" ") }}
{% endfor %}
{% if dates_paginator %}{{ dates_paginator.object_list|map(attribute="title")|join }}
{{ articles_paginator.num_pages }} {{ articles_paginator.page(1).object_list|length }}{% endif %}
{{ dates|map(attribute="title")|join(" ") }} / {{ articles|map(attribute="title")|join(" ") }}
{{ all_articles|length }}
"""
"""Shows all that Pelican gives the template of a list."""


def test_lists_with_own_templates_are_as_pelican_makes_them(site: TinySite) -> None:
    kinds = ("tag", "category", "author")
    for kind in kinds:
        site.write(f"theme/templates/{kind}.html", LIST)
        site.set(f"{kind.upper()}_SAVE_AS = '{kind}/{{slug}}.html'")
    site.set("DEFAULT_PAGINATION, DEFAULT_ORPHANS, NEWEST_FIRST_ARCHIVES = 2, 1, False")
    site.set("PAGINATED_TEMPLATES = {'tag': None, 'category': 3}")
    for number in range(9):
        names = f"Tags: even{number % 2}, three{number % 3}\nAuthor: A{number % 2}\n"
        site.post("Text.", name=f"n{number}", front_matter=names)
    assert run("--verify").exit_code == 0
    before = site.files()
    site.post("Text.", name="n4", front_matter="Tags: even0, new\nAuthor: A1\n")
    (site.root / "content/posts/n7.md").unlink()
    assert run("--verify").exit_code == 0
    changed = {name for name, page in site.files().items() if before.get(name) != page}
    assert {"tag/new.html", "tag/three1.html", "category/posts.html", "author/a0.html"} <= changed


def test_a_verification_names_each_file_that_differs(
    built: TinySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    built.write("output/www/mine.txt", "mine")
    changed = built.site / "first/index.html"
    monkeypatch.setattr("publish.build.site_folder.SiteFolder.is_current", lambda *_: True)
    changed.write_text("changed")
    result = run("--verify")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "first/index.html differs from a clean build",
        "mine.txt is no file of the site",
        "Build with --clean. If a page differed, report what you had edited.",
    ]


def test_a_site_with_a_plugin_of_its_own_is_made_anew_each_time(built: TinySite) -> None:
    built.write("mine.py", "def register():\n    pass\n")
    built.set("PLUGINS = [*PLUGINS, 'mine']")
    run()
    built.post("Other words.", name="first")
    result = run("--explain")
    assert "Everything was made again: the plugin mine is not one of" in result.stdout
    assert work_of(result).startswith("read 2, ")


def test_a_warning_of_pelican_that_names_no_text_makes_the_next_build_complete(
    built: TinySite,
) -> None:
    built.set("ARTICLE_ORDER_BY = 7")
    assert (
        "The next build makes everything again, because Pelican warns only of texts that it reads, "
        "and this warning names none; correct its cause: Invalid *_ORDER_BY setting (7)."
    ) in run("--explain").stdout
    built.post("Other words.", name="first")
    assert work_of(run()).startswith("read 2, ")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("JINJA_FILTERS", {"shout": str.upper}, "JINJA_FILTERS"),
        ("RELATIVE_URLS", True, "RELATIVE_URLS is on"),
        ("DEFAULT_DATE", "fs", "dates come from files"),
        ("LOAD_CONTENT_CACHE", True, "Pelican's own cache is on"),
        ("MARKDOWN", {"extensions": ["pymdownx.snippets"]}, "may read other files"),
    ],
)
def test_what_cannot_be_known_makes_a_build_complete(name: str, value: object, reason: str) -> None:
    settings = {
        "PLUGINS": [],
        "JINJA_FILTERS": {},
        "JINJA_GLOBALS": {},
        "JINJA_TESTS": {},
        "RELATIVE_URLS": False,
        "CACHE_CONTENT": False,
        "LOAD_CONTENT_CACHE": False,
        "MARKDOWN": {"extensions": []},
    }
    assert why_complete(settings) == ""
    assert reason in why_complete({**settings, name: value})


def test_two_sites_with_one_cache_do_not_take_each_others_texts(built: TinySite) -> None:
    first = built.files()
    text = (built.root / "pelicanconf.py").read_text()
    built.set("SITENAME = 'Another name'")
    built.build()
    shutil.rmtree(built.site)
    built.write("pelicanconf.py", text)
    built.build()
    assert built.files() == first


@pytest.mark.parametrize(
    "summaries", [("As before.",) * 3, ("As before.", "Another.", "A third one.")]
)
def test_a_warning_about_a_text_that_is_not_read_again_is_repeated_as_it_was(
    built: TinySite, summaries: Sequence[str]
) -> None:
    built.set('PLUGINS.insert(-1, "publish.plugins.pictures")')
    built.write("content/images/line.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
    built.post("![A line]({static}/images/line.svg)", name="first")
    for number, summary in enumerate(summaries):
        built.post(f"Text {number}.", name="second", front_matter=f"Summary: {summary}\n")
        warnings = [line for line in run().stderr.splitlines() if "has no size" in line]
        assert warnings == [
            "warning: content/images/line.svg: has no size: give its <svg> a width and a height"
        ]


def test_a_compressed_file_of_the_writer_comes_back_when_its_page_is_too_small_to_compress(
    site: TinySite,
) -> None:
    def finish(folder: SiteFolder, cache: Path) -> None:
        compress(folder, cache / "compressed")

    def release() -> dict[str, bytes]:
        build(Path("pelicanconf.py"), {}, finish=finish)
        return site.files()

    site.write("theme/templates/article.html", "{{ article.content }}")
    site.write("theme/share.typ", "#set page(width: 9pt, height: 9pt, margin: 0pt)\n")
    site.set("STATIC_PATHS = ['files']")
    site.set("EXTRA_PATH_METADATA = {'files/a.gz': {'path': 'post/index.html.gz'}}")
    path = site.root / "content/files/a.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress(b"From the writer.", mtime=0))
    site.post("Words " * 100, front_matter="Summary: As before.\n")
    assert release()["post/index.html.gz"] != path.read_bytes()
    site.post("Few words.", front_matter="Summary: As before.\n")
    assert release()["post/index.html.gz"] == path.read_bytes()


def test_the_cache_of_compressed_files_loses_those_of_former_pages(tmp_path: Path) -> None:
    cache, site = tmp_path / "cache", tmp_path / "site"
    (site / "kept.css").parent.mkdir()
    (site / "kept.css").write_text("body { color: red } " * 50)
    for number in range(5):
        (site / "page.html").write_text(f"<p>Version {number}</p>" * 50)
        for compressed in site.glob("*.??"):
            compressed.unlink()
        compress(SiteFolder.of_complete(site), cache)
        assert len(list(cache.glob("??/*"))) <= 8
    cached = {path.read_bytes() for path in cache.glob("??/*")}
    assert len(cached) < 8
    for name in ("kept.css", "page.html"):
        assert {(site / f"{name}{suffix}").read_bytes() for suffix in (".gz", ".br")} <= cached
