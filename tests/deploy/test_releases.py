"""The store of releases: what is current, what rollback reaches, what is kept."""

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
    """Locked, as whoever changes it holds it."""
    created = ReleaseStore(tmp_path)
    with created.locked():
        yield created


def make(store: ReleaseStore, minute: int, *, show: bool = True, size: int = 0) -> str:
    """A release of that minute, before readers if `show`."""
    now = NOON + timedelta(minutes=minute)
    name = store.free_name(release_name(f"{minute:040x}", now))
    release = Release(name, f"{minute:040x}", "/srv/live.git", f"Push {minute}", now, size=size)
    with store.new_folder(name) as folder:
        (folder / "page").write_text(str(minute))
        release.write(folder)
    if show:
        store.publish(release, now)
    return name


def seen(store: ReleaseStore, link: str = "current") -> str:
    return (store.folder / link / "page").read_text()


def back(store: ReleaseStore) -> str:
    store.roll_back(NOON + timedelta(hours=1))
    return seen(store)


def test_a_release_is_shown_by_a_link_and_the_one_before_stays_beside_it(
    store: ReleaseStore,
) -> None:
    make(store, 1)
    make(store, 2)
    assert (seen(store), seen(store, "previous")) == ("2", "1")


def test_a_release_that_is_not_shown_yet_changes_nothing(store: ReleaseStore) -> None:
    make(store, 1)
    make(store, 2, show=False)
    assert seen(store) == "1"


def test_rollback_goes_back_one_release_at_a_time(store: ReleaseStore) -> None:
    for minute in (1, 2, 3):
        make(store, minute)
    assert [back(store), seen(store, "previous"), back(store)] == ["2", "3", "1"]
    with pytest.raises(Refused, match="no release before"):
        back(store)


def test_after_a_rollback_a_new_release_never_leads_back_to_what_was_taken_back(
    store: ReleaseStore,
) -> None:
    for minute in (1, 2):
        make(store, minute)
    back(store)
    make(store, 3)
    assert back(store) == "1"


def test_nothing_can_be_taken_back_before_the_first_push(store: ReleaseStore) -> None:
    with pytest.raises(Refused, match="nothing has been published yet"):
        back(store)


def test_as_many_are_kept_as_rollback_shall_reach(store: ReleaseStore) -> None:
    names = [make(store, minute) for minute in range(6)]
    store.prune(3, NOON + timedelta(days=1))
    assert [release.name for release in store.all()] == names[-3:]


def test_as_many_are_kept_as_their_sizes_allow_and_always_the_two_that_readers_need(
    store: ReleaseStore,
) -> None:
    names = [make(store, minute, size=100) for minute in range(5)]
    assert store.space_needed() == 200
    store.prune(5, NOON + timedelta(days=1), max_bytes=350)
    assert [release.name for release in store.all()] == names[-3:]
    store.prune(5, NOON + timedelta(days=1), max_bytes=1)
    assert [release.name for release in store.all()] == names[-2:]


def test_one_whose_push_has_not_ended_is_kept_for_an_hour(store: ReleaseStore) -> None:
    make(store, 1)
    waiting = make(store, 2, show=False)
    store.prune(3, NOON + timedelta(minutes=61))
    assert store.path(waiting).is_dir()
    store.prune(3, NOON + timedelta(minutes=63))
    assert not store.path(waiting).exists()


def test_two_of_one_second_have_two_names(store: ReleaseStore) -> None:
    assert make(store, 1) != make(store, 1)


def test_what_fails_in_the_making_leaves_nothing(store: ReleaseStore) -> None:
    with contextlib.suppress(RuntimeError), store.new_folder("x") as folder:
        (folder / "page").write_text("half")
        raise RuntimeError
    assert list(store.releases.iterdir()) == []


def test_what_a_killed_process_left_hinders_nobody(store: ReleaseStore) -> None:
    (store.releases / ".making").mkdir()
    (store.releases / ".making/half").touch()
    (store.folder / ".current").symlink_to("nowhere")
    make(store, 1)
    assert not (store.path(store.all()[0].name) / "half").exists()
    assert seen(store) == "1"


def test_there_is_a_release_at_every_moment_of_the_swap(store: ReleaseStore) -> None:
    """Another process opens pages as fast as it can while releases are swapped."""
    make(store, 0)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        missed = 0
        while not os.path.exists(store.folder / "over"):  # noqa: PTH110 - the quickest there is
            try:
                missed += not (store.folder / "current/page").read_text()
            except OSError:
                missed += 1
        os.write(writing, str(missed).encode())
        os._exit(0)
    for minute in range(1, 60):
        make(store, minute)
    (store.folder / "over").touch()
    os.waitpid(child, 0)
    assert os.read(reading, 20) == b"0"


def test_a_folder_that_is_no_release_is_told_in_a_line(store: ReleaseStore) -> None:
    (store.releases / "20260101").mkdir()
    with pytest.raises(Unavailable, match="20260101: not a release; delete the folder"):
        store.all()
