"""The store of releases: the live release, rollback, and which releases are kept."""

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from capture.errors import Refused, Unavailable
from gatepost.releases.store import Release, ReleaseStore, release_name

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReleaseStore]:
    """A store that is locked, as each change needs it."""
    store = ReleaseStore(tmp_path)
    with store.locked():
        yield store


def make(store: ReleaseStore, minute: int, *, publish: bool = True, size: int = 0) -> str:
    """Makes a release at that minute after noon, and publishes it unless `publish` is false."""
    now = NOON + timedelta(minutes=minute)
    name = store.free_name(release_name(f"{minute:040x}", now))
    release = Release(name, f"{minute:040x}", "/srv/live.git", f"Push {minute}", now, size=size)
    with store.new_folder(name) as folder:
        (folder / "page").write_text(str(minute))
        release.write(folder)
    if publish:
        store.publish(release, now)
    return name


def read_page(store: ReleaseStore, link: str = "current") -> str:
    return (store.folder / link / "page").read_text()


def roll_back(store: ReleaseStore) -> str:
    store.roll_back(NOON + timedelta(hours=1))
    return read_page(store)


def test_links_name_the_live_release_and_the_previous_one(
    store: ReleaseStore,
) -> None:
    make(store, 1)
    make(store, 2)
    assert (read_page(store), read_page(store, "previous")) == ("2", "1")


def test_a_waiting_release_does_not_change_the_live_one(store: ReleaseStore) -> None:
    make(store, 1)
    make(store, 2, publish=False)
    assert read_page(store) == "1"


def test_rollback_goes_back_one_release_at_a_time(store: ReleaseStore) -> None:
    for minute in (1, 2, 3):
        make(store, minute)
    assert [roll_back(store), read_page(store, "previous"), roll_back(store)] == ["2", "3", "1"]
    with pytest.raises(Refused, match="no release before"):
        roll_back(store)


def test_a_rollback_never_returns_to_a_release_that_was_rolled_back(
    store: ReleaseStore,
) -> None:
    for minute in (1, 2):
        make(store, minute)
    roll_back(store)
    make(store, 3)
    assert roll_back(store) == "1"


def test_before_the_first_push_a_rollback_is_refused(store: ReleaseStore) -> None:
    with pytest.raises(Refused, match="nothing has been published yet"):
        roll_back(store)


def test_the_newest_releases_are_kept_for_rollback(store: ReleaseStore) -> None:
    names = [make(store, minute) for minute in range(6)]
    store.prune(3, NOON + timedelta(days=1))
    assert [release.name for release in store.all()] == names[-3:]


def test_the_total_size_limits_the_kept_releases_but_two_always_stay(
    store: ReleaseStore,
) -> None:
    names = [make(store, minute, size=100) for minute in range(5)]
    assert store.space_needed() == 200
    store.prune(5, NOON + timedelta(days=1), max_bytes=350)
    assert [release.name for release in store.all()] == names[-3:]
    store.prune(5, NOON + timedelta(days=1), max_bytes=1)
    assert [release.name for release in store.all()] == names[-2:]


def test_a_waiting_release_is_kept_for_an_hour(store: ReleaseStore) -> None:
    make(store, 1)
    waiting = make(store, 2, publish=False)
    store.prune(3, NOON + timedelta(minutes=61))
    assert store.path(waiting).is_dir()
    store.prune(3, NOON + timedelta(minutes=63))
    assert not store.path(waiting).exists()


def test_two_releases_of_the_same_second_have_different_names(store: ReleaseStore) -> None:
    assert make(store, 1) != make(store, 1)


def test_a_release_that_fails_leaves_no_files(store: ReleaseStore) -> None:
    with contextlib.suppress(RuntimeError), store.new_folder("x") as folder:
        (folder / "page").write_text("half")
        raise RuntimeError
    assert list(store.releases.iterdir()) == []


def test_files_left_by_a_killed_process_are_ignored(store: ReleaseStore) -> None:
    (store.releases / ".making").mkdir()
    (store.releases / ".making/half").touch()
    (store.folder / ".current").symlink_to("nowhere")
    make(store, 1)
    assert not (store.path(store.all()[0].name) / "half").exists()
    assert read_page(store) == "1"


def test_a_release_is_live_at_every_moment_of_the_switch(store: ReleaseStore) -> None:
    """Another process reads a page as fast as it can while releases are switched."""
    make(store, 0)
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        missed = 0
        while not os.path.exists(store.folder / "over"):  # noqa: PTH110 - the fastest way
            try:
                missed += not (store.folder / "current/page").read_text()
            except OSError:
                missed += 1
        os.write(write_end, str(missed).encode())
        os._exit(0)
    for minute in range(1, 60):
        make(store, minute)
    (store.folder / "over").touch()
    os.waitpid(child, 0)
    assert os.read(read_end, 20) == b"0"


def test_a_folder_that_is_not_a_release_is_reported(store: ReleaseStore) -> None:
    (store.releases / "20260101").mkdir()
    with pytest.raises(Unavailable, match="20260101: not a release; delete the folder"):
        store.all()
