"""After edits of bodies a check runs no rule, and finds what a first check would find."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from capture.campaign import files
from capture.campaign.rules.terms import client_findings
from publish.build.pelican_run import CheckResult, check
from publish.cache_file import seal
from publish.checks.last_check import FILE, read_inputs, settled
from publish.plugins.checks import ProjectCheck
from tests.long import rounds
from tests.publish.checks.text_edits import BLOCKS, CORRECT, with_edits

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NAMES = ("one", "two", "three")
SUMMARY = "Summary: What it is about.\n"
FRONT_MATTER = ("", "Tags: alpha, beta\n", SUMMARY, f"{SUMMARY}Related: two\n", "Summary: Short\n")


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each check that ran all rules."""
    runs: list[str] = []
    check_all = ProjectCheck._check_all

    def noted(self: ProjectCheck) -> Any:
        runs.append("all")
        return check_all(self)

    monkeypatch.setattr(ProjectCheck, "_check_all", noted)
    return runs


def found(checked: CheckResult) -> object:
    return with_edits(checked.findings), checked.content


def check_both(now: datetime = NOW) -> object:
    """What a check finds after the last one, which must be what a first one finds."""
    config = Path("pelicanconf.py")
    with TemporaryDirectory() as cache:
        first = found(check(config, {"CACHE_PATH": cache}, now))
    assert found(check(config, {}, now)) == first
    return first


def write(site: Any, name: str, *paragraphs: str, front_matter: str = "") -> None:
    site.post("\n\n".join(paragraphs), name=name, front_matter=front_matter)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(rounds(2, 40)))
def test_random_edits_find_what_a_first_check_finds(
    site: Any, complete: list[str], seed: int
) -> None:
    chance = Random(seed)
    bodies = {name: ["Text.", "## Parts"] for name in NAMES}
    fronts = dict.fromkeys(NAMES, SUMMARY)
    for _ in range(30):
        name = chance.choice(NAMES)
        body = bodies[name]
        match chance.randrange(20):
            case 0:
                body.append(chance.choice(BLOCKS))
            case 1:
                body.insert(0, chance.choice(CORRECT))
            case 2 if len(body) > 1:
                del body[chance.randrange(len(body))]
            case 3:
                fronts[name] = chance.choice(FRONT_MATTER)
            case 4 | 5:
                for one in NAMES:
                    bodies[one][:] = ["Text.", chance.choice(CORRECT)]
            case _:
                body.insert(chance.randrange(len(body) + 1), f"More words {chance.random()}.")
        for one in NAMES:
            path = site.root / f"content/posts/{one}.md"
            before = path.read_bytes() if path.exists() else b""
            write(site, one, *bodies[one], front_matter=fronts[one])
            if path.read_bytes() == before:
                os.utime(path)
        check_both()
    assert len(complete) < 2 * 30, "each second check is a first one"


def test_after_an_edit_of_words_no_rule_runs(site: Any, complete: list[str]) -> None:
    write(site, "one", "[x](two.md#parts)", "{% form guide %}", front_matter="Tags: alpha\n")
    write(site, "two", "Text.", "## Parts", "[x](one.md)")
    check_both()
    complete.clear()
    write(
        site, "one", "New.", "[y](two.md#parts)", "{% form guide %}", front_matter="Tags: alpha\n"
    )
    write(site, "two", "Text.", "More text.", "## Parts", "[x](one.md)")
    check_both()
    assert complete == ["all"]


@pytest.mark.parametrize(
    "paragraphs",
    [
        ("[x](two.md#none)",),
        ("[x](two.md#parts)", "{% form guide %}", "{% cta guide %}"),
        ("[x](two.md#parts)", "{% form guide %}", "#### Deep"),
        ("[x](two.md#parts)", "{% form guide %}", "## Another anchor"),
        ("[x](two.md#parts)", "{% form guide %}", "![x](https://spy.example/a.png)"),
    ],
)
def test_an_edit_that_rules_can_see_runs_them(
    site: Any, complete: list[str], paragraphs: tuple[str, ...]
) -> None:
    write(site, "one", "[x](two.md#parts)", "{% form guide %}")
    write(site, "two", "Text.", "## Parts", "[x](one.md)")
    check_both()
    complete.clear()
    write(site, "one", *paragraphs)
    check_both()
    assert complete == ["all", "all"]


@pytest.mark.parametrize(
    "edit",
    [
        lambda site: site.write("content/posts/new.txt", "A file."),
        lambda site: site.write("content/images/dot.svg", "<svg/> "),
        lambda site: site.write("content/gated/guide.pdf", "other"),
        lambda site: site.write("campaigns/guide.toml", "wrong"),
        lambda site: site.write("content/known-findings.txt", "# None\n"),
        lambda site: site.write("theme/templates/other.html", ""),
        lambda site: site.set('WRITING_RULES = {"orphan": "error"}'),
        lambda site: (site.root / "content/posts/two.md").unlink(),
        lambda site: (site.root / "content/posts/two.md").rename(site.root / "content/two.md"),
        lambda site: (site.root / "content/posts/three.md").symlink_to("two.md"),
    ],
)
def test_a_change_of_another_file_runs_all_rules(site: Any, complete: list[str], edit: Any) -> None:
    for name in ("one", "two"):
        write(site, name, "Text.")
    check_both()
    complete.clear()
    edit(site)
    write(site, "one", "Text.", "More text.")
    check_both()
    assert complete == ["all", "all"]


def test_the_time_at_which_a_post_is_due_runs_all_rules(site: Any, complete: list[str]) -> None:
    write(site, "one", "Text.")
    write(site, "two", "Text.", front_matter="Date: 2026-11-23\n")
    site.write("content/posts/two.md", "Title: Two\nDate: 2026-11-23\n\nText.")
    before = check_both()
    complete.clear()
    check_both(NOW + timedelta(hours=1))
    assert complete == ["all"]
    complete.clear()
    assert check_both(NOW + timedelta(days=4)) != before
    check_both()  # the clock was set back
    assert complete == ["all"] * 4


def test_a_body_that_has_the_size_of_a_gated_file_runs_all_rules(
    site: Any, complete: list[str]
) -> None:
    write(site, "one", "Text.")
    size = (site.root / "content/posts/one.md").stat().st_size
    site.write("content/gated/guide.pdf", "x" * (size + 5))
    check_both()
    complete.clear()
    write(site, "one", "Text.12345")
    check_both()
    assert complete == ["all", "all"]


@pytest.mark.parametrize("data", [b"", b"damaged", seal(b"another version")])
def test_a_damaged_file_is_as_good_as_none(site: Any, complete: list[str], data: bytes) -> None:
    write(site, "one", "Text.")
    check_both()
    (site.root / "cache" / FILE).write_bytes(data)
    complete.clear()
    check_both()
    assert complete == ["all", "all"]


@pytest.mark.long
def test_a_file_that_is_added_in_the_same_tick_is_found(site: Any) -> None:
    """The clock that stamps files goes by ticks of some milliseconds."""
    write(site, "one", "Text.")
    check_both()
    for number in range(rounds(8, 100)):
        site.write(f"content/new-{number}.txt", "")
        check(Path("pelicanconf.py"), {}, NOW)
        site.write(f"content/gated-{number}.md", "")
        site.write(f"content/posts/text-{number}.md", "Title: T\nDate: 2026-11-02\n\n")
        check_both()


def test_a_folder_of_this_tick_is_listed_again(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/one.md").write_text("Text.")
    inputs = read_inputs([str(tmp_path)], [], None)
    assert inputs
    tick = (tmp_path / "posts").stat().st_ctime_ns
    kept = settled(inputs, {str(tmp_path / "posts/one.md")}, tick)
    assert kept
    own, files, _ = kept.trees[str(tmp_path)][str(tmp_path / "posts")]
    assert (own, files) == ((0, 0, 0, 0), {"one.md": (0, 0, 0, 0)})


def test_two_checks_at_once_cannot_confuse_the_next_one(site: Any, complete: list[str]) -> None:
    """The file of the slower one is of an older text than the facts that the faster one kept."""
    write(site, "one", "Text.")
    write(site, "two", "[x](one.md)")
    check_both()
    old = (site.root / "cache" / FILE).read_bytes()
    write(site, "two", "[x](three.md)")
    check_both()
    (site.root / "cache" / FILE).write_bytes(old)
    complete.clear()
    write(site, "two", "[x](three.md)", "Text.")
    check_both()
    assert complete == ["all", "all"]


def test_after_an_edit_of_a_text_alone_known_client_files_are_not_checked_again(
    site: Any, complete: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def noted(client: Any) -> Any:
        checked.append(client.name)
        return client_findings(client)

    monkeypatch.setattr(files, "client_findings", noted)
    config, client = Path("pelicanconf.py"), site.root / "clients/acme.toml"
    write(site, "one", "Text.", front_matter=SUMMARY)
    check(config, {}, NOW)
    write(site, "one", "Other words.", front_matter=SUMMARY)
    check(config, {}, NOW)
    assert (complete, checked) == (["all"], ["Acme"])
    client.write_text(client.read_text().replace("leads@acme.example", "leads"))
    errors = check(config, {}, NOW).findings.errors
    assert [error.rule for error in errors] == ["campaign-file"]
    client.write_text(client.read_text().replace('"leads"', '"leads@acme.example"'))
    assert check(config, {}, NOW).findings.errors == ()
