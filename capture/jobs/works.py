"""What does the jobs of each kind."""

from collections.abc import Mapping
from typing import Final

from capture.jobs.backtest import run_backtest
from capture.jobs.close_months import close_months
from capture.jobs.lead_export import export_leads
from capture.jobs.model import JobKind
from capture.jobs.run import Work

WORKS: Final[Mapping[JobKind, Work]] = {
    JobKind.EXPORT: export_leads,
    JobKind.BACKTEST: run_backtest,
    JobKind.CLOSE: close_months,
}
"""By kind: the function that does it."""
