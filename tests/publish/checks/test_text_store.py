"""The facts of texts are kept, found again, and given up if they may be wrong."""

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from capture.errors import Unavailable
from publish.cache_file import CacheFile
from publish.checks import post, text_store
from publish.checks.post_text import parse_text
from publish.checks.text_store import TextStore, is_settled
from tests.publish.checks.text_edits import change, stored, with_edits


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
def test_a_file_that_did_not_change_is_not_read(linked: Any, work: list[str]) -> None:
    linked.post("[x](two.md) [y](none.md)", name="one", tags="alphas")
    linked.post("## Parts\n\n{% form guide %}", name="two", tags="alpha", aliases="old")
    stored(linked)
    work.clear()
    assert with_edits(stored(linked)) == with_edits(linked.check()[1])
    assert work[0] == "read one.md"  # for the edits of its finding
    work.clear()
    linked.post("[x](two.md)", name="one", tags="alpha")
    stored(linked)
    assert work == ["read one.md", "parse one.md"]


def test_a_file_that_was_written_just_now_is_read_again_but_not_parsed(
    linked: Any, work: list[str]
) -> None:
    linked.post(name="one")
    stored(linked)
    work.clear()
    stored(linked)
    assert work == ["read one.md"]


@pytest.mark.usefixtures("settled")
def test_a_file_with_the_same_bytes_and_another_time_is_not_parsed(
    linked: Any, work: list[str]
) -> None:
    linked.post(name="one")
    stored(linked)
    change(linked, "content/posts/one.md")
    work.clear()
    stored(linked)
    stored(linked)
    assert work == ["read one.md"]


def test_a_file_is_settled_two_seconds_after_both_of_its_times() -> None:
    second = 1_000_000_000
    assert is_settled((1, 0, 0, 1), 2 * second + 1)
    assert not is_settled((1, 0, 0, 1), 2 * second)
    assert not is_settled((1, 1, 0, 1), 2 * second + 1)
    assert not is_settled((1, 0, 1, 1), 2 * second + 1)


@pytest.mark.usefixtures("settled")
def test_facts_of_another_key_are_not_used(linked: Any, work: list[str]) -> None:
    linked.post(name="one")
    for number in range(5):
        linked.settings["SITEURL"] = f"https://{number}.example"
        stored(linked)
    assert work.count("parse one.md") == 5
    with sqlite3.connect(linked.root / "cache/texts.sqlite") as database:
        assert database.execute("SELECT count(*) FROM texts").fetchone() == (3,)
    stored(linked)
    assert work.count("parse one.md") == 5


@pytest.mark.parametrize("facts", ["''", "substr(facts, 2)", "facts || 'x'", "x'ff'"])
@pytest.mark.usefixtures("settled")
def test_a_damaged_file_is_deleted_and_all_texts_are_checked(linked: Any, facts: str) -> None:
    linked.post("[x](none.md)", name="one")
    stored(linked)
    path = linked.root / "cache/texts.sqlite"
    with sqlite3.connect(path) as database:
        database.execute(f"UPDATE texts SET facts = CAST({facts} AS BLOB)")
    store = TextStore(path, str(linked.settings))
    writing, findings = linked.check(read=store.read)
    store.save(writing.files)
    assert store.problem.startswith("is damaged (")
    assert with_edits(findings) == with_edits(linked.check()[1])
    assert with_edits(stored(linked)) == with_edits(findings)


@pytest.mark.usefixtures("settled")
def test_what_is_no_database_is_deleted(linked: Any) -> None:
    linked.post("[x](none.md)", name="one")
    linked.write("cache/texts.sqlite", "no database " * 1000)
    store = TextStore(linked.root / "cache/texts.sqlite", "key")
    writing, findings = linked.check(read=store.read)
    store.save(writing.files)
    assert store.problem == (
        "is damaged (file is not a database) and was deleted: all texts were checked again"
    )
    assert with_edits(findings) == with_edits(linked.check()[1])


@pytest.mark.usefixtures("settled")
def test_a_file_of_another_version_is_emptied(linked: Any, work: list[str]) -> None:
    linked.post(name="one")
    (linked.root / "cache").mkdir(exist_ok=True)
    with sqlite3.connect(linked.root / "cache/texts.sqlite") as database:
        database.execute("CREATE TABLE texts (name TEXT)")
        database.execute("INSERT INTO texts VALUES ('one.md')")
    stored(linked)
    stored(linked)
    assert work.count("parse one.md") == 1


def test_a_check_beside_another_one_that_writes_goes_on_without_keeping(
    linked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked.post("[x](none.md)", name="one")
    stored(linked)
    path = linked.root / "cache/texts.sqlite"
    monkeypatch.setattr(text_store, "CacheFile", partial(CacheFile, seconds=0))
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert with_edits(stored(linked)) == with_edits(linked.check()[1])
    assert path.exists()


@pytest.mark.usefixtures("settled")
def test_a_text_that_changed_after_the_check_is_not_used(linked: Any) -> None:
    linked.post("Text.", name="one")
    stored(linked)
    store = TextStore(linked.root / "cache/texts.sqlite", str(linked.settings))
    (one,) = linked.check(read=store.read)[0].posts
    linked.post("Other.", name="one")
    with pytest.raises(Unavailable, match="was changed just now: run the command again"):
        _ = one.front_matter


@pytest.mark.usefixtures("settled")
def test_a_post_whose_address_has_the_date_of_the_build_is_not_kept(
    linked: Any, work: list[str]
) -> None:
    linked.settings["ARTICLE_URL"] = "{date:%Y}/{slug}/"
    linked.post(name="one", date=None)
    stored(linked)
    work.clear()
    stored(linked)
    assert work == ["read one.md", "parse one.md"]
