"""`gatepost outcome` says at once what will not be paid, or stays charged (rules 37 and 42)."""

from datetime import datetime, timedelta

import time_machine

from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW

CPL = 'model = "cpl"\nrate = 50\nbillable = "accepted"'
SHARE = 'model = "revenue_share"\npercent = 10\nmonths = 2\nbillable = "revenue"'
BOOKED = 'model = "cpap"\nrate = 300\nbillable = "scheduled"'


def priced(project: Project, price: str) -> str:
    """A lead of the project's campaign under another price."""
    (project.folder / "campaigns/guide.toml").write_text(CAMPAIGN.replace(CPL, price))
    return project.take()


def said(project: Project, lead_id: str, at: datetime, *what: str) -> str:
    with time_machine.travel(at, tick=False):
        ran = project.run("outcome", lead_id, *what, "--as", "Ada")
    assert ran.err == ""
    return ran.out


def test_months_that_pay_no_share_are_named(project: Project) -> None:
    lead_id = priced(project, SHARE)
    said(project, lead_id, NOW, "won", "--amount", "400")
    paid = ("revenue", "--amount", "400", "--months", "4", "--period", "2026-11-23")
    out = said(project, lead_id, NOW, *paid)
    assert "No share is paid for months that begin on 2027-01-23, 2027-02-23:" in out
    paid = ("revenue", "--amount", "1", "--period", "2026-11-23")
    assert "No share" not in said(project, lead_id, NOW, *paid)


def test_a_booking_that_stays_charged_is_named(project: Project) -> None:
    lead_id = priced(project, BOOKED)
    said(project, lead_id, NOW, "scheduled", "--at", "2026-11-24T10:00")
    late = NOW + timedelta(days=1)
    out = said(project, lead_id, late, "cancelled", "--on", "2026-11-24T10:00")
    assert "The booking stays charged" in out


def test_a_booking_that_is_cancelled_in_time_is_not(project: Project) -> None:
    lead_id = priced(project, BOOKED)
    said(project, lead_id, NOW, "scheduled", "--at", "2026-11-24T10:00")
    assert "charged" not in said(project, lead_id, NOW, "cancelled")


def test_a_refund_in_part_names_its_month(project: Project) -> None:
    lead_id = priced(project, SHARE)
    said(project, lead_id, NOW, "won", "--amount", "400")
    said(project, lead_id, NOW, "revenue", "--amount", "400", "--period", "2026-11-23")
    back = ("refunded", "--amount", "100", "--as", "Ada")
    with time_machine.travel(NOW, tick=False):
        ran = project.run("outcome", lead_id, *back)
    assert ran.code == 1
    assert "(recorded periods: 2026-11-23); a refund in full is 400.00" in ran.err
    assert "sale won" in said(project, lead_id, NOW, *back[:3], "--period", "2026-11-23")
