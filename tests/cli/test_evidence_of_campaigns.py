"""`gatepost evidence` for an invoice over two campaigns, also where both have the same text."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import time_machine

from capture.intake.receive import receive_submission
from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW, campaign, submission

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
TEXTS = {
    "same text": CAMPAIGN,
    "other text": CAMPAIGN.replace("The guide", "Demo calls").replace("rate = 50", "rate = 60"),
}


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    """The rows that a query of the evidence file returns."""
    with closing(sqlite3.connect(file)) as db:
        return db.execute(query).fetchall()


@pytest.fixture(params=TEXTS)
def text(request: pytest.FixtureRequest) -> str:
    """The text of the second campaign's file."""
    return TEXTS[request.param]


@pytest.fixture
def lead_ids(project: Project, text: str) -> dict[str, str]:
    """The lead of each campaign in an invoice over both."""
    (project.folder / "campaigns/second.toml").write_text(text)
    lead_ids = {}
    for slug, file_text in (("guide", CAMPAIGN), ("second", text)):
        terms = campaign(slug=slug, text=file_text)
        sent = submission(terms, email=f"ann@{slug}.example", full_name=f"Ann {slug}")
        lead_ids[slug] = project.ledger.transact(
            lambda records, terms=terms, sent=sent: receive_submission(records, terms, sent, NOW)
        ).lead_id
    return lead_ids


@pytest.fixture
def file(project: Project, lead_ids: dict[str, str]) -> Path:
    """The evidence file of the invoice."""
    assert lead_ids
    with time_machine.travel(DECEMBER, tick=False):
        assert project.run("close", "acme", "--month", "2026-11").code == 0
    ran = project.run("evidence", "acme-0001", "-o", "proof.db")
    assert (ran.code, ran.err) == (0, "")
    return project.folder / "proof.db"


def test_the_bill_and_the_reasons_name_the_campaign_of_each_lead(
    file: Path, lead_ids: dict[str, str], text: str
) -> None:
    title = campaign(text=text).title
    amount = "50.00" if text == CAMPAIGN else "60.00"
    assert rows(file, "SELECT campaign, title, lead_id, amount FROM bill") == [
        ("guide", "The guide", lead_ids["guide"], "50.00"),
        ("second", title, lead_ids["second"], amount),
    ]
    assert rows(file, "SELECT campaign, lead_id, met FROM why_qualified") == [
        (slug, lead_id, "yes") for slug, lead_id in lead_ids.items()
    ]


def test_each_campaign_has_its_sum_and_all_sums_make_the_total(file: Path) -> None:
    sums = (
        "SELECT campaign, total_minor, lines, (SELECT sum(amount_minor) FROM lines "
        "WHERE lines.campaign = parts.campaign) FROM parts"
    )
    for campaign_slug, total, lines, computed in rows(file, sums):
        assert (total, lines) == (computed, 1), campaign_slug
    ((total,),) = rows(file, "SELECT total_minor FROM statement")
    assert rows(file, "SELECT sum(total_minor) FROM parts") == [(total,)]


def test_each_campaign_has_its_version_and_its_consent(file: Path, text: str) -> None:
    versions = rows(file, "SELECT campaign, version, text FROM campaign_versions ORDER BY campaign")
    assert [(slug, file_text) for slug, _, file_text in versions] == [
        ("guide", CAMPAIGN),
        ("second", text),
    ]
    assert all(sha256(file_text.encode()).hexdigest() == key for _, key, file_text in versions)
    consents = (
        "SELECT leads.campaign, wording FROM leads JOIN consents "
        "ON consents.campaign = leads.campaign AND version = consent_version ORDER BY 1"
    )
    assert rows(file, consents) == [
        ("guide", "I agree that Acme may call me."),
        ("second", "I agree that Acme may call me."),
    ]
    terms = (
        "SELECT count(*) FROM leads JOIN campaign_versions AS terms "
        "ON terms.campaign = leads.campaign AND terms.version = leads.campaign_version"
    )
    assert rows(file, terms) == [(2,)]


def test_the_keys_lead_to_rows_and_each_answer_belongs_to_its_lead(
    file: Path, lead_ids: dict[str, str]
) -> None:
    assert rows(file, "PRAGMA foreign_key_check") == []
    names = "SELECT lead_id, value FROM answers WHERE field = 'full_name' ORDER BY value"
    assert rows(file, names) == [(lead_id, f"Ann {slug}") for slug, lead_id in lead_ids.items()]


def test_every_event_has_its_hash_and_the_last_one_is_the_chains_head(file: Path) -> None:
    events = rows(file, "SELECT sequence, hash, text FROM hashed_events")
    assert all(sha256(event_text.encode()).hexdigest() == key for _, key, event_text in events)
    ((last, head),) = rows(file, "SELECT last_event, chain_head FROM statement")
    assert {sequence: key for sequence, key, _ in events}[last] == head


def test_read_me_says_what_the_file_holds(file: Path) -> None:
    texts = dict(rows(file, "SELECT topic, text FROM read_me"))
    assert (
        "The evidence for invoice acme-0001: 2026-11, for acme, 2 campaigns. "
        "It holds the 2 leads of its lines and no others"
    ) in texts["What this is"]
    assert "campaign and version together" in texts["Check the terms"]
    columns = {name for (name,) in rows(file, "SELECT name FROM pragma_table_info('lines')")}
    for column in ("rate_minor", "percent", "sold_minor", "refunded_minor", "free_over_cap"):
        assert column in texts["Check the amounts"]
        assert column in columns


def test_the_same_ledger_gives_the_same_bytes(project: Project, file: Path) -> None:
    first = file.read_bytes()
    assert project.run("evidence", "acme-0001", "-o", "proof.db", "--force").code == 0
    assert file.read_bytes() == first
