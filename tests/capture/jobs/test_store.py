"""Jobs in their folder: added once, run in order, recognised as interrupted, deleted in time."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from capture.errors import Refused
from capture.jobs.model import JobKind, JobProgress, JobRequest, JobResult, JobState
from capture.jobs.store import LIFE, LIFE_WITHOUT_PERSONAL_DATA, MOST_KEPT, MOST_OPEN, JobStore
from tests.samples import NOW


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs")


def request(number: int = 0, *, user: str = "ada", kind: JobKind = JobKind.EXPORT) -> JobRequest:
    return JobRequest(
        kind=kind,
        title="Export",
        user_id=user,
        user_name=user.title(),
        client="",
        details={"number": number},
    )


def end(store: JobStore, *, error: str = "") -> str:
    """Runs the job that waits longest to its end. Returns its id."""
    with store.next_waiting(NOW) as job:
        assert job is not None
        assert store.finish(job.id, JobResult(ended_at=NOW, error=error), lambda: True)
    return job.id


def test_the_same_request_is_one_job_until_it_has_ended(store: JobStore) -> None:
    first = store.add(request(), NOW)
    assert store.add(request(), NOW + LIFE) == first
    assert store.add(request(user="bob"), NOW).id != first.id
    assert store.add(request(1), NOW).id != first.id
    assert end(store) == first.id
    assert store.add(request(), NOW).id != first.id


def test_jobs_start_in_the_order_of_their_requests(store: JobStore) -> None:
    ids = [store.add(request(number), NOW).id for number in range(3)]
    assert [job.id for job in store.all()] == ids[::-1]
    assert [end(store) for _ in range(3)] == ids
    assert not store.has_waiting()


def test_a_started_job_runs_while_its_process_holds_it_and_is_interrupted_after_that(
    store: JobStore,
) -> None:
    job_id = store.add(request(), NOW).id
    with store.next_waiting(NOW) as job:
        assert job is not None
        store.save_progress(job_id, JobProgress(step="Reading", done=2, total=3, at=NOW))
        running = store.get(job_id)
        assert running is not None
        assert (running.state, running.progress and running.progress.done) == ("running", 2)
        assert not store.delete(job_id)
        with store.next_waiting(NOW) as other:
            assert other is None
    interrupted = store.get(job_id)
    assert interrupted is not None
    assert interrupted.state is JobState.INTERRUPTED
    store.start_again(job_id)
    assert end(store) == job_id


def test_the_same_request_starts_an_interrupted_job_again(store: JobStore) -> None:
    job_id = store.add(request(), NOW).id
    with store.next_waiting(NOW):
        pass
    again = store.add(request(), NOW)
    assert (again.id, again.state) == (job_id, JobState.WAITING)


def test_a_failed_job_says_why_and_can_start_again_but_one_that_is_done_cannot(
    store: JobStore,
) -> None:
    job_id = store.add(request(), NOW).id
    end(store, error="the disk is full")
    failed = store.get(job_id)
    assert failed is not None
    assert failed.result is not None
    assert (failed.state, failed.result.error) == ("failed", "the disk is full")
    store.start_again(job_id)
    end(store)
    store.start_again(job_id)
    done = store.get(job_id)
    assert done is not None
    assert done.state is JobState.DONE


def test_two_run_at_a_time(store: JobStore) -> None:
    with store.slot() as first, store.slot() as second, store.slot() as third:
        assert (first, second, third) == (True, True, False)
        assert not store.has_free_slot()
    assert store.has_free_slot()


def test_a_user_has_few_jobs_at_a_time_and_few_are_kept(store: JobStore) -> None:
    for number in range(MOST_OPEN):
        store.add(request(number), NOW)
    with pytest.raises(Refused, match="5 pieces of your work have not ended"):
        store.add(request(99), NOW)
    for number in range(100, 100 + MOST_KEPT):
        end(store)
        store.add(request(number), NOW)
    store.add(request(user="bob"), NOW)
    assert len([job for job in store.all() if job.request.user_id == "ada"]) == MOST_KEPT


def test_jobs_are_deleted_in_time_with_their_files(store: JobStore) -> None:
    export, close = store.add(request(), NOW).id, store.add(request(kind=JobKind.CLOSE), NOW).id
    end(store), end(store)
    store.result_file(export).write_text("Ann Lee")
    waiting = store.add(request(2), NOW).id
    store.delete_old(NOW + LIFE)
    assert {job.id for job in store.all()} == {export, close, waiting}
    store.delete_old(NOW + LIFE + timedelta(seconds=1))
    assert {job.id for job in store.all()} == {close, waiting}
    assert not store.folder_of(export).exists()
    store.delete_old(NOW + LIFE_WITHOUT_PERSONAL_DATA + timedelta(seconds=1))
    assert [job.id for job in store.all()] == [waiting]


def test_jobs_with_personal_data_that_are_over_can_be_deleted_at_once(store: JobStore) -> None:
    for kind in JobKind:
        store.add(request(kind=kind), NOW)
        end(store)
    store.add(request(2), NOW)
    assert store.with_personal_data() == 2
    assert store.delete_personal_data() == 2
    assert [job.state for job in store.all()] == [JobState.WAITING, JobState.DONE]


def test_no_result_is_stored_that_is_not_valid_any_more(store: JobStore) -> None:
    store.add(request(), NOW)
    with store.next_waiting(NOW) as job:
        assert job is not None
        assert not store.finish(job.id, JobResult(ended_at=NOW), lambda: False)
        running = store.get(job.id)
        assert running is not None
        assert running.state is JobState.RUNNING


@pytest.mark.parametrize("text", ["", "1", "../../etc", "0" * 16, "x" * 300, "a\0b"])
def test_any_text_may_be_asked_for(store: JobStore, text: str) -> None:
    assert store.get(text) is None


def test_only_the_owner_may_read_the_files(store: JobStore, tmp_path: Path) -> None:
    store.add(request(), NOW)
    end(store)
    for path in [tmp_path / "jobs", *(tmp_path / "jobs").rglob("*")]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
