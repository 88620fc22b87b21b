"""Work is divided over child processes, with limits of time and weight."""

import os
import resource
import signal
from typing import Any

import pytest

from publish import child_processes
from publish.child_processes import ChildEnded, Limits, run_each


@pytest.fixture(autouse=True)
def _four_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_processes, "processor_count", lambda: 4)


def results(work: Any, items: list[Any], limits: Limits[Any] | None = None) -> dict[Any, Any]:
    return dict(run_each(work, items, limits or Limits(seconds=9)))


def test_each_item_has_its_result() -> None:
    assert results(lambda number: number * 2, [*range(50)]) == {n: n * 2 for n in range(50)}


def test_no_item_needs_no_child() -> None:
    assert results(os.getpid, []) == {}


def test_the_work_runs_in_children_that_are_used_again() -> None:
    children = set(results(lambda _: os.getpid(), [*range(40)]).values())
    assert os.getpid() not in children
    assert len(children) <= 4


def test_a_child_that_ends_costs_only_its_own_item() -> None:
    def work(number: int) -> int:
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    found = results(work, [*range(8)])
    assert found.pop(3) == ChildEnded("crashes the library that opens it (exit code -9)")
    assert found == {number: number for number in range(8) if number != 3}


def test_an_item_that_takes_too_much_processor_time_is_named() -> None:
    def work(_: int) -> None:
        os.kill(os.getpid(), signal.SIGXCPU)

    reason = "takes more than 9 seconds of processor time"
    assert results(work, [1]) == {1: ChildEnded(reason)}


def test_each_item_has_the_limit_of_time_for_itself() -> None:
    def work(_: int) -> tuple[float, int]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime, resource.getrlimit(resource.RLIMIT_CPU)[0]

    for used, limit in results(work, [*range(20)]).values():
        assert used + 9 <= limit + 1 <= used + 12


def test_an_exception_is_raised_and_ends_all_children() -> None:
    def work(_: int) -> int:
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        results(work, [1, 2])


@pytest.mark.parametrize("capacity", [1, 5, 12])
def test_the_items_that_run_together_are_limited_by_weight(capacity: int) -> None:
    running: list[int] = []
    heaviest: list[int] = []

    def start(item: int) -> None:
        running.append(item)
        heaviest.append(sum(running))
        assert len(running) == 1 or sum(running) <= capacity

    limits = Limits[int](seconds=9, capacity=capacity, weight=lambda item: item)
    for item, _ in run_each(lambda item: item, [3, 1, 9, 2, 2, 2, 4, 1], limits, start):
        running.remove(item)
    assert running == []
    assert len(heaviest) == 8
