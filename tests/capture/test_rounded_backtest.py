"""What a pusher is told of past leads: counts that say nothing of a person (rule 40)."""

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
from capture.intake.gate import Submission
from capture.intake.receive import receive_submission
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
CHOSEN = campaign(
    '[criteria.full_name]\nequal = "Ann Lee"',
    text=TEXT.replace(
        'label = "Name"', 'label = "Name"\ntype = "choice"\nchoices = ["Ann Lee", "-"]'
    ),
)
"""A pusher who calls names a choice."""
LEADS = 90


class KeptCampaigns:
    """The versions that a ledger keeps."""

    def version_text(self, campaign: str, version: str) -> str:
        assert (campaign, version) == (OLD.slug, OLD.version)
        return TEXT


READING = cast(ReadTransaction, SimpleNamespace(campaigns=KeptCampaigns()))
"""As much of a ledger as a count asks."""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[JudgedLead]]:
    """Leads of a real ledger, of whom one is Ann Lee."""
    file = tmp_path_factory.mktemp("past") / "ledger.db"
    ledger = open_ledger(f"sqlite:///{file}", b"a key for tests only")
    for number in range(LEADS):
        answers = {
            **ANSWERS,
            "full_name": "Ann Lee" if number == 7 else f"Person {number}",
            "email": f"ann@c{number}.example",
            "company_size": SIZES[number % 4],
        }
        sent = Submission(answers, consent_to(OLD.version))
        ledger.transact(lambda records, sent=sent: receive_submission(records, OLD, sent, NOW))
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


def test_of_few_leads_nothing_is_told(past: list[JudgedLead]) -> None:
    few = "campaigns/guide.toml: too few leads to say whose verdict it would change."
    for leads in ([], past[:1], past[:40]):
        assert lines(STRICT, leads) == [few]
    assert lines(OLD, past) == [few]  # that nobody is concerned would be an exact count


@pytest.mark.parametrize("draft", [ANN, CHOSEN])
def test_nothing_is_counted_by_what_persons_wrote(draft: Campaign, past: list[JudgedLead]) -> None:
    """`full_name one_of ["Ann Lee"]` was answered with "1 that qualified would not"."""
    without_ann = [one for one in past if one.answers and one.answers["full_name"] != "Ann Lee"]
    assert len(without_ann) == LEADS - 1
    for leads in (past, without_ann, past * 3):
        shift = verdict_shift(READING, draft, leads)
        assert (shift.lost, shift.won) == (0, 0)
    assert uncounted_fields(ANN) == ["full_name"]
    assert lines(ANN, past)[1:] == [
        "campaigns/guide.toml: a criterion on full_name is not counted for a push."
    ]


def near(count: int) -> bool:
    return count >= 20


@given(
    first=st.tuples(st.integers(0, 120), st.integers(0, 120), st.integers(0, 120)),
    more=st.sampled_from(["lost", "won", "neither"]),
)
def test_one_lead_more_shows_only_where_twenty_stand_on_both_sides(
    first: tuple[int, int, int], more: str
) -> None:
    lost, won, neither = first
    one = VerdictShift(lost + won + neither, lost, won)
    other = VerdictShift(one.leads + 1, lost + (more == "lost"), won + (more == "won"))
    for name in ("lost", "won"):
        counts = [(getattr(shift, name), shift.leads) for shift in (one, other)]
        if rounded_count(*counts[0]) != rounded_count(*counts[1]):
            assert all(near(count) and near(leads - count) for count, leads in counts)
    if list(impact_lines(STRICT, one)) != list(impact_lines(STRICT, other)):
        assert any(
            near(count) and near(shift.leads - count)
            for shift in (one, other)
            for count in (shift.lost, shift.won)
        )
        assert near(min(one.leads, other.leads))


@given(
    places=st.sets(st.integers(0, LEADS - 1)), gone=st.integers(0, LEADS - 1), twice=st.booleans()
)
def test_a_ledger_without_one_lead_is_told_alike_but_at_a_border(
    places: set[int], gone: int, twice: bool, past: list[JudgedLead]
) -> None:
    leads = [past[place] for place in sorted(places)] + (past if twice else [])
    fewer = [one for one in leads if one.lead.lead_id != past[gone].lead.lead_id]
    if len(fewer) != len(leads) - 1:
        return
    for draft in (STRICT, LOOSE, ANN, CHOSEN):
        if lines(draft, leads) == lines(draft, fewer):
            continue
        more, less = (verdict_shift(READING, draft, some) for some in (leads, fewer))
        counts = [(both.leads, count) for both in (more, less) for count in (both.lost, both.won)]
        assert any(min(count, leads - count) >= 24 for leads, count in counts)
        crossed = [
            round_to_tens(a) != round_to_tens(b)
            for a, b in ((more.lost, less.lost), (more.won, less.won), (more.leads, less.leads),
                         (more.leads - more.lost, less.leads - less.lost),
                         (more.leads - more.won, less.leads - less.won))
        ]  # fmt: skip
        assert any(crossed)


def test_leads_that_no_criterion_judged_are_in_no_count(past: list[JudgedLead]) -> None:
    test, erased = replace(past[0].lead, test=True), replace(past[1], answers=None)
    odd = [replace(past[0], lead=test), erased, replace(past[2], verdict=None)]
    assert verdict_shift(READING, STRICT, odd) == VerdictShift(0, 0, 0)


def test_so_many_times_a_day_and_no_more(tmp_path: Path) -> None:
    noon = datetime(2026, 11, 29, 12, tzinfo=UTC)
    allowance = Allowance(tmp_path / "var/push-backtests", 3)
    assert [allowance.take(noon) for _ in range(5)] == [True, True, True, False, False]
    assert not Allowance(allowance.file, 3).take(noon + timedelta(hours=11, minutes=59))
    assert not allowance.take(noon - timedelta(days=1))  # a clock that was set back
    assert allowance.take(noon + timedelta(hours=12))
    assert allowance.file.stat().st_mode & 0o777 == 0o600


def test_a_count_of_the_day_that_cannot_be_read_gives_nothing(tmp_path: Path) -> None:
    file = tmp_path / "push-backtests"
    file.write_text("torn")
    assert not Allowance(file, 3).take(NOW)
    assert not Allowance(tmp_path / "other", 0).take(NOW)
