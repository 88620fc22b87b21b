"""The build reads front matter as the rules do: both styles, drafts, dates, old addresses."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from click.testing import CliRunner

from publish.build.site import is_due
from publish.check_cli import check as check_command
from publish.cli import build as build_command
from publish.fix_cli import fix as fix_command
from tests.samples import CAMPAIGN, NOW

GATEPOST = [sys.executable, "-c", "from gatepost.cli import main; main()"]
TOKEN = "nobody-can-guess-this"
SHOWN = "{{ [article.title, article.tags|join('+'), article.authors|join('+'), article.aliases, "
SHOWN += "article.related, article.noindex, article.faq, article.image_alt, article.date.hour] }}"
SAID = ["A: b", "x+y z", "Ann+Bo", ("old",), ("other",), True, (("Why?", "So."),), "A dot", 9]
FRONT_MATTER = """\
title: "A: b"
date: 2026-11-02 09:30
tags: [x, y z]
author: [Ann, Bo]
slug: post
aliases: old
related: [other]
noindex: true
faq:
  - question: Why?
    answer: So.
image: /images/dot.svg
image_alt: A dot
"""


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """Checks and builds run at `NOW`."""
    with time_machine.travel(NOW, tick=False):
        yield


def test_templates_get_yaml_front_matter_in_the_types_of_the_model(site: Any) -> None:
    site.post("Text.", name="other")
    site.write(
        "content/posts/post.md", f"---\n{FRONT_MATTER}---\n\nNote: text, not front matter.\n"
    )
    site.write(
        "theme/templates/article.html", "{% if article.faq is defined %}" + SHOWN + "{% endif %}"
    )
    site.write("theme/templates/moved.html", "")
    site.build()
    assert site.page() == str(SAID)


def test_a_text_that_looks_like_front_matter_stays_text(site: Any) -> None:
    site.write(
        "content/posts/post.md", "---\ntitle: post\ndate: 2026-11-02\n---\nNote: this stays."
    )
    site.build()
    assert "<p>Note: this stays.</p>" in site.page()


def test_a_summary_is_markdown(site: Any) -> None:
    site.post("Text.", front_matter="Summary: In *short*.\n")
    site.build()
    assert "In <em>short</em>." in (site.site / "index.html").read_text()


def test_a_draft_is_published_only_at_its_preview_address(site: Any) -> None:
    site.post("Secret.", name="draft", front_matter=f"Status: draft\nPreview: {TOKEN}\n")
    site.post("Hidden.", name="other", front_matter="Status: draft\n")
    site.post("Text.")
    built = site.build()
    pages = [name for name in site.files() if b"Secret." in site.files()[name]]
    assert pages == [f"drafts/{TOKEN}/index.html"]
    assert not any(b"Hidden." in page for page in site.files().values())
    assert built.summary.warnings == (
        "content/posts/other.md:3: is a draft without `preview`, so nobody can see it: "
        "`gatepost new` makes one",
    )


def later(days: int = 1) -> str:
    return (NOW + timedelta(days=days)).strftime("%Y-%m-%d %H:%M")


def test_a_future_post_is_held_back_and_the_build_prints_its_date(site: Any) -> None:
    due = later()
    site.write("content/posts/post.md", f"Title: post\nDate: {due}\n\nNot yet.")
    done = CliRunner().invoke(build_command)
    assert done.stdout.splitlines()[1] == (
        f"The next post is due on {due.replace(' ', ' at ')} UTC: content/posts/post.md."
    )
    assert not any(b"Not yet." in page for page in site.files().values())


def test_a_post_is_published_when_it_is_due_even_with_pelicans_cache(site: Any) -> None:
    site.set('CACHE_CONTENT = LOAD_CONTENT_CACHE = True\nCONTENT_CACHING_LAYER = "reader"')
    due = NOW + timedelta(days=1)
    site.write("content/posts/post.md", f"Title: post\nDate: {due.isoformat()}\n\nNow.")
    site.build()
    assert not (site.site / "post").exists()
    with time_machine.travel(due):
        site.build()
    assert "Now." in site.page()


def published(site: Any) -> Any:
    return json.loads((site.root / "output/published.json").read_text())


def test_a_timer_builds_only_when_a_post_has_become_due(site: Any) -> None:
    site.set('SITEURL = "https://tiny.example"')
    site.post("Text.")
    site.write("content/posts/later.md", f"Title: later\nDate: {later()}\n\nNot yet.")
    site.build()
    quiet = CliRunner().invoke(build_command, ["--if-due"])
    assert (quiet.exit_code, quiet.stdout) == (0, "")
    facts = published(site)
    assert facts["slugs"] == {"post": "content/posts/post.md"}
    facts["due"] = "2026-11-02T00:00:00+00:00"
    site.write("output/published.json", json.dumps(facts))
    built = CliRunner().invoke(build_command, ["--if-due"])
    assert built.stdout.startswith("Built 1 article")


@pytest.mark.parametrize("key", ["opens", "closes"])
def test_a_timer_builds_when_a_form_opens_or_closes(site: Any, key: str) -> None:
    site.set('SITEURL = "https://tiny.example"')
    day = NOW.date() + timedelta(days=3)
    site.write("campaigns/guide.toml", f"{key} = {day}\n{CAMPAIGN}")
    site.post("{% form guide %}")
    site.build()
    begins = day if key == "opens" else day + timedelta(days=1)
    turn = datetime.combine(begins, time.min, ZoneInfo("America/New_York"))
    assert not is_due(Path("pelicanconf.py"), {}, turn - timedelta(seconds=1))
    assert is_due(Path("pelicanconf.py"), {}, turn)


def test_an_old_address_redirects_to_the_new_one(site: Any) -> None:
    site.set('SITEURL = "https://tiny.example"')
    source = Path(__file__).parents[2] / "theme/templates/moved.html"
    site.write("theme/templates/moved.html", source.read_text())
    site.set('JINJA_ENVIRONMENT = {"autoescape": True}')
    front_matter = 'Title: <"B">\nDate: 2026-11-02\nSlug: new-name\nAliases: post, first-name'
    site.write("content/posts/post.md", f"{front_matter}\n\nText.")
    site.build()
    page = site.page("first-name")
    assert '<link rel="canonical" href="https://tiny.example/new-name/">' in page
    assert '<meta http-equiv="refresh" content="0; url=https://tiny.example/new-name/">' in page
    assert '<"B">' not in page
    assert (site.root / "output/redirects.map").read_text() == (
        '"/post/" /new-name/;\n"/post" /new-name/;\n'
        '"/first-name/" /new-name/;\n"/first-name" /new-name/;\n'
    )


def test_a_vanished_slug_stops_the_build_until_it_is_an_alias(site: Any) -> None:
    site.set('SITEURL = "https://tiny.example"')
    site.write("theme/templates/moved.html", "")
    site.post("Text.", front_matter="Slug: old\n")
    site.build()
    site.post("Text.", front_matter="Slug: new\n")
    (message,) = site.mistakes()
    assert message.startswith(
        "content/posts/post.md: its slug `old` was published and is gone: put"
    )
    site.post("Text.", front_matter="Slug: new\nAliases: old\n")
    site.build()
    assert published(site)["slugs"] == {"new": "content/posts/post.md"}


def test_a_local_build_does_not_record_published_slugs(site: Any) -> None:
    site.post("Text.", front_matter="Slug: old\n")
    site.build()
    site.post("Text.", front_matter="Slug: new\n")
    site.build()
    assert not (site.root / "output/published.json").exists()


def test_check_prints_annotations_for_a_pull_request(site: Any) -> None:
    site.post("[100%]({filename}/50%,a:b.md)\n\n![]({static}/images/dot.svg)")
    message = CliRunner().invoke(check_command, ["--format", "github"])
    assert message.exit_code == 1
    assert message.stdout.splitlines() == [
        "::error file=content/posts/post.md,line=4,title=link::"
        "`{filename}/50%25,a:b.md` leads to no article or page: correct the link or add the file",
        "::warning file=content/posts/post.md,line=6,title=alt::"
        "`{static}/images/dot.svg` has no alternative text: write ![what it shows](...)",
    ]


@pytest.mark.parametrize("shape", ["text", "github"])
def test_a_check_without_mistakes_prints_that(site: Any, shape: str) -> None:
    site.post("{% form guide %}")
    done = CliRunner().invoke(check_command, ["--format", shape])
    assert (done.exit_code, done.stdout) == (
        0,
        "1 article, 0 pages and 1 form: no mistakes found.\n",
    )


def test_a_damaged_published_json_is_reported_in_one_line(site: Any) -> None:
    site.post("Text.")
    site.write("output/published.json", "{")
    message = subprocess.run([*GATEPOST, "check"], capture_output=True, text=True, check=False)
    assert (message.returncode, message.stdout) == (1, "")
    assert message.stderr.startswith("output/published.json: is damaged: put it back")
    assert message.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Slug:\nTitle: ???", "3: `title` gives no address: add a line `Slug: ...`"),
        ("Tags: one, ???", "3: `tags`: `???` gives no address: use letters or digits"),
        ("Category: !", "3: `category`: `!` gives no address: use letters or digits"),
        ("Author: +", "3: `author`: `+` gives no address: use letters or digits"),
        ("Template: nope", "3: the theme has no template `nope`: name one of theme/templates/, or"),
    ],
)
def test_a_title_or_name_without_an_address_is_reported_with_its_line(
    site: Any, line: str, expected: str
) -> None:
    title = "" if "Title" in line else "Title: A\n"
    site.write("content/posts/post.md", f"{title}Date: 2026-11-02\n{line}\n\nText.")
    assert expected in site.mistakes()[0]


def test_a_future_page_is_held_back_and_the_build_prints_it(site: Any) -> None:
    site.post("Text.")
    site.write("content/pages/later.md", f"Title: later\nDate: {later()}\n\nNot yet.")
    built = site.build()
    assert not (site.site / "later").exists()
    assert built.summary.content.due.endswith(": content/pages/later.md")


def test_a_hidden_post_with_a_future_date_is_held_back(site: Any) -> None:
    site.write("content/posts/post.md", f"Title: post\nDate: {later()}\nStatus: hidden\n\nNow.")
    site.build()
    assert not (site.site / "post").exists()
    with time_machine.travel(NOW + timedelta(days=2)):
        site.build()
    assert "Now." in site.page()


@pytest.mark.parametrize("date", ["2026-11-02T09:30:00+02:00", "2026-11-02 07:30:00 Z"])
def test_a_date_with_a_zone_is_the_same_instant_for_reader_and_rule(site: Any, date: str) -> None:
    site.write("theme/templates/article.html", "{{ article.date.isoformat() }}")
    site.write("content/posts/post.md", f"---\ntitle: post\ndate: {date}\n---\nText.")
    site.build()
    published_date = datetime.fromisoformat(site.page())
    assert published_date.astimezone(UTC) == datetime(2026, 11, 2, 7, 30, tzinfo=UTC)


def test_fix_shows_a_diff_and_says_what_remains(site: Any) -> None:
    site.post("# One\n\n[x](#nowhere)", front_matter="Summary: short\n")
    path = site.root / "content/posts/post.md"
    before = path.read_text()
    checked = CliRunner().invoke(check_command)
    assert checked.stderr.splitlines()[-1] == "1 finding can be fixed by `gatepost fix`"
    dry = CliRunner().invoke(fix_command, ["--dry-run"])
    assert (dry.exit_code, path.read_text()) == (1, before)
    assert dry.stdout.splitlines()[-1].startswith("Would fix 1 finding in 1 file; ")
    done = CliRunner().invoke(fix_command)
    assert (done.exit_code, path.read_text()) == (1, before.replace("# One", "## One"))
    assert {"-# One", "+## One"} < set(done.stdout.splitlines())
    assert done.stdout.splitlines()[:-1] == dry.stdout.splitlines()[:-1]
    assert done.stdout.splitlines()[-1].startswith("Fixed 1 finding in 1 file; ")
    again = CliRunner().invoke(fix_command)
    assert again.stdout.startswith("Nothing to fix; ")


def test_fix_refuses_an_unknown_rule_with_the_list(site: Any) -> None:
    del site
    done = CliRunner().invoke(fix_command, ["heading"])
    assert str(done.exception).startswith("no rule `heading`; use some of: active-content, address")


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("guide/start/", "guide/start/index.html"),
        ("/guide/start/", "guide/start/index.html"),
        ("guide/start", "guide/start/index.html"),
        ("guide/start.html", "guide/start.html"),
    ],
)
def test_an_address_of_its_own_is_where_the_page_is(site: Any, url: str, file: str) -> None:
    site.post("Text.", front_matter=f"Url: {url}\n")
    site.post("[x](post.md)", name="other")
    site.build()
    assert (site.site / file).is_file()
    assert not (site.site / "post").exists()
    assert f'href="/{url.removeprefix("/")}"' in site.page("other")


def test_braces_written_as_entities_are_shown(site: Any) -> None:
    site.post("`{% form guide %}` is shown, and &#123;% form guide %} too.")
    site.build()
    assert "&#123;% form guide %}" in site.page()
