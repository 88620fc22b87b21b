"""Every query of every page of the desk is answered by an index, however large the ledger is.

A crawl opens all pages of a demonstration and tries each filter of their forms, so a new page is
covered without an entry here. Each query is recorded with its values and explained by SQLite.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest
from flask.testing import FlaskClient

from audit.crawl import follow_links
from capture.billing.statement import Agency, Party
from capture.demo.fill import DemoFolder, DemoKeys, fill
from capture.ledger import open_ledger
from capture.ledger.protocol import WriteTransaction
from capture.ledger.sqlite import add_functions
from capture.web.app import create_app
from capture.web.config import DeskConfig
from tests.service import TEST_KEY, make_project, web_config
from tests.web.desk.conftest import WORDS, hash_of_words

AGENCY = Agency(Party("Ada's Leads", ("1 Main Street", "New York")))
START = "http://localhost/desk/"
USERS = ("Ada Lee", "Carol Diaz", "Vera Novak")

SMALL = {
    *("users", "user_sessions", "campaign_versions", "webhook_endpoints", "api_tokens"),
    *("chain", "key_check", "last_planned_event"),
    # One row for each client and month, and for each kind of lead in quarantine.
    *("statements", "statement_totals", "held_leads"),
}
"""Tables with few rows in every ledger."""
WAITING = {
    "leads_in_review",
    "leads_held",
    "leads_unconfirmed",
    "leads_booked",
    "leads_disputed",
    "outbox_failed",
}
"""Indexes of what waits for somebody. Counts and worklists read them in full."""
READ_IN_FULL = {
    "SELECT data ->> 'verdict'": "a backtest judges the leads of a campaign in stored order",
}
"""By a part of a query: why it reads all rows of a table."""
STOPS_EARLY = {"leads_by_time"}
"""Indexes in the order of a list, which stops reading when its page is full."""


class Recorder(sqlite3.Connection):
    """Notes each query with its values."""

    queries: dict[str, Any]

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        if sql.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            self.queries.setdefault(sql, values)
        return super().execute(sql, values)


class Forms(HTMLParser):
    """The addresses to which the filters of a page lead: one for each choice of each field."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self._page = address
        self._form: dict[str, str | None] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = dict(attrs)
        if self._form.get("method", "get") != "get":
            return
        name = values.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option":
            self._add(self._select, values.get("value", ""))
        elif tag == "input" and name:
            typed = {"date": "2026-01-05", "month": "2026-01", "hidden": values.get("value", "")}
            self._add(name, typed.get(values.get("type", "text"), "ann lee"))

    def _add(self, name: str, value: str) -> None:
        if name and value:
            action = urljoin(self._page, self._form.get("action") or self._page)
            self.addresses.append(f"{action.partition('?')[0]}?{urlencode({name: value})}")


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Sequence[str]]]:
    """The steps of the plan of each query that the pages run."""
    folder = make_project(tmp_path_factory.mktemp("project"))
    demo = DemoFolder(folder / "demo")
    demo.create()
    now = datetime.now(UTC)
    keys = DemoKeys(TEST_KEY, TEST_KEY, TEST_KEY)
    fill(demo, keys, AGENCY, ["/sla/"], now, leads=150, seed=1, report=lambda _: None)
    Recorder.queries = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "capture.ledger.sqlite.sqlite3.connect", partial(sqlite3.connect, factory=Recorder)
        )
        ledger = open_ledger(demo.database_url, TEST_KEY)
    with closing(ledger):
        ledger.transact(_set_passphrases)
        config = web_config(
            folder,
            campaigns=demo.campaigns,
            clients=demo.clients,
            gated=demo.path / "gated",
            desk=DeskConfig(supplier=AGENCY),
        )
        app = create_app(config, ledger)
        Recorder.queries.clear()
        for name in USERS:
            _open_all_pages(app.test_client(), name)
        yield _plans(Path(demo.database_url.removeprefix("sqlite:///")), Recorder.queries)


def _set_passphrases(records: WriteTransaction) -> None:
    for user in records.users.select():
        records.users.set_passphrase(user.id, hash_of_words())


def _open_all_pages(client: FlaskClient, name: str) -> None:
    page = client.get(f"{START}login").text
    token = re.search('name="csrf_token" value="([^"]+)"', page)
    assert token
    fields = {"csrf_token": token[1], "name": name, "passphrase": WORDS}
    assert client.post(f"{START}login", data=fields).status_code == 303

    def links_on(address: str, source: str) -> Iterable[str]:
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code == 200, f"{source}: {address} answers {answer.status}"
        forms = Forms(address)
        forms.feed(answer.text)
        for filtered in dict.fromkeys(forms.addresses):
            assert client.get(filtered).status_code in {200, 422}, filtered
        return [
            urljoin(address, link) for link in re.findall(r'<a [^>]*href="([^"]*)"', answer.text)
        ]

    assert len(follow_links(START, links_on)) > 2


def _plans(path: Path, queries: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    with closing(sqlite3.connect(path)) as db:
        add_functions(db, TEST_KEY)
        return {
            sql: [step for *_, step in db.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
            for sql, values in queries.items()
        }


def test_no_query_of_a_page_scans_a_table_that_grows(queries: dict[str, Sequence[str]]) -> None:
    assert len(queries) > 50
    scans = [
        f"{step}: {sql}"
        for sql, steps in queries.items()
        for step in steps
        if _is_scan(step, sql, steps) and not any(part in sql for part in READ_IN_FULL)
    ]
    assert not scans, "\n".join(["these queries need an index:", *scans])


def _is_scan(step: str, sql: str, steps: Sequence[str]) -> bool:
    """Whether a step reads all rows of a table that grows."""
    found = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
    if found is None or found[2] in WAITING | STOPS_EARLY:
        return False
    alias = re.search(rf"(\w+) AS {found[1]}\b", sql)
    table = alias[1] if alias else found[1]
    # Not the result of a subquery, and not the values in a JSON text.
    is_table = re.search(rf"\b(FROM|JOIN|UPDATE) {table}\b", sql) is not None
    is_derived = re.search(rf"\b{table}( \(\w+\))? AS \(", sql) is not None
    has_limit = re.search(r"LIMIT \S+\s*$", sql) is not None
    stops_early = has_limit and not any("TEMP B-TREE" in other for other in steps)
    return is_table and not is_derived and table not in SMALL and not stops_early
