"""What a pusher learns of past leads: counts that reveal nothing about a person.

Rule 40 of docs/rules.md.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.backtest.run import (
    VerdictShift,
    round_to_tens,
    rounded_count,
    uncounted_fields,
    verdict_shift,
)
from capture.campaign.model import Campaign
from capture.cli.campaigns import impact_lines
from capture.cli.context import Allowance
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.ledger import open_ledger
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import JudgedLead
from tests.samples import ANSWERS, CAMPAIGN, NOW, campaign, consent_to

SIZES = ("1-50", "51-100", "101-500", "501+")
TEXT = CAMPAIGN.replace('"101+"', '"101-500", "501+"')
OLD = campaign(text=TEXT)
STRICT = campaign(text=TEXT.replace("at_least = 101", "at_least = 501"))
LOOSE = campaign(text=TEXT.replace("at_least = 101", "at_least = 51"))
ANN = campaign('[criteria.full_name]\none_of = ["Ann Lee"]', text=TEXT)
NAME_AS_CHOICE = campaign(
    '[criteria.full_name]\nequal = "Ann Lee"',
    text=TEXT.replace(
        'label = "Name"', 'label = "Name"\ntype = "choice"\nchoices = ["Ann Lee", "-"]'
    ),
)
"""A draft that declares the name field as a choice."""
LEADS = 90


class SavedCampaigns:
    """A ledger's campaign versions: only `OLD`."""

    def version_text(self, campaign: str, version: str) -> str:
        assert (campaign, version) == (OLD.slug, OLD.version)
        return TEXT


READING = cast(ReadTransaction, SimpleNamespace(campaigns=SavedCampaigns()))
"""The part of a ledger that a count reads."""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[JudgedLead]]:
    """Leads of a real ledger; one of them is Ann Lee."""
    file = tmp_path_factory.mktemp("past") / "ledger.db"
    ledger = open_ledger(f"sqlite:///{file}", b"a key for tests only")
    for number in range(LEADS):
        answers = {
            **ANSWERS,
            "full_name": "Ann Lee" if number == 7 else f"Person {number}",
            "email": f"ann@c{number}.example",
            "company_size": SIZES[number % 4],
        }
        submission = Submission(answers, consent_to(OLD.version))
        ledger.transact(
            lambda records, item=submission: receive_submission(records, OLD, item, NOW)
        )
    yield ledger.read(lambda reading: list(reading.leads.judged("guide", None)))
    ledger.close()


def lines(draft: Campaign, leads: list[JudgedLead]) -> list[str]:
    return list(impact_lines(draft, verdict_shift(READING, draft, leads)))


def test_counts_are_rounded_to_tens(past: list[JudgedLead]) -> None:
    assert verdict_shift(READING, LOOSE, past + past) == VerdictShift(180, 0, 46)
    assert lines(LOOSE, past + past) == [
        "campaigns/guide.toml: of about 180 past leads, would no longer qualify: too few leads to "
        "say; would qualify now: about 50. They keep the verdict they have; `gatepost backtest` "
        "counts exactly, for the agency."
    ]


def test_few_leads_give_no_counts(past: list[JudgedLead]) -> None:
    too_few = "campaigns/guide.toml: too few leads to say whose verdict it would change."
    for leads in ([], past[:1], past[:40]):
        assert lines(STRICT, leads) == [too_few]
    assert lines(OLD, past) == [too_few]  # "no lead" would be an exact count


@pytest.mark.parametrize("draft", [ANN, NAME_AS_CHOICE])
def test_answers_in_free_text_are_never_counted(draft: Campaign, past: list[JudgedLead]) -> None:
    without_ann = [
        judged_lead
        for judged_lead in past
        if judged_lead.answers and judged_lead.answers["full_name"] != "Ann Lee"
    ]
    assert len(without_ann) == LEADS - 1
    for leads in (past, without_ann, past * 3):
        shift = verdict_shift(READING, draft, leads)
        assert (shift.lost, shift.won) == (0, 0)
    assert uncounted_fields(ANN) == ["full_name"]
    assert lines(ANN, past)[1:] == [
        "campaigns/guide.toml: a criterion on full_name is not counted for a push."
    ]


def is_large_enough(count: int) -> bool:
    return count >= 20


@given(
    counts_before=st.tuples(st.integers(0, 120), st.integers(0, 120), st.integers(0, 120)),
    added=st.sampled_from(["lost", "won", "neither"]),
)
def test_an_additional_lead_changes_the_text_only_with_twenty_leads_on_both_sides(
    counts_before: tuple[int, int, int], added: str
) -> None:
    lost, won, neither = counts_before
    before = VerdictShift(lost + won + neither, lost, won)
    after = VerdictShift(before.leads + 1, lost + (added == "lost"), won + (added == "won"))
    for name in ("lost", "won"):
        counts = [(getattr(shift, name), shift.leads) for shift in (before, after)]
        if rounded_count(*counts[0]) != rounded_count(*counts[1]):
            assert all(
                is_large_enough(count) and is_large_enough(leads - count) for count, leads in counts
            )
    if list(impact_lines(STRICT, before)) != list(impact_lines(STRICT, after)):
        assert any(
            is_large_enough(count) and is_large_enough(shift.leads - count)
            for shift in (before, after)
            for count in (shift.lost, shift.won)
        )
        assert is_large_enough(min(before.leads, after.leads))


@given(
    positions=st.sets(st.integers(0, LEADS - 1)),
    removed=st.integers(0, LEADS - 1),
    add_all=st.booleans(),
)
def test_one_lead_less_changes_the_text_only_if_a_rounded_count_changes(
    positions: set[int], removed: int, add_all: bool, past: list[JudgedLead]
) -> None:
    leads = [past[position] for position in sorted(positions)] + (past if add_all else [])
    removed_id = past[removed].lead.lead_id
    fewer = [judged_lead for judged_lead in leads if judged_lead.lead.lead_id != removed_id]
    if len(fewer) != len(leads) - 1:
        return
    for draft in (STRICT, LOOSE, ANN, NAME_AS_CHOICE):
        if lines(draft, leads) == lines(draft, fewer):
            continue
        more, less = (verdict_shift(READING, draft, group) for group in (leads, fewer))
        counts = [
            (shift.leads, count) for shift in (more, less) for count in (shift.lost, shift.won)
        ]
        assert any(min(count, total - count) >= 24 for total, count in counts)
        has_changed = [
            round_to_tens(a) != round_to_tens(b)
            for a, b in ((more.lost, less.lost), (more.won, less.won), (more.leads, less.leads),
                         (more.leads - more.lost, less.leads - less.lost),
                         (more.leads - more.won, less.leads - less.won))
        ]  # fmt: skip
        assert any(has_changed)


def test_leads_that_the_criteria_did_not_decide_are_not_counted(past: list[JudgedLead]) -> None:
    test_lead = replace(past[0], lead=replace(past[0].lead, test=True))
    erased, unjudged = replace(past[1], answers=None), replace(past[2], verdict=None)
    assert verdict_shift(READING, STRICT, [test_lead, erased, unjudged]) == VerdictShift(0, 0, 0)


def test_the_number_of_answers_a_day_is_limited(tmp_path: Path) -> None:
    noon = datetime(2026, 11, 29, 12, tzinfo=UTC)
    allowance = Allowance(tmp_path / "var/push-backtests", 3)
    assert [allowance.take(noon) for _ in range(5)] == [True, True, True, False, False]
    assert not Allowance(allowance.file, 3).take(noon + timedelta(hours=11, minutes=59))
    assert not allowance.take(noon - timedelta(days=1))  # the clock was set back
    assert allowance.take(noon + timedelta(hours=12))
    assert allowance.file.stat().st_mode & 0o777 == 0o600


def test_an_unreadable_file_allows_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "push-backtests"
    file.write_text("torn")
    assert not Allowance(file, 3).take(NOW)
    assert not Allowance(tmp_path / "other", 0).take(NOW)
