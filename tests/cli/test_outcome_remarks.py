"""`gatepost outcome` remarks on what is not billed or stays billed (rules 37 and 42).

The rules are those of docs/rules.md.
"""

from datetime import datetime, timedelta

import time_machine

from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW

CPL = 'model = "cpl"\nrate = 50\nbillable = "accepted"'
SHARE = 'model = "revenue_share"\npercent = 10\nmonths = 2\nbillable = "revenue"'
BOOKED = 'model = "cpap"\nrate = 300\nbillable = "scheduled"'


def take_at_price(project: Project, price: str) -> str:
    """Receives a lead of the campaign under another price. Returns its id."""
    (project.folder / "campaigns/guide.toml").write_text(CAMPAIGN.replace(CPL, price))
    return project.take()


def record(project: Project, lead_id: str, at: datetime, *what: str) -> str:
    with time_machine.travel(at, tick=False):
        ran = project.run("outcome", lead_id, *what, "--as", "Ada")
    assert ran.err == ""
    return ran.out


def test_months_without_a_share_are_named(project: Project) -> None:
    lead_id = take_at_price(project, SHARE)
    record(project, lead_id, NOW, "won", "--amount", "400")
    paid = ("revenue", "--amount", "400", "--months", "4", "--period", "2026-11-23")
    out = record(project, lead_id, NOW, *paid)
    assert "No share is paid for months that begin on 2027-01-23, 2027-02-23:" in out
    paid = ("revenue", "--amount", "1", "--period", "2026-11-23")
    assert "No share" not in record(project, lead_id, NOW, *paid)


def test_a_booking_that_stays_billed_is_named(project: Project) -> None:
    lead_id = take_at_price(project, BOOKED)
    record(project, lead_id, NOW, "scheduled", "--at", "2026-11-24T10:00")
    late = NOW + timedelta(days=1)
    out = record(project, lead_id, late, "cancelled", "--on", "2026-11-24T10:00")
    assert "The booking stays charged" in out


def test_a_booking_that_is_cancelled_in_time_is_not_named(project: Project) -> None:
    lead_id = take_at_price(project, BOOKED)
    record(project, lead_id, NOW, "scheduled", "--at", "2026-11-24T10:00")
    assert "charged" not in record(project, lead_id, NOW, "cancelled")


def test_a_partial_refund_names_its_month(project: Project) -> None:
    lead_id = take_at_price(project, SHARE)
    record(project, lead_id, NOW, "won", "--amount", "400")
    record(project, lead_id, NOW, "revenue", "--amount", "400", "--period", "2026-11-23")
    back = ("refunded", "--amount", "100", "--as", "Ada")
    with time_machine.travel(NOW, tick=False):
        ran = project.run("outcome", lead_id, *back)
    assert ran.code == 1
    assert "(recorded periods: 2026-11-23); a refund in full is 400.00" in ran.err
    assert "sale won" in record(project, lead_id, NOW, *back[:3], "--period", "2026-11-23")
