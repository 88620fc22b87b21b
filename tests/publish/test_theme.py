"""The theme's templates: the HTML of the site's and the lead service's pages."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest
from pelican import Pelican
from pelican.settings import read_settings

from capture.privacy.receipt import OwnData
from capture.site import Site
from tests.publish.lenient import LENIENT
from tests.publish.theme_samples import CAMPAIGN, OWN_LEAD, RECEIPT, LeadForm, refused
from tests.publish.well_formed_page import Page

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "theme" / "static"

LISTS = ("articles", "archives", "categories", "tags", "authors")
DATA = "application/ld+json"
HOSTILE = """He said "no" & left </title></script><script>alert(1)</script> 🎯"""

POST = f"""Title: {HOSTILE}
Date: 2026-11-02
Category: Pricing & "more" <b>
Tags: 5 < 6
Author: Ann "A" <Writer>
Summary: **Short**, "quoted" & 5 < 6.

## A heading

| a | b |
|---|--:|
| 1 | 2 |

```python
x = "text"  # note
```

![Three steps](/images/steps.svg "From post to bill")

A claim[^1].

[^1]: The source.
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    content = folder / "content"
    for name in ("posts", "pages", "images"):
        (content / name).mkdir(parents=True)
    (content / "posts" / "post.md").write_text(POST)
    (content / "posts" / "plain.md").write_text("Title: Plain\nDate: 2025-01-02\n\nNo more.\n")
    (content / "posts" / "pricing").mkdir()
    folder_post = "Title: In a folder\nDate: 2025-01-03\n\nText.\n"
    (content / "posts" / "pricing" / "folder.md").write_text(folder_post)
    (content / "pages" / "home.md").write_text("Title: Home & garden\nSlug: home\n\nWelcome.\n")
    (content / "pages" / "about.md").write_text("Title: About\nSlug: about\n\nUs.\n")
    (content / "images" / "steps.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    value = {"PATH": str(content), "OUTPUT_PATH": str(folder / "output" / "www"), **LENIENT}
    Pelican(read_settings(str(ROOT / "pelicanconf.py"), override=value)).run()
    return folder / "output" / "www"


@pytest.fixture(scope="module")
def site(output: Path) -> Site:
    return Site.read(output.parent / "site.json")


@pytest.fixture(scope="module")
def article(output: Path) -> str:
    return next(output.glob("he-said*/index.html")).read_text()


@pytest.fixture
def render(site: Site) -> Callable[..., str]:
    """Renders as the service does: the theme's templates, autoescape, nothing of Pelican's."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "theme" / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return lambda name, **facts: env.get_template(name).render(site=site, **facts)


@pytest.fixture
def service_pages(render: Callable[..., str]) -> dict[str, str]:
    file = SimpleNamespace(name="guide & co.pdf", url="/d/token", size="1.2 MB")
    return {
        "form": render("form_page.html", campaign=CAMPAIGN, form=LeadForm(), test=False),
        "refused": render("form_page.html", campaign=CAMPAIGN, form=refused(), test=True),
        "thanks": render("thanks.html", files=[file], missing=["other &.pdf"], days=7),
        "thanks without a file": render("thanks.html", files=[], missing=[], days=7),
        "files": render(
            "files.html",
            files=[file],
            missing=[],
            days=1,
            sent=OwnData((("Full name", "Ann & Lee"),), RECEIPT),
            is_confirmed=True,
        ),
        "files of an erased lead": render(
            "files.html", files=[file], missing=[], days=1, sent=None, is_confirmed=False
        ),
        "sent": render("sent.html", lead="a", proof="p<", gated=True, days=7),
        "confirm": render(
            "confirm.html", title="The <guide>", lead="a", gated=True, notice="No <button>."
        ),
        "confirmed": render("confirmed.html"),
        "not me": render("not_me.html", title="The <guide>", blocked=True, undo_url="/u/t"),
        "consent": render("consent.html", receipt=RECEIPT),
        "ask for own data": render("own_data_ask.html", typed="", problem=""),
        "ask again": render("own_data_ask.html", typed='"><b>', problem="Enter <it>."),
        "link to own data": render("own_data_sent.html"),
        "own data": render(
            "own_data.html",
            leads=[OWN_LEAD, replace(OWN_LEAD, lead_id="b", passed_on_at=None)],
            clients={"acme": "Acme & Co"},
            receipts={"a": "/consent/a", "b": "/consent/b"},
            withdrawable=[OWN_LEAD, OWN_LEAD],
            download_url="/d",
            all="all",
        ),
        "unsubscribe": render("unsubscribe.html", what="letters", rest="", unsubscribed=False),
        "unsubscribed": render("unsubscribe.html", what="letters", rest="", unsubscribed=True),
        "message": render(
            "message.html", title="Gone <b>", text="It ended.", link_url="/", link_text="Home"
        ),
    }


def test_every_page_is_well_formed_with_one_main_heading_and_its_landmarks(
    output: Path, service_pages: dict[str, str]
) -> None:
    pages = {str(path): path.read_text() for path in output.rglob("*.html")} | service_pages
    assert len(pages) > 15
    for name, text in pages.items():
        page = Page(text)
        assert len(page.all("h1")) == 1, name
        assert len(page.all("main")) == 1, name
        assert page.all("html")[0]["lang"] == "en"
        assert page.words("title").strip(), name
        assert page.all("a")[0]["href"] == "#page-main", name


def test_no_page_requests_another_host_or_has_inline_code(
    output: Path, service_pages: dict[str, str]
) -> None:
    pages = {str(path): path.read_text() for path in output.rglob("*.html")} | service_pages
    for name, text in pages.items():
        page = Page(text)
        urls = [attrs.get("src") or attrs.get("srcset") for _, attrs in page.tags]
        urls += [attrs["href"] for attrs in page.all("link") if attrs["rel"] != "canonical"]
        assert all(re.match(r"/(?!/)", url) for url in urls if url), name
        programs = [attrs for attrs in page.all("script") if attrs.get("type") != DATA]
        assert all("src" in attrs for attrs in programs), name
        assert not page.all("style"), name
        loud = [key for _, attrs in page.tags for key in attrs if key[:2] == "on" or key == "style"]
        assert loud == [], name


def test_a_hostile_title_stays_text_wherever_it_is_shown(output: Path, article: str) -> None:
    page = Page(article)
    assert page.words("h1") == HOSTILE
    assert page.words("title").startswith(HOSTILE)
    for path in [*output.rglob("*.html"), output / "feed.xml"]:
        assert "<script>alert" not in path.read_text(), path


def test_a_summary_is_plain_text_with_proper_quotes_in_the_description(article: str) -> None:
    meta = {attrs.get("name", ""): attrs["content"] for attrs in Page(article).all("meta")[1:]}
    assert meta["description"] == "Short, “quoted” & 5 < 6."


def test_a_table_can_be_reached_and_scrolled_by_keyboard(article: str) -> None:
    region = next(attrs for attrs in Page(article).all("div") if attrs.get("class") == "table")
    assert region["tabindex"] == "0"
    assert region["aria-label"] == "Table: a, b"
    assert {"align": "right", "scope": "col"} in Page(article).all("th")


def test_a_picture_with_a_title_becomes_a_figure_with_a_caption(article: str) -> None:
    page = Page(article)
    assert [(tag["alt"], tag["src"]) for tag in page.all("img")] == [
        ("Three steps", "/images/steps.svg")
    ]
    assert page.words("figcaption") == "From post to bill"


def test_the_navigation_marks_the_current_page(output: Path, article: str) -> None:
    listing = Page((output / "articles" / "index.html").read_text())
    assert {"href": "/articles/", "aria-current": "page"} in listing.all("a")
    assert {"href": "/articles/", "aria-current": "true"} in Page(article).all("a")


def test_only_a_page_with_a_form_loads_the_form_script(
    article: str, service_pages: dict[str, str]
) -> None:
    assert "/theme/form." not in article
    assert "/theme/touch." in article
    assert "/theme/form." in service_pages["form"]


def test_each_input_has_a_label_that_shows_whether_it_is_optional(
    service_pages: dict[str, str],
) -> None:
    page = Page(service_pages["form"])
    labels = {attrs["for"] for attrs in page.all("label")}
    for tag in ("input", "select", "textarea"):
        for attrs in page.all(tag):
            assert attrs.get("type") == "hidden" or attrs["id"] in labels, attrs
    assert {"Role", "Topics "} <= set(page.text["legend"])
    assert service_pages["form"].count("(optional)") == 3


def test_a_hint_and_an_error_describe_their_input(service_pages: dict[str, str]) -> None:
    page = Page(service_pages["refused"])
    email = page.by_id("acme-email")
    assert email["aria-describedby"] == "acme-email-hint acme-email-error"
    assert email["aria-invalid"] == "true"
    assert page.by_id("acme-role")["aria-describedby"] == "acme-role-error"
    assert "aria-describedby" not in Page(service_pages["form"]).by_id("acme-full_name")
    for _, attrs in page.tags:
        for target in attrs.get("aria-describedby", "").split():
            page.by_id(target)


def test_the_error_summary_gets_the_focus_and_links_to_every_faulty_input(
    service_pages: dict[str, str],
) -> None:
    page = Page(service_pages["refused"])
    summary = next(attrs for attrs in page.all("div") if attrs.get("role") == "alert")
    assert summary["tabindex"] == "-1"
    assert "autofocus" in summary
    links = [attrs["href"][1:] for attrs in page.all("a") if attrs["href"].startswith("#acme")]
    assert links == ["acme-full_name", "acme-email", "acme-role", "acme-consent"]
    assert all(page.by_id(link) for link in links)


def test_input_and_error_messages_are_escaped(
    service_pages: dict[str, str],
) -> None:
    page = Page(service_pages["refused"])
    assert page.by_id("acme-full_name")["value"] == '"><b>typed'
    assert page.by_id("acme-topics-0").get("checked") is not None
    assert "Too <odd>" in page.words("p")
    assert not page.all("b")


def test_the_honeypot_field_is_hidden_from_people_and_screen_readers(
    service_pages: dict[str, str],
) -> None:
    page = Page(service_pages["form"])
    trap = page.by_id("homepage")
    assert (trap["tabindex"], trap["autocomplete"]) == ("-1", "off")
    cover = next(attrs for attrs in page.all("div") if attrs.get("class") == "leave-empty")
    assert cover["aria-hidden"] == "true"
    assert ".leave-empty { position: absolute;" in (STATIC / "style.css").read_text()


def test_the_form_posts_to_the_service_without_browser_validation(
    service_pages: dict[str, str],
) -> None:
    form = Page(service_pages["form"]).by_id("form-acme")
    assert (form["action"], form["method"]) == ("/f/acme", "post")
    assert "novalidate" in form
    hidden = [attrs for attrs in Page(service_pages["form"]).all("input") if "gp_" in attrs["name"]]
    assert len(hidden) == 6


def test_a_form_inside_an_article_has_its_own_heading(site: Site) -> None:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "theme" / "templates"), autoescape=True
    )
    macro = env.get_template("_form.html").module.lead_form
    page = Page(str(macro(LeadForm(), CAMPAIGN, site)))
    assert page.words("h2") == CAMPAIGN.title
    assert page.by_id("form-acme")["aria-labelledby"] == "form-acme-title"


def test_a_call_to_action_is_a_link_to_the_forms_own_page(site: Site) -> None:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "theme" / "templates"), autoescape=True
    )
    card = Page(str(env.get_template("_cta.html").module.call_to_action(CAMPAIGN, site)))
    assert card.all("a") == [{"class": "button", "href": "/f/acme"}]
    assert card.words("a") == "Get the guide"


def test_a_closed_campaign_shows_a_sentence_and_a_link(site: Site) -> None:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "theme" / "templates"), autoescape=True
    )
    note = Page(str(env.get_template("_cta.html").module.closed_campaign(CAMPAIGN, site)))
    assert note.words("p").startswith('“The "guide" <b>” is closed')
    assert [attrs["href"] for attrs in note.all("a")] == ["/articles/"]


def test_an_article_without_a_topic_gets_that_of_its_folder_or_the_general_one(
    output: Path,
) -> None:
    assert "General" in Page((output / "plain/index.html").read_text()).words("a")
    assert "pricing" in Page((output / "in-a-folder/index.html").read_text()).words("a")


def test_every_list_of_a_site_without_articles_shows_a_sentence(tmp_path: Path) -> None:
    for name in ("posts", "pages", "images"):
        (tmp_path / "content" / name).mkdir(parents=True)
    (tmp_path / "content/pages/home.md").write_text("Title: Home\nSlug: home\n\nWelcome.\n")
    site = tmp_path / "output" / "www"
    value = {"PATH": str(tmp_path / "content"), "OUTPUT_PATH": str(site), **LENIENT}
    Pelican(read_settings(str(ROOT / "pelicanconf.py"), override=value)).run()
    for name in ("index.html", "404.html", *(f"{name}/index.html" for name in LISTS)):
        page = Page((site / name).read_text())
        assert "Nothing is published here yet." in page.words("p"), name
    assert "Topics" not in Page((site / "search/index.html").read_text()).words("h2")


def test_the_archive_lists_the_newest_year_first(output: Path) -> None:
    archive = (output / "archives" / "index.html").read_text()
    assert re.findall(r"<h2>(\d+)</h2>", archive) == ["2026", "2025"]
