"""`gatepost fix`: only what is sure is edited, and a check never finds anything new afterwards."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.errors import Refused
from publish.checks.edit import Edit, Mismatch, apply_edits, overlap
from publish.checks.first_paragraph import first_paragraph
from publish.checks.known_findings import write_known_findings
from publish.fix_cli import diff_lines
from publish.fixing import find_fixes, write_fixes
from tests.publish.checks.conftest import SUMMARY
from tests.publish.checks.text_edits import fix

PARAGRAPH = "This is what a reader gets from the text, said in one plain sentence."


def body(desk: Any, name: str = "post") -> str:
    text: str = (desk.root / f"content/posts/{name}.md").read_text(encoding="utf-8")
    return text.split("\n\n", 1)[1].strip()


@pytest.fixture
def site(desk: Any) -> Any:
    desk.post("## Parts\n\nText.", name="four-numbers", tags="leads")
    desk.post(name="other", tags="leads")
    desk.post(name="about", status="hidden")
    return desk


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("## Parts\n\n[x](#part)", "## Parts\n\n[x](#parts)"),
        ("[x](four-number.md#parts)", "[x](four-numbers.md#parts)"),
        ("[x]({filename}four-number.md?a#parts)", "[x]({filename}/posts/four-numbers.md?a#parts)"),
        ("[x](/posts/four-numbers.md)", "[x]({filename}/posts/four-numbers.md)"),
        ("[x](/abuot/#top)", "[x](/about/#top)"),
        ("<a href='/abuot/'>x</a>", "<a href='/about/'>x</a>"),
        ("[x][y]\n\n[y]: /abuot/", "[x][y]\n\n[y]: /about/"),
        ("![a dot]({static}/images/dt.svg)", "![a dot]({static}/images/dot.svg)"),
        ("![a dot](/images/dt.svg)", "![a dot](/images/dot.svg)"),
        ("[x]({filname}four-numbers.md)", "[x]({filename}four-numbers.md)"),
        ("{% frm guide %}", "{% form guide %}"),
        ("{%form giude%}", "{% form guide %}"),
        ("{{ cta guide }}", "{% cta guide %}"),
        ("Text.\n\n  {% form giude %}  \n\nMore.", "Text.\n\n  {% form guide %}  \n\nMore."),
        ("# One\n\n## Two\n\n# Three", "## One\n\n### Two\n\n## Three"),
        ("## One\n\n#### Two\n\n#### Three", "## One\n\n### Two\n\n### Three"),
        ("One\n===\n\nText.", "One\n---\n\nText."),
        ("> # One", "> ## One"),
        ("[x](/abuot/) and [y](/abuot/)", "[x](/about/) and [y](/about/)"),
        ("![a dot](../images/dt.svg)", "![a dot](../images/dot.svg)"),
        ("A\x07 `b\x1b` \x93c\x94 d", "A `b` \u201cc\u201d d"),
        ("&#7;A &#146;b&#146; &#x80;", "A \u2019b\u2019 €"),
    ],
)
def test_what_is_sure_is_fixed(site: Any, wrong: str, right: str) -> None:
    site.post(wrong)
    assert site.findings()
    fixes = fix(site)
    assert body(site) == right
    assert fixes.fixed
    assert site.findings() == []
    assert find_fixes(site.check).files == ()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("/guide/first-steps/#parts", "guide/first-steps.md#parts"),
        ("/guide/first-steps.html", "guide/first-steps.md"),
        ("guide/first-steps", "guide/first-steps.md"),
        ("guide/first-steps.mdx#parts", "guide/first-steps.md#parts"),
        ("../guide/first-steps/", "guide/first-steps.md"),
        ("/guide/", "guide/_index.md"),
        ("/docs/v2/guide/first-steps/", "guide/first-steps.md"),
        ("guide/first-steps.md/#parts", "guide/first-steps.md#parts"),
        ("/drive/", "drive.md"),  # and not /hidrive/
        ("drive", "drive.md"),
    ],
)
def test_a_link_of_another_system_leads_to_the_file_with_its_path(
    site: Any, wrong: str, right: str
) -> None:
    site.post("## Parts\n\nText.", name="guide/first-steps", slug="begin")
    site.post(name="guide/_index", slug="all-parts")
    site.post(name="drive", slug="known-drive")
    site.post(name="hidrive")
    site.post(f"[x]({wrong})")
    fix(site)
    assert body(site) == f"[x]({right})", site.findings()
    assert site.findings() == []


def test_a_link_that_may_mean_two_files_is_not_fixed(site: Any) -> None:
    site.post(name="one/setup", slug="first")
    site.post(name="two/setup", slug="second")
    site.post("[x](/setup/)")
    (finding,) = site.findings()
    assert "did you mean `one/setup.md` or `two/setup.md`?" in finding
    assert find_fixes(site.check).files == ()


@pytest.mark.parametrize(
    "text",
    [
        "## Lint version\n\n[x](#lint-verify)",
        "[x](/ourdrive/)",
        "[x](/other-folder/post)",
        "[x](auto-other.md)",
        "## Part a\n\n## Part b\n\n[x](#part-c)",
        "[x](#nowhere)",
        "A {% frm guide %} in a text.",
        "{% form guide-2 %}",
        "{% xyz guide %}",
        "[x](/images/report-1.pdf)",
        "`(/abuot/)` [x](/abuot/)",
        "[the (/abuot/)\npage][y]\n\n[y]:\n/abuot/",
        "[x](four-number.md#nothing-such)",
        "## A\n\nTwo\n===",
        "[x](www.other.example/a)",
        "![]({static}/images/dot.svg)",
    ],
)
def test_what_is_not_sure_stays_as_it_is(site: Any, text: str) -> None:
    site.post(name="overdrive")
    site.post(text)
    if "Two\n===" in text:
        site.post(f"{text}\n\nThree\n---\n\n#### Four\n\n##### Five\n\n###### Six")
    before = (site.root / "content/posts/post.md").read_bytes()
    found = site.findings()
    assert found
    fix(site, "link", "dead-link", "anchor", "alt")
    assert (site.root / "content/posts/post.md").read_bytes() == before
    assert site.findings() == found


def test_a_path_below_a_long_address_is_no_misspelling_of_that_address(site: Any) -> None:
    site.post("[x](figure)", name="the-four-numbers-of-a-campaign")
    (message,) = site.errors()
    assert message.endswith(", which does not exist: correct it, or remove it")
    assert find_fixes(site.check).files == ()


def test_the_common_spelling_of_a_tag_wins_and_a_tie_is_left(site: Any) -> None:
    site.post(tags="price, lead")
    fixes = fix(site)
    assert "Tags: price, leads\n" in (site.root / "content/posts/post.md").read_text()
    assert fixes.fixed == 1
    site.post(name="a", tags="sale")
    site.post(name="b", tags="Sale")
    assert fix(site).files == ()


def test_a_tag_is_not_written_twice_into_one_post(site: Any) -> None:
    site.post(tags="lead, leads")
    assert fix(site).files == ()


def test_a_missing_summary_is_drafted_from_the_first_paragraph(site: Any) -> None:
    site.post(f"## Why\n\n{PARAGRAPH}", summary=None)
    site.write(
        "content/posts/yaml.md",
        f"---\ntitle: In yaml\ndate: 2026-11-02\nsummary:\n---\n\n{PARAGRAPH} It is 'so'.\n",
    )
    site.write(
        "content/posts/end.md", f"---\ntitle: At the end\ndate: 2026-11-02\n---\n{PARAGRAPH}\n"
    )
    assert fix(site).fixed == 3
    folder = site.root / "content/posts"
    assert f"\nSlug: post\nSummary: {PARAGRAPH}\n\n## Why" in (folder / "post.md").read_text()
    assert f"\nsummary: \"{PARAGRAPH} It is 'so'.\"\n---\n" in (folder / "yaml.md").read_text()
    assert f'\nsummary: "{PARAGRAPH}"\n---\n' in (folder / "end.md").read_text()
    assert site.findings() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PARAGRAPH, PARAGRAPH),
        (f"{PARAGRAPH} {'more words ' * 20}", PARAGRAPH),
        (f"## A\n\n- {PARAGRAPH}\n\n{PARAGRAPH}", PARAGRAPH),
        ("word " * 60, f"{('word ' * 32).rstrip()}…"),
        (f"*Well*, {PARAGRAPH}", f"Well, {PARAGRAPH}"),
        ("Too short.", ""),
        (f"{PARAGRAPH}[^1]\n\n[^1]: A note.", ""),
        (f"![dot](dot.svg) {PARAGRAPH}", ""),
        (f"{{% form guide %}} {PARAGRAPH}", ""),
        (f"{PARAGRAPH} A `List<String>` too.", ""),
        (f"1\\. {PARAGRAPH}", ""),
        ("x" * 200, ""),
    ],
)
def test_a_draft_of_a_summary_is_plain_and_has_the_right_length(text: str, expected: str) -> None:
    draft = first_paragraph(text, 50, 160)
    assert draft == expected
    assert not draft or 50 <= len(draft) <= 160


def test_line_breaks_byte_order_mark_and_permissions_stay(site: Any) -> None:
    path = site.root / "content/posts/post.md"
    text = f"\ufeffTitle: Été\r\nDate: 2026-11-02\r\n\r\n{PARAGRAPH}\r\n\r\n# Ça\r\n[x](/abuot/)"
    path.write_bytes(text.encode())
    path.chmod(0o640)
    fix(site)
    expected = text.replace("\r\n\r\nThis", f"\r\nSummary: {PARAGRAPH}\r\n\r\nThis")
    assert path.read_bytes().decode() == expected.replace("# Ça", "## Ça").replace("abuot", "about")
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(path.parent.glob(".*")) == []


def test_only_the_named_rules_are_fixed(site: Any) -> None:
    site.post("# One\n\n[x](/abuot/)")
    assert fix(site, "headings").fixed == 1
    assert body(site) == "## One\n\n[x](/abuot/)"


def test_a_misspelt_campaign_of_the_front_matter_is_corrected(site: Any) -> None:
    site.post(campaign="giude")
    assert fix(site).fixed == 1
    assert "Campaign: guide\n" in (site.root / "content/posts/post.md").read_text()


def test_an_edit_that_harms_another_file_is_found_among_many_and_left_out(site: Any) -> None:
    for number in range(5):
        site.post("# One", name=f"post-{number}")
    text = "Titel: On other\nDate: 2026-11-02\nSummary: {}\n\n# One\n"
    path = site.write("content/posts/zz.md", text.format(SUMMARY))  # it would get a used address
    site.post(name="on-other")
    fix(site)
    assert "Titel: On other" in path.read_text()
    bodies = [body(site, f"post-{number}") for number in range(5)]
    assert bodies == ["## One"] * 5


def test_known_findings_are_left_unless_they_are_asked_for(site: Any) -> None:
    site.post("# One")
    write_known_findings(site.root / "content", site.check()[1].recordable)
    assert find_fixes(site.check).files == ()
    assert find_fixes(site.check, with_known=True).fixed == 1


def test_a_file_that_is_read_only_is_not_written(site: Any) -> None:
    site.post("# One", name="a")
    site.post("# One")
    path = site.root / "content/posts/post.md"
    path.chmod(0o444)
    with pytest.raises(Refused, match=r"post\.md: is read-only: make it writable; nothing was"):
        fix(site)
    assert body(site, "a") == "# One"


def test_owner_and_permissions_stay(site: Any) -> None:
    site.post("# One")
    path = site.root / "content/posts/post.md"
    if os.geteuid() == 0:  # only root may give a file to another user
        os.chown(path, 12345, 23456)
    path.chmod(0o664)
    before = path.stat()
    fix(site)
    after = path.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (
        before.st_uid,
        before.st_gid,
        before.st_mode,
    )
    assert body(site) == "## One"


def test_a_file_that_changed_meanwhile_is_not_written(site: Any) -> None:
    site.post("# One", name="a")
    site.post("# One")
    fixes = find_fixes(site.check)
    site.post("# Another")
    with pytest.raises(Refused, match=r"post\.md: was changed just now"):
        write_fixes(fixes.files)
    assert (body(site), body(site, "a")) == ("# Another", "# One")


def test_a_symbolic_link_is_not_followed(site: Any) -> None:
    outside = site.write("outside.md", "Title: Out\n\n# One\n")
    inside = site.write("content/hidden.txt", f"Title: In\nDate: 2026-11-02\n\n{PARAGRAPH}\n")
    (site.root / "content/posts/out.md").symlink_to(outside)
    (site.root / "content/posts/in.md").symlink_to(inside)
    assert find_fixes(site.check).files == ()


def test_a_link_is_not_changed_if_its_new_target_is_a_draft(site: Any) -> None:
    site.post(name="launch-plans", status="draft", preview="x" * 16)
    site.post("# One\n\n[x](launch-plan.md)")
    fix(site)
    assert body(site) == "## One\n\n[x](launch-plan.md)"


def test_the_diff_names_the_file_and_shows_what_changes(site: Any) -> None:
    site.post("# One")
    (file,) = find_fixes(site.check).files
    lines = list(diff_lines(file))
    assert lines[:2] == ["--- a/content/posts/post.md", "+++ b/content/posts/post.md"]
    assert [line for line in lines[2:] if line[0] in "+-"] == ["-# One", "+## One"]


def test_edits_that_overlap_or_do_not_match_are_not_applied() -> None:
    one, two = Edit(1, 0, "abc", "x"), Edit(1, 2, "c", "y")
    assert overlap([two, one])
    assert overlap([Edit(1, 0, "", "x"), Edit(1, 0, "", "y")])
    assert not overlap([Edit(1, 0, "ab", "x"), two, Edit(2, 0, "abc", "x")])
    assert apply_edits(b"abc\rabc", [Edit(2, 1, "b", "\n"), two]) == b"aby\ra\rc"
    for edit in (Edit(1, 0, "b", "x"), Edit(3, 0, "", "x"), Edit(0, 0, "", "x")):
        with pytest.raises(Mismatch):
            apply_edits(b"abc\rabc", [edit])


BLOCKS = (
    *("# One", "## Two", "### Three", "#### Four", "Five\n====", "Text.", PARAGRAPH),
    *("[x](#tow)", "[x](/abuot/)", "[y](four-number.md#part)", "[y](four-number.md#parts)"),
    *(
        "[z](launch-plan.md)",
        "[z]({tag}lead)",
        "![dot](/images/dt.svg)",
        "`(/abuot/)` [x](/abuot/)",
    ),
    *("![](/images/dot.svg)", "{% form gide %}", "> # Quoted", "- # In a list", "```\n# code\n```"),
    '!!! note "See [x](#tow)"\n    # In a note\n\n    [y](/abuot/)',
)
HEADS = (
    "Title: A: b\nDate: 2026-11-02",
    "---\ntitle: A: b\ndate: 2026-11-02\ntags: [lead, price]\n---",
    "---\ntitle: A # b: c\ndate: 2026-11-02\nsummary: x: y\n---",
    "---\ntitle: [a] b\ndate: 2026-11-02\n---",
    "Title: A\nDate: 2026-11-02\nTags: lead, Leads\nRelated: four-number\nImage: /images/dt.svg",
    "Title: A\nDate: 2026-11-02\nTags: lead\nSummary:",
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    head=st.sampled_from(HEADS),
    blocks=st.lists(st.sampled_from(BLOCKS), max_size=6),
    line_break=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_fix_leaves_fewer_findings_and_none_that_are_new(
    site: Any, head: str, blocks: list[str], line_break: str
) -> None:
    site.post(name="launch-plans", status="draft", preview="x" * 16)
    path: Path = site.root / "content/posts/post.md"
    text = "\n\n".join([head, *blocks, ""])
    path.write_bytes(text.replace("\n", line_break).encode())
    writing, before = site.check()
    readable = not next(p for p in writing.files if p.path == path).front_matter.is_unreadable
    fixes = fix(site)
    after = site.check()[1]
    assert after == fixes.left
    found, left = (
        Counter((finding.path, finding.rule, finding.message) for finding in findings.every)
        for findings in (before, after)
    )
    if readable:
        assert left <= found
    assert bool(fixes.files) == (path.read_bytes() != text.replace("\n", line_break).encode())
    assert len(after.every) < len(before.every) or not fixes.files or not readable
    assert find_fixes(site.check).files == ()
