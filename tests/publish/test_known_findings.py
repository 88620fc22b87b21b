"""`gatepost check --baseline`, and what check and build print afterwards."""

import re
from typing import Any

from click.testing import CliRunner, Result

from publish.cli import build as build_command
from publish.cli import check as check_command


def check(*options: str) -> Result:
    return CliRunner().invoke(check_command, options)


def test_known_findings_are_one_line_until_all_are_asked_for(site: Any) -> None:
    site.post("# One\n\n![](/images/dot.svg)")
    recorded = check("--baseline")
    assert (recorded.exit_code, recorded.stderr) == (0, "")
    assert recorded.stdout == (
        "Recorded 2 findings in content/known-findings.json: commit it.\n"
        "1 article, 0 pages and 0 forms: no new mistakes found.\n"
    )
    later = check()
    assert (later.exit_code, later.stderr) == (0, "2 known findings, `--all` shows them\n")
    assert later.stdout == "1 article, 0 pages and 0 forms: no new mistakes found.\n"
    every = check("--all")
    assert (every.exit_code, every.stdout) == (0, later.stdout)
    assert re.findall(r"^warning: (content/posts/post\.md:\d+): ", every.stderr, re.M) == [
        "content/posts/post.md:4",
        "content/posts/post.md:6",
    ]


def test_a_build_publishes_with_known_findings(site: Any) -> None:
    site.post("[x](/nowhere/)")
    assert CliRunner().invoke(build_command).exit_code == 1
    check("--baseline")
    assert CliRunner().invoke(build_command).exit_code == 0
    assert '<a href="/nowhere/">' in site.page()
    assert "known-findings.json" not in site.files()


def test_what_breaks_the_site_is_still_an_error_when_the_rest_is_recorded(site: Any) -> None:
    site.post("# One\n\n[x]({filename}none.md)")
    recorded = check("--baseline")
    assert recorded.exit_code == 1
    assert "Recorded 1 finding in " in recorded.stdout
    assert "`{filename}none.md` leads to no article" in recorded.stderr


def test_a_build_prints_the_number_of_many_warnings(site: Any) -> None:
    for number in range(6):  # Pelican replaces its fifth message of a kind by another text
        site.post(f"Text {number}.\n\n![](/images/dot.svg)", name=f"post-{number}")
    built = CliRunner().invoke(build_command)
    assert built.exit_code == 0
    assert built.stderr == "6 warnings about texts and files: `gatepost check` lists them.\n"
    assert check().stderr.count("\nwarning: ") == 5


def test_a_missing_summary_is_a_warning_and_the_first_paragraph_takes_its_place(site: Any) -> None:
    site.set("del WRITING_RULES['missing-summary']; SUMMARY_MAX_PARAGRAPHS = 1")
    site.post("## A heading\n\nThe *first* paragraph.\n\nThe second one.")
    (warning,) = check().stderr.splitlines()
    assert warning.startswith(
        "warning: content/posts/post.md:1: has no summary, so its first paragraph is shown: add "
    )
    site.build()
    assert "<p>The <em>first</em> paragraph.</p></li>" in (site.site / "index.html").read_text()
    site.set("WRITING_RULES['missing-summary'] = 'error'")
    (message,) = site.mistakes()
    assert "has no summary" in message


def test_a_hidden_post_is_no_suggestion_for_itself(site: Any) -> None:
    site.post("Text.", name="hid", front_matter="Status: hidden\n")
    site.post("Text.", front_matter="Related: hid\n")
    (message,) = site.mistakes()
    assert message == (
        "content/posts/post.md:3: `related`: `hid` is hidden, so no list shows it: publish it, or "
        "name another article"
    )
