"""`gatepost check --baseline`, and what check and build print afterwards."""

import re
from typing import Any

import pytest
from click.testing import CliRunner, Result

from capture.errors import Refused
from publish.check_cli import check as check_command
from publish.cli import build as build_command
from publish.fix_cli import fix as fix_command


def check(*options: str) -> Result:
    return CliRunner().invoke(check_command, options)


def test_known_findings_are_one_line_until_all_are_asked_for(site: Any) -> None:
    site.post("# One\n\n![](/images/dot.svg)")
    recorded = check("--baseline")
    assert (recorded.exit_code, recorded.stderr) == (0, "")
    assert recorded.stdout == (
        "Recorded 2 findings in content/known-findings.txt: commit it.\n"
        "1 article, 0 pages and 0 forms: no new mistakes found.\n"
    )
    later = check()
    assert (later.exit_code, later.stderr) == (0, "2 known findings, `--all` shows them\n")
    assert later.stdout == "1 article, 0 pages and 0 forms: no new mistakes found.\n"
    every = check("--all")
    assert every.exit_code == 0
    assert every.stdout == "1 article, 0 pages and 0 forms: 2 warnings, no new errors found.\n"
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
    assert "known-findings.txt" not in site.files()


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
    assert built.stderr == (
        "warning: 6 warnings about texts and files: `gatepost check` lists them\n"
    )
    shown = check().stderr.splitlines()
    assert len(shown) == 5
    assert shown[-1] == "6 warnings: 6 alt"
    assert shown[-2] == "warning: … and 3 more of the rule alt: `gatepost check alt` lists them"
    assert check("--all").stderr.count("warning: ") == check("alt").stderr.count("warning: ") == 6
    assert check("--format", "github").stdout.count("::warning ") == 6


def test_a_named_rule_is_checked_alone(site: Any) -> None:
    site.post("# One\n\n[x]({filename}none.md)")
    assert (check().exit_code, check("link").exit_code, check("headings").exit_code) == (1, 1, 0)
    (line,) = check("link").stderr.splitlines()
    assert line.startswith("content/posts/post.md:6: ")
    assert line.endswith(" [link]")
    warning, fixable = check("headings").stderr.splitlines()
    assert warning.endswith(" write `##` [headings]")
    assert fixable == "1 finding can be fixed by `gatepost fix headings`"
    with pytest.raises(Refused, match="no rule `heading`; use some of: active-content, "):
        CliRunner().invoke(check_command, ["heading"], catch_exceptions=False)


def test_the_end_counts_errors_and_warnings_by_rule(site: Any) -> None:
    site.post("# One\n\n[x]({filename}a.md) [y]({filename}b.md) [z](/none/)")
    assert check().stderr.splitlines()[-3:-1] == [
        "3 errors: 2 link, 1 dead-link",
        "1 warning: 1 headings",
    ]
    site.post("# One")
    assert check().stdout == "1 article, 0 pages and 0 forms: 1 warning, no errors found.\n"


def test_a_terminal_shows_colours_and_a_file_does_not(site: Any) -> None:
    site.post("# One")
    assert "\x1b" not in check().stderr
    on_terminal = CliRunner().invoke(check_command, color=True).stderr
    assert on_terminal.startswith(
        "\x1b[33mwarning:\x1b[0m \x1b[1mcontent/posts/post.md:4: \x1b[0m`"
    )


def test_known_findings_are_fixed_only_if_all_are_asked_for(site: Any) -> None:
    site.post("# One")
    check("--baseline")
    fixed = CliRunner().invoke(fix_command)
    assert fixed.stdout == (
        "Nothing to fix; 0 findings remain (1 known finding: `--all` fixes known ones too).\n"
    )
    assert check("--all").stderr.splitlines()[-1] == (
        "1 finding can be fixed by `gatepost fix --all`"
    )
    assert CliRunner().invoke(fix_command, ["--all"]).stdout.splitlines()[-1] == (
        "Fixed 1 finding in 1 file; 0 findings remain."
    )


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


def test_dead_links_to_files_may_be_known_and_stay_as_they_are(site: Any) -> None:
    site.post(
        "[a](none.md) [b](../old/none.md#x) [c](/docs/none.md) [d](none.pdf) ![e](/images/none.svg)"
    )
    assert check("dead-link").stderr.splitlines()[-1] == "5 errors: 5 dead-link"
    check("--baseline")
    assert site.check().findings.errors == ()
    site.build()
    for link in ("none.md", "../old/none.md#x", "/docs/none.md", "none.pdf"):
        assert f'href="{link}"' in site.page()
    assert 'src="/images/none.svg"' in site.page()
