"""A check with the facts of the last one finds exactly what a check of all texts finds."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.errors import Unavailable
from publish.cache_file import CacheFile
from publish.checks import post, text_store
from publish.checks.finding import Findings
from publish.checks.post import parse_text
from publish.checks.text_store import TextStore, is_settled
from tests.publish.checks.conftest import LISTS, SUMMARY
from tests.samples import CAMPAIGN, NOW

NAMES = ("one", "two", "deep/three")
BLOCKS = (
    *("Text.", "## Parts\n\nText.", "## Other parts\n\nText.", "#### Deep", "# Parts"),
    *("[x]({filename}/posts/one.md)", "[x](two.md#parts)", "[x](deep/three.md)", "[x](../one.md)"),
    *("[x]({filename}none.md)", "[x](#parts)", "[x](#other-parts)", "[x](/one/)", "[x](/two)"),
    *("[x](/two/#parts)", "[x](/old/)", "[x](../four/)", "[x](plan)", "[x](plan.txt)", "[x]()"),
    *("[x](/tag/alpha/)", "[x](/tag/alpha/2/)", "[x]({tag}alpha)", "[x]({category}misc)"),
    *("[x](/articles/)", "[x](/pagefind/x.js)", "[x](/nowhere/)", "[x](https://b.example/)"),
    *("![a dot]({static}/images/dot.svg)", "![a dot](/images/dot.svg)", "![]({static}/a.svg)"),
    *("![a](../images/new.svg)", "![a plan]({static}/posts/plan.txt)", "[x](a/../one.md)"),
    *("[x](/gated/guide.pdf)", "[x]({static}/gated/guide.pdf)", "![a](https://b.example/a.png)"),
    *("{% form guide %}", "{% form other %}", "{% cta guide %}", "{%form guide%}", "{% form x %}"),
    *('<h2 id="raw">A</h2>', "[x](one.md#raw)", "<script>a()</script>", "&#7;", "[x][none]"),
    *("[x](one.md#form-guide)", "[x](two.md#top)", "[x](%2e%2e/one.md)", "[x](two.md?a=b)"),
)
CORRECT = (
    *("[x](two.md)", "[x](two.md#parts)", "[x](one.md)", "[x](/two/#parts)", "[x](../two)"),
    *("[x](/old/)", "[x](/tag/alpha/)", "[x]({tag}alpha)", "![a dot](../images/dot.svg)"),
    *("{% form guide %}", "[x](two.md#form-guide)", "## Parts", "[x](deep/three.md)"),
)
FRONT_MATTER = {
    "title": ("On things", "On a thing", "Others", "Parts", "", "On " + "long words " * 8),
    "date": ("2026-11-02", "2026-11-23 18:00", "2026-12-24", "soon", None),
    "slug": ("one", "two", "other", "Wrong", None),
    "status": ("draft", "hidden", "skip", "published", "unknown", None),
    "tags": ("alpha", "alphas", "alpha, beta", "Beta", "C, C++", "c"),
    "category": ("misc", "Misc", "other", "+++"),
    "author": ("Ann", "ann", "Bo, Cy"),
    "aliases": ("old", "old, two", "/2021/old/", "Wrong/"),
    "related": ("one", "two", "one, four", "none"),
    "image": ("/images/dot.svg", "/images/new.svg", "/gated/guide.pdf", "/posts/plan.txt"),
    "image_alt": ("A dot",),
    "campaign": ("guide", "other"),
    "template": ("article", "none"),
    "preview": ("1234567890abcdef", "fedcba0987654321"),
    "summary": (SUMMARY, "Short.", None),
    "statsu": ("draft",),
    "url": ("one/", "own/place/"),
    "lang": ("de",),
}
FILES = {
    "content/images/new.svg": ("<svg/>", '<svg onload="a()"/>', "", None),
    "content/images/dot.svg": ("<svg/>", None),
    "content/posts/plan.txt": ("A plan.", None),
    "content/posts/plan": ("A plan.", None),
    "content/gone.txt": ("one", None),
    "content/slugs.yaml": ("tags:\n  C++: cpp\n", "categories:\n  +++: plus\n", None),
    "campaigns/other.toml": (CAMPAIGN, f'{CAMPAIGN}\ncloses = "2026-01-01"\n', "wrong", None),
    "content/known-findings.txt": ("# None\n", None),
}
VALUES = st.sampled_from([(key, value) for key, values in FRONT_MATTER.items() for value in values])
Edit = Callable[[Any], None]


def change(site: Any, path: str) -> None:
    """Gives a file that was written a time of its own, as later writes have."""
    site.writes += 1
    os.utime(site.root / path, ns=(site.writes, site.writes))


def write_text(name: str, blocks: list[str], values: list[tuple[str, str | None]]) -> Edit:
    def edit(site: Any) -> None:
        site.post("\n\n".join(blocks), name=name, **dict(values))
        change(site, f"content/posts/{name}.md")

    return edit


def write_file(path: str, content: str | None) -> Edit:
    def edit(site: Any) -> None:
        if content is None:
            (site.root / path).unlink(missing_ok=True)
        else:
            site.write(path, content)
            change(site, path)

    return edit


def do_nothing(site: Any) -> None:
    del site


def delete(name: str) -> Edit:
    return lambda site: (site.root / f"content/posts/{name}.md").unlink(missing_ok=True)


def rename(name: str, new: str) -> Edit:
    def edit(site: Any) -> None:
        old = site.root / f"content/posts/{name}.md"
        if old.exists():
            old.rename(site.root / f"content/posts/{new}.md")

    return edit


def link(name: str) -> Edit:
    def edit(site: Any) -> None:
        path = site.root / f"content/posts/{name}.md"
        path.unlink(missing_ok=True)
        path.symlink_to("two.md")

    return edit


def wait(days: int) -> Edit:
    def edit(site: Any) -> None:
        site.now += timedelta(days=days)

    return edit


CORRECT_VALUES = st.sampled_from(
    [[], [], [("tags", "alpha")], [("aliases", "old")], [("related", "two")]]
)
CORRECT_BLOCKS = st.lists(st.sampled_from(CORRECT), min_size=2, max_size=5, unique=True)
FIRST_TEXTS = st.tuples(
    *(st.builds(write_text, st.just(name), CORRECT_BLOCKS, CORRECT_VALUES) for name in NAMES)
)
CORRECT_TEXTS = st.builds(write_text, st.sampled_from(NAMES), CORRECT_BLOCKS, CORRECT_VALUES)
TEXTS = CORRECT_TEXTS | st.builds(
    write_text,
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(BLOCKS), max_size=3),
    st.lists(VALUES, max_size=2),
)
EDITS = st.one_of(
    TEXTS,
    TEXTS,
    TEXTS,
    st.sampled_from(
        [write_file(path, content) for path, contents in FILES.items() for content in contents]
    ),
    st.builds(delete, st.sampled_from(NAMES)),
    st.builds(rename, st.sampled_from(NAMES), st.sampled_from(("five", "2026-11-01-six"))),
    st.builds(link, st.sampled_from(("one", "linked"))),
    st.builds(wait, st.sampled_from((0, 1, 40))),
)


def stored(site: Any) -> Findings:
    """The findings of a check with the facts of the last one."""
    store = TextStore(site.root / "cache/texts.sqlite", str(site.settings))
    findings: Findings
    writing, findings = site.check(read=store.read)
    store.save(writing.files)
    assert not store.problem
    return findings


def with_edits(findings: Findings) -> list[Any]:
    """All findings by level, with their edits, which do not count when findings are compared."""
    levels = (findings.errors, findings.warnings, findings.known)
    return [[(finding, finding.edits) for finding in level] for level in levels]


@pytest.fixture
def site(desk: Any) -> Any:
    desk.settings |= LISTS
    desk.writes = 0
    return desk


def reset(site: Any) -> None:
    """The site as it is at the start of each test, without texts."""
    shutil.rmtree(site.root / "content/posts", ignore_errors=True)
    for path in (*FILES, "content/two", "content/images/x.html"):
        (site.root / path).unlink(missing_ok=True)
    site.now = NOW
    site.write("content/images/dot.svg", "<svg/>")
    site.write("content/posts/ignored.txt", "")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=FIRST_TEXTS,
    edits=st.lists(EDITS, min_size=2, max_size=6),
    are_settled=st.booleans(),
)
def test_after_every_edit_it_finds_what_a_check_of_all_texts_finds(
    site: Any, texts: tuple[Edit, ...], edits: list[Edit], are_settled: bool
) -> None:
    reset(site)
    shutil.rmtree(site.root / "cache", ignore_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        if are_settled:  # as if each file had been written long before it was read
            patch.setattr(text_store, "is_settled", lambda *_: True)
        for text in texts:
            text(site)
        for edit in (do_nothing, *edits, do_nothing):
            edit(site)
            assert with_edits(stored(site)) == with_edits(site.check()[1])


@pytest.fixture(params=[True, False])
def settled_or_not(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either all files count as written long before they are read, or none."""
    monkeypatch.setattr(text_store, "is_settled", lambda *_: request.param)


TWO: Final = ("## Parts\n\n{% form guide %}", {"tags": "alpha", "aliases": "old"})


def two(body: str = TWO[0], **front_matter: str | None) -> Edit:
    """Writes the post `two` again."""
    return write_text("two", [body], list({**TWO[1], **front_matter}.items()))


@pytest.mark.usefixtures("settled_or_not")
@pytest.mark.parametrize(
    ("body", "front_matter", "edit"),
    [
        ("[x](two.md)", {}, delete("two")),
        ("[x](two.md)", {}, rename("two", "five")),
        ("[x](two.md)", {}, two(status="draft")),
        ("[x](two.md)", {}, two(date="2026-12-24")),
        ("[x]({filename}two.md#parts)", {}, two("## Others")),
        ("[x](two.md#form-guide)", {}, two("## Parts")),
        ("[x](/two/#parts)", {}, two("## Others")),
        ("[x](/two/)", {}, two(slug="other")),
        ("[x](/two)", {}, two(slug="other")),
        ("[x](../two)", {}, write_file("content/two", "A file.")),
        ("[x](/old/)", {}, two(aliases="older")),
        ("[x](/tag/alpha/)", {}, two(tags="beta")),
        ("[x](/tag/alpha/2/)", {}, two(tags="beta")),
        ("[x]({tag}alpha)", {}, two(tags="beta")),
        ("[x](/images/dot.svg)", {}, write_file("content/images/dot.svg", None)),
        ("[x](../images/dot.svg)", {}, write_file("content/images/dot.svg", None)),
        ("[x](/images/dot.svg)", {}, two(url="images/dot.svg")),
        ("![a]({static}/images/dot.svg)", {}, write_file("content/images/dot.svg", None)),
        ("![a](../images/dot.svg)", {}, write_file("content/images/dot.svg", "")),
        (
            "![a](../images/dot.svg)",
            {},
            write_file("content/images/dot.svg", "<svg><script/></svg>"),
        ),
        ("![a](/tag/alpha/x.txt)", {}, write_file("content/images/x.html", "<script></script>")),
        ("Text.", {"related": "two"}, two(status="hidden")),
        ("Text.", {"related": "two"}, two(slug="other")),
        (
            "Text.",
            {"image": "/images/dot.svg", "image_alt": "A"},
            write_file("content/images/dot.svg", None),
        ),
        (
            "{% form other %}",
            {},
            write_file("campaigns/other.toml", f'{CAMPAIGN}\ncloses = "2026-01-01"'),
        ),
        ("{% cta other %}", {}, write_file("campaigns/other.toml", None)),
        ("Text.", {"campaign": "other"}, write_file("campaigns/other.toml", None)),
        ("Text.", {"tags": "alpha"}, two(tags="Alpha")),
        ("Text.", {"tags": "alpha"}, two(tags="alphas")),
        ("Text.", {"category": "misc"}, two(category="Misc")),
        ("Text.", {"author": "Ann"}, two(author="ann")),
        ("Text.", {"title": "On things"}, two(title="A thing")),
        ("Text.", {"slug": "one"}, two(slug="one")),
        ("Text.", {"preview": "1234567890abcdef"}, two(preview="1234567890abcdef")),
        ("Text.", {"aliases": "first"}, two(aliases="first")),
        ("Text.", {"aliases": "first"}, two(slug="first")),
        ("Text.", {}, write_file("content/gone.txt", "No Slug")),
        ("Text.", {"tags": "C++"}, write_file("content/slugs.yaml", "tags:\n  C+: cpp\n")),
        ("Text.", {"date": "2026-11-24"}, wait(2)),
        ("Text.", {"date": "2026-11-02"}, link("linked")),
    ],
)
def test_a_change_elsewhere_is_found_in_a_text_that_did_not_change(
    site: Any, body: str, front_matter: dict[str, str], edit: Edit
) -> None:
    site.write("campaigns/other.toml", CAMPAIGN)
    two()(site)
    site.post(body, name="one", **front_matter)
    site.post("[x](one.md)", name="three")
    before = stored(site)
    edit(site)
    after = stored(site)
    assert with_edits(after) == with_edits(site.check()[1])
    assert after != before
    reset(site)
    two()(site)
    site.write("campaigns/other.toml", CAMPAIGN)
    site.post(body, name="one", **front_matter)
    site.post("[x](one.md)", name="three")
    assert with_edits(stored(site)) == with_edits(before)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """All files count as written long before they are read."""
    monkeypatch.setattr(text_store, "is_settled", lambda *_: True)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read and the texts that are parsed, in order."""
    done: list[str] = []

    def read(path: Path) -> tuple[bytes, str]:
        done.append(f"read {path.name}")
        return path.read_bytes(), ""

    def parse(raw: bytes, kind: Any, name: str, unreadable: str = "") -> Any:
        done.append(f"parse {Path(name).name}")
        return parse_text(raw, kind, name, unreadable)

    monkeypatch.setattr(text_store, "read_bytes", read)
    monkeypatch.setattr(post, "read_bytes", read)
    monkeypatch.setattr(post, "parse_text", parse)
    return done


@pytest.mark.usefixtures("settled")
def test_a_file_that_did_not_change_is_not_read(site: Any, work: list[str]) -> None:
    site.post("[x](two.md) [y](none.md)", name="one", tags="alphas")
    site.post("## Parts\n\n{% form guide %}", name="two", tags="alpha", aliases="old")
    stored(site)
    work.clear()
    assert with_edits(stored(site)) == with_edits(site.check()[1])
    assert work[0] == "read one.md"  # for the edits of its finding
    work.clear()
    site.post("[x](two.md)", name="one", tags="alpha")
    stored(site)
    assert work == ["read one.md", "parse one.md"]


def test_a_file_that_was_written_just_now_is_read_again_but_not_parsed(
    site: Any, work: list[str]
) -> None:
    site.post(name="one")
    stored(site)
    work.clear()
    stored(site)
    assert work == ["read one.md"]


@pytest.mark.usefixtures("settled")
def test_a_file_with_the_same_bytes_and_another_time_is_not_parsed(
    site: Any, work: list[str]
) -> None:
    site.post(name="one")
    stored(site)
    change(site, "content/posts/one.md")
    work.clear()
    stored(site)
    stored(site)
    assert work == ["read one.md"]


def test_a_file_is_settled_two_seconds_after_both_of_its_times() -> None:
    second = 1_000_000_000
    assert is_settled((1, 0, 0, 1), 2 * second + 1)
    assert not is_settled((1, 0, 0, 1), 2 * second)
    assert not is_settled((1, 1, 0, 1), 2 * second + 1)
    assert not is_settled((1, 0, 1, 1), 2 * second + 1)


@pytest.mark.usefixtures("settled")
def test_facts_of_another_key_are_not_used(site: Any, work: list[str]) -> None:
    site.post(name="one")
    for number in range(5):
        site.settings["SITEURL"] = f"https://{number}.example"
        stored(site)
    assert work.count("parse one.md") == 5
    with sqlite3.connect(site.root / "cache/texts.sqlite") as database:
        assert database.execute("SELECT count(*) FROM texts").fetchone() == (3,)
    stored(site)
    assert work.count("parse one.md") == 5


@pytest.mark.parametrize("facts", ["''", "substr(facts, 2)", "facts || 'x'", "x'ff'"])
@pytest.mark.usefixtures("settled")
def test_a_damaged_file_is_deleted_and_all_texts_are_checked(site: Any, facts: str) -> None:
    site.post("[x](none.md)", name="one")
    stored(site)
    path = site.root / "cache/texts.sqlite"
    with sqlite3.connect(path) as database:
        database.execute(f"UPDATE texts SET facts = CAST({facts} AS BLOB)")
    store = TextStore(path, str(site.settings))
    writing, findings = site.check(read=store.read)
    store.save(writing.files)
    assert store.problem.startswith("is damaged (")
    assert with_edits(findings) == with_edits(site.check()[1])
    assert with_edits(stored(site)) == with_edits(findings)


@pytest.mark.usefixtures("settled")
def test_what_is_no_database_is_deleted(site: Any) -> None:
    site.post("[x](none.md)", name="one")
    site.write("cache/texts.sqlite", "no database " * 1000)
    store = TextStore(site.root / "cache/texts.sqlite", "key")
    writing, findings = site.check(read=store.read)
    store.save(writing.files)
    assert store.problem == (
        "is damaged (file is not a database) and was deleted: all texts were checked again"
    )
    assert with_edits(findings) == with_edits(site.check()[1])


@pytest.mark.usefixtures("settled")
def test_a_file_of_another_version_is_emptied(site: Any, work: list[str]) -> None:
    site.post(name="one")
    (site.root / "cache").mkdir(exist_ok=True)
    with sqlite3.connect(site.root / "cache/texts.sqlite") as database:
        database.execute("CREATE TABLE texts (name TEXT)")
        database.execute("INSERT INTO texts VALUES ('one.md')")
    stored(site)
    stored(site)
    assert work.count("parse one.md") == 1


def test_a_check_beside_another_one_that_writes_goes_on_without_keeping(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.post("[x](none.md)", name="one")
    stored(site)
    path = site.root / "cache/texts.sqlite"
    monkeypatch.setattr(text_store, "CacheFile", partial(CacheFile, seconds=0))
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert with_edits(stored(site)) == with_edits(site.check()[1])
    assert path.exists()


@pytest.mark.usefixtures("settled")
def test_a_text_that_changed_after_the_check_is_not_used(site: Any) -> None:
    site.post("Text.", name="one")
    stored(site)
    store = TextStore(site.root / "cache/texts.sqlite", str(site.settings))
    (one,) = site.check(read=store.read)[0].posts
    site.post("Other.", name="one")
    with pytest.raises(Unavailable, match="was changed just now: run the command again"):
        _ = one.front_matter


@pytest.mark.usefixtures("settled")
def test_a_post_whose_address_has_the_date_of_the_build_is_not_kept(
    site: Any, work: list[str]
) -> None:
    site.settings["ARTICLE_URL"] = "{date:%Y}/{slug}/"
    site.post(name="one", date=None)
    stored(site)
    work.clear()
    stored(site)
    assert work == ["read one.md", "parse one.md"]
