"""Disturbs the product's close: a signal ends it, or a lead's lines cannot be computed."""

import inspect
import sys
from collections.abc import Container, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Final

import pytest

import capture
from capture.billing.history import LeadHistory
from capture.billing.lines import Line
from capture.campaign.model import Campaign
from capture.closing import drawing

PACKAGE: Final = str(Path(capture.__file__).parent)


class Interruption(BaseException):
    """Ends a close at some step, as a signal to the process does."""


@contextmanager
def interruption_at(step: int) -> Iterator[None]:
    """Raises `Interruption` when the product makes its call of this number, or returns from it.

    Functions in C count too, so that SQL commands are among the steps.
    """
    steps = count(1)

    def profile(frame: FrameType, event: str, argument: object) -> None:  # noqa: ARG001
        is_product = frame.f_code.co_filename.startswith(PACKAGE)
        if is_product and _may_raise(frame, event) and next(steps) == step:
            raise Interruption

    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)


def _may_raise(frame: FrameType, event: str) -> bool:
    """Whether the product's own `finally` can handle an error at this event.

    An error that is raised as a generator resumes skips the code around its `yield`.
    """
    is_generator = bool(frame.f_code.co_flags & inspect.CO_GENERATOR)
    return event in {"c_call", "c_return"} or (event == "call" and not is_generator)


@contextmanager
def impossible_lines(lead_ids: Container[str]) -> Iterator[None]:
    """No line of these leads can be computed."""

    def due_lines(history: LeadHistory, terms: Campaign, query: drawing.LineQuery) -> list[Line]:
        lines = list(original(history, terms, query))
        if lines and history.lead.lead_id in lead_ids:
            raise ValueError(f"lead {history.lead.lead_id}")
        return lines

    original = drawing.due_lines
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "due_lines", due_lines)
        yield
