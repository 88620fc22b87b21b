"""`gatepost new` writes a file with front matter that the rules accept."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result

from capture.campaign.files import parse_campaign
from capture.campaign.model import Confirm
from capture.errors import Refused
from publish.checks.front_matter import read_front_matter
from publish.new_cli import new


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
def test_a_new_post_has_complete_front_matter(site: Any) -> None:
    site.post("Text.", name="a", front_matter="Category: Pricing\n")
    result = run("post", "What: it's “worth”, really?")
    assert result.stdout == "content/posts/what-its-worth-really.md\n"
    front_matter = front_matter_of(result.stdout.strip())
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
    result = run(kind, "--slug", "fresh", *style, "--", title)
    assert result.exit_code == 0
    assert front_matter_of(result.stdout.strip())["title"] == title
    findings = site.check().findings
    assert findings.errors == ()
    assert [finding.rule for finding in findings.warnings] == ["missing-summary"]


def test_each_draft_has_its_own_preview_address() -> None:
    files = [run("post", title).stdout.strip() for title in ("One", "Two")]
    assert len({front_matter_of(file)["preview"] for file in files}) == 2


def test_a_new_draft_is_published_at_its_preview_address(site: Any) -> None:
    result = run("post", "Secret plans")
    site.build()
    page = f"drafts/{front_matter_of(result.stdout.strip())['preview']}/index.html"
    assert "Secret plans" in site.files()[page].decode()


def test_a_used_slug_is_refused_and_no_file_is_written(site: Any) -> None:
    site.post("Text.", name="other", front_matter="Slug: taken\nAliases: old\n")
    for title in ("Taken", "Old"):
        result = run("post", title)
        assert isinstance(result.exception, Refused)
        assert str(result.exception) == (
            f"content/posts/other.md already has the slug `{title.lower()}`: give another slug"
        )
    assert len(list(Path("content/posts").iterdir())) == 1


def test_an_address_that_the_site_uses_is_refused(site: Any) -> None:
    result = run("page", "Theme")
    assert result.exception is not None
    assert str(result.exception) == "/theme/ is the folder theme/: give another slug"
    assert not (site.root / "content/pages").exists()


def test_an_existing_file_is_never_overwritten(site: Any) -> None:
    existing = site.write("campaigns/new-guide.toml", "mine")
    result = run("campaign", "New guide", "--client", "acme")
    assert result.exit_code == 1
    assert existing.read_text() == "mine"


@pytest.mark.parametrize("slug", ["../../etc/passwd", "a/b", "A B", "-", "a--b"])
def test_an_invalid_slug_is_refused(slug: str) -> None:
    result = run("post", "Title", "--slug", slug)
    assert isinstance(result.exception, Refused)
    assert not Path("content/posts").exists()


def test_a_title_without_a_letter_needs_a_slug() -> None:
    assert "give a slug of small letters" in str(run("post", "???").exception)


def test_a_new_campaign_is_valid_and_closed(site: Any) -> None:
    result = run("campaign", 'The "new" guide')
    assert result.stdout == "campaigns/the-new-guide.toml\n"
    site.post("{% form the-new-guide %}")
    site.set("WRITING_RULES = {'missing-summary': 'off'}")
    findings = site.check().findings
    assert findings.errors == ()
    assert "campaign `the-new-guide` opens on" in findings.warnings[0].message


def test_a_new_campaign_asks_for_the_proof_of_the_address(site: Any) -> None:
    run("campaign", "Demo", "--client", "acme")
    text = (site.root / "campaigns/demo.toml").read_text()
    assert '\nconfirm = "email" ' in text
    assert parse_campaign("demo", text, "demo.toml").confirm is Confirm.EMAIL


def test_a_new_campaign_takes_currency_and_time_zone_from_the_same_client(site: Any) -> None:
    guide = (site.root / "campaigns/guide.toml").read_text()
    site.write("campaigns/guide.toml", guide.replace("America/New_York", "Europe/Vienna"))
    text = Path(run("campaign", "Demo").stdout.strip()).read_text()
    assert 'currency = "USD"\ntime_zone = "Europe/Vienna"\n' in text


def test_a_new_campaign_needs_a_client_if_there_are_several_clients(site: Any) -> None:
    site.write("clients/bolt.toml", (site.root / "clients/acme.toml").read_text())
    result = run("campaign", "Demo")
    assert str(result.exception) == ("name the client of the campaign, one of: acme, bolt")
