"""`gatepost new` writes a file with its front matter filled in, which the rules accept."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result

from capture.errors import Refused
from publish.checks.front_matter import read_front_matter
from publish.cli import new


def run(*args: str) -> Result:
    return CliRunner().invoke(new, args)


@pytest.fixture(autouse=True)
def author(site: Any) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "config", "user.name", "Ann Writer"], check=True)
    site.set("WRITING_RULES = {}")


def front_matter_of(path: str) -> dict[str, str]:
    return dict(read_front_matter(Path(path).read_text()).values)


@time_machine.travel(datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
def test_a_new_post_has_its_head_filled_in(site: Any) -> None:
    site.post("Text.", name="a", front_matter="Category: Pricing\n")
    done = run("post", "What: it's “worth”, really?")
    assert done.stdout == "content/posts/what-its-worth-really.md\n"
    front_matter = front_matter_of(done.stdout.strip())
    assert len(front_matter.pop("preview")) >= 22
    assert front_matter == {
        "title": "What: it's “worth”, really?",
        "date": "2026-11-23",
        "category": "Pricing",
        "tags": "",
        "author": "Ann Writer",
        "slug": "what-its-worth-really",
        "summary": "",
        "status": "draft",
    }


@pytest.mark.parametrize("style", [[], ["--yaml"]])
@pytest.mark.parametrize("kind", ["post", "page"])
@pytest.mark.parametrize("title", ["Plain", 'A: "b" # {c} \\ é', "- item", "No", "[x] & y"])
def test_a_new_file_passes_the_rules_except_for_empty_fields(
    site: Any, kind: str, style: list[str], title: str
) -> None:
    done = run(kind, "--slug", "fresh", *style, "--", title)
    assert done.exit_code == 0
    assert front_matter_of(done.stdout.strip())["title"] == title
    found = site.check().findings
    assert found.errors == ()
    assert [finding.rule for finding in found.warnings] == ["summary"]


def test_two_previews_are_never_alike() -> None:
    files = [run("post", title).stdout.strip() for title in ("One", "Two")]
    assert len({front_matter_of(file)["preview"] for file in files}) == 2


def test_a_new_draft_is_shown_under_its_preview(site: Any) -> None:
    done = run("post", "Secret plans")
    site.build()
    shown = f"drafts/{front_matter_of(done.stdout.strip())['preview']}/index.html"
    assert "Secret plans" in site.files()[shown].decode()


def test_a_slug_that_is_taken_is_refused_and_nothing_is_written(site: Any) -> None:
    site.post("Text.", name="other", front_matter="Slug: taken\nAliases: old\n")
    for title in ("Taken", "Old"):
        refused = run("post", title)
        assert isinstance(refused.exception, Refused)
        assert str(refused.exception) == (
            f"content/posts/other.md already has the slug `{title.lower()}`: give another slug"
        )
    assert len(list(Path("content/posts").iterdir())) == 1


def test_an_address_of_the_site_itself_is_refused(site: Any) -> None:
    done = run("page", "Theme")
    assert done.exception is not None
    assert str(done.exception) == "/theme/ is the folder theme/: give another slug"
    assert not (site.root / "content/pages").exists()


def test_an_existing_file_is_never_overwritten(site: Any) -> None:
    mine = site.write("campaigns/new-guide.toml", "mine")
    refused = run("campaign", "New guide", "--client", "acme")
    assert refused.exit_code == 1
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("slug", ["../../etc/passwd", "a/b", "A B", "-", "a--b"])
def test_an_invalid_slug_is_refused(slug: str) -> None:
    refused = run("post", "Title", "--slug", slug)
    assert isinstance(refused.exception, Refused)
    assert not Path("content/posts").exists()


def test_a_title_without_a_letter_needs_a_slug() -> None:
    assert "give a slug of small letters" in str(run("post", "???").exception)


def test_a_new_campaign_is_valid_and_closed(site: Any) -> None:
    done = run("campaign", 'The "new" guide')
    assert done.stdout == "campaigns/the-new-guide.toml\n"
    site.post("{% form the-new-guide %}")
    site.set("WRITING_RULES = {'summary': 'off'}")
    found = site.check().findings
    assert found.errors == ()
    assert "campaign `the-new-guide` opens on" in found.warnings[0].message


def test_a_new_campaign_takes_currency_and_zone_from_its_clients_others(site: Any) -> None:
    guide = (site.root / "campaigns/guide.toml").read_text()
    site.write("campaigns/guide.toml", guide.replace("America/New_York", "Europe/Vienna"))
    text = Path(run("campaign", "Demo").stdout.strip()).read_text()
    assert 'currency = "USD"\ntime_zone = "Europe/Vienna"\n' in text


def test_a_new_campaign_needs_a_client_if_there_are_several(site: Any) -> None:
    site.write("clients/bolt.toml", (site.root / "clients/acme.toml").read_text())
    refused = run("campaign", "Demo")
    assert str(refused.exception) == ("name the client of the campaign, one of: acme, bolt")
