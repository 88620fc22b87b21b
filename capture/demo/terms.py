"""The agreements of the demonstration change during the year: each change is a new version."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from capture.campaign.catalogue import read_catalogue
from capture.campaign.files import read_campaign
from capture.campaign.model import Campaign
from capture.closing.cap_use import lead_cap_use
from capture.ledger.protocol import Ledger
from capture.ledger.terms import save_terms

_CHECKLIST: Final = "cloud-checklist"
_TRIAL: Final = "payroll-trial"
_DAYS_LEFT: Final = 6
"""How many days after the year one campaign ends."""
_SHARE_OF_CAP: Final = 0.9
"""How much of one campaign's cap is used at the end of the year."""


@dataclass(frozen=True, slots=True)
class TermsOfYear:
    """The terms of all campaigns, from the beginning of the year, and after their change."""

    first: Sequence[Campaign]
    changed: Sequence[Campaign]


def read_terms(campaigns: Path, clients: Path, gated: Path, end: datetime) -> TermsOfYear:
    """Reads the campaign files, changes two of them, and reads them again."""
    first = list(read_catalogue(campaigns, clients, gated).campaigns.values())
    _edit(campaigns / f"{_CHECKLIST}.toml", r"^rate = .*$", "rate = 72.00")
    closes = (end + timedelta(days=_DAYS_LEFT)).date()
    _edit(campaigns / f"{_TRIAL}.toml", r"^(kind = .*)$", rf"\1\ncloses = {closes}")
    changed = list(read_catalogue(campaigns, clients, gated).campaigns.values())
    return TermsOfYear(first, changed)


def lower_cap(ledger: Ledger, campaigns: Path, now: datetime) -> None:
    """Sets the cap of one campaign so that nearly all of it is used in the month of `now`."""
    path = campaigns / f"{_CHECKLIST}.toml"
    terms = read_campaign(path)
    use = ledger.read(lambda reading: lead_cap_use(reading, terms, now))
    if use is None or not use.used:
        return
    _edit(path, r"^leads_a_month = .*$", f"leads_a_month = {int(use.used / _SHARE_OF_CAP) + 1}")
    lowered = read_campaign(path)
    ledger.transact(lambda records: save_terms(records, lowered, now))


def _edit(path: Path, pattern: str, replacement: str) -> None:
    text = re.sub(pattern, replacement, path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
