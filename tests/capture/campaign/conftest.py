"""A small valid project, and the problems that are reported after a change."""

from collections.abc import Callable
from pathlib import Path

import pytest

from capture.campaign.catalogue import read_catalogue
from capture.errors import FileErrors

CAMPAIGN = """\
title = "The guide"
client = "acme"
currency = "USD"
time_zone = "America/New_York"
opens = 2026-11-01
kind = "gated"
assets = ["guide.pdf"]
consent = "You may write to me."

[fields.email]
label = "Work e-mail"
type = "email"
autocomplete = "work email"

[fields.company_size]
label = "Number of employees"
type = "choice"
choices = [
    "1-50",
    "51-200",
    "201+",
]

[fields.job_title]
label = "Job title"

[fields.country]
label = "Country"
type = "country"

[fields.phone]
label = "Phone"
type = "phone"
required = false

# Which leads qualify.
[criteria.company_size]
at_least = 51

[price]
model = "cpl"
billable = "accepted"
rate = 50.00

[review]
hours = 48

[review.reasons]
too_small = "The company is too small."

[duplicates]
keys = ["email"]
window = 180

[caps]
leads_a_month = 10
"""

CLIENT = """\
name = "Acme"
legal_name = "Acme, Inc."
address = ["500 Example Avenue", "New York"]
vat_rate = 19

[contacts]
bills = ["bills@acme.example.com"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A valid project with one campaign, client and gated file, as the working folder."""
    for folder in ("campaigns", "clients", "gated"):
        (tmp_path / folder).mkdir()
    (tmp_path / "campaigns" / "guide.toml").write_text(CAMPAIGN)
    (tmp_path / "clients" / "acme.toml").write_text(CLIENT)
    (tmp_path / "gated" / "guide.pdf").write_bytes(b"%PDF")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def problems(project: Path) -> Callable[[], list[str]]:
    """Returns the problems of the project, one line each; empty if it is valid."""

    def message() -> list[str]:
        folders = (project / name for name in ("campaigns", "clients", "gated"))
        try:
            read_catalogue(*folders)
        except FileErrors as errors:
            return [str(problem) for problem in errors.problems]
        return []

    return message


@pytest.fixture
def problems_after_change(
    project: Path, problems: Callable[[], list[str]]
) -> Callable[..., list[str]]:
    """Replaces text in a file by pairs (old, new), and returns the problems."""

    def message(*changes: tuple[str, str], file: str = "campaigns/guide.toml") -> list[str]:
        text = (project / file).read_text()
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} must occur once in the file"
            text = text.replace(old, new)
        (project / file).write_text(text)
        return problems()

    return message


@pytest.fixture
def campaign_text() -> str:
    """The text of the valid campaign."""
    return CAMPAIGN
