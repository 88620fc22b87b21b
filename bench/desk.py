"""Measures each page of the desk on a large ledger: p50 and p95 of the answer, in one process.

    python -m bench.desk [--folder FOLDER] [--leads 1000000] [--rounds 20] [--only TEXT]

FOLDER keeps the ledger for the next run. It is built once: the product fills a demonstration with
10,000 leads, and their rows are multiplied in SQL (see `bench.desk_ledger`); a million leads take
about ten minutes and 6 GB. The clock of the pages stands at the end of the demonstration's year.

The pages are found by their links, for the agency and for a client, so a new page is measured
without an entry here. Added are the filters of the list of leads and the leads with most events.
Each request passes through the complete WSGI app: login, view, SQL, template, access log. The first
view of a page is reported apart. Before each other view the ledger gets a new event, so that no
result is used again that is kept only until the next event. The processor's time is reported as
well, because other programs delay it less.
"""

import argparse
import re
import sqlite3
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

import time_machine
from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.test import Client, TestResponse

from audit.crawl import BrokenLink, follow_links
from bench.desk_demo import AGENCY, KEY, PASSPHRASE, BenchFolder
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.web.app import create_services, mount
from capture.web.config import DESK_PATH, DeskConfig, WebConfig
from capture.web.desk.access import roles_of
from capture.web.desk.app import create_desk
from capture.web.sender import WebApp
from capture.web.services import run_now

START: Final = f"http://localhost{DESK_PATH}/"
USERS: Final = {"agency": "Ada Lee", "client": "Carol Diaz"}
_SLOW: Final = 100


def main() -> None:
    """Prints milliseconds: the first view, p50 and p95, and p50 of the processor's time alone."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", default="", help="only pages whose kind contains this text")
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = BenchFolder(options.folder or Path(temporary))
        if not folder.is_ready():
            began = time.monotonic()
            count = folder.build(options.leads)
            size = folder.ledger.stat().st_size
            print(f"{count:,} leads in {time.monotonic() - began:.0f} s, {size:,} bytes")
        # The clock begins at the same time in each run: the logins of the last run do not count.
        folder.counters.unlink(missing_ok=True)
        with time_machine.travel(folder.end, tick=True):
            _measure(folder, options.rounds, options.only)


def _measure(folder: BenchFolder, rounds: int, only: str) -> None:
    with closing(open_ledger(folder.demo.database_url, KEY)) as ledger:
        config = _config(folder)
        services = create_services(config, ledger, run_now)
        desk = create_desk(services, config.desk or DeskConfig())
        app = WebApp("capture.web")
        mount(app, {DESK_PATH: desk}, 0)
        reached = set()
        for role, name in USERS.items():
            visitor = Visitor(app, folder.ledger)
            visitor.log_in(name)
            pages = follow_links(START, visitor.links_on)
            reached |= {endpoint_of(desk, address) for address in pages.values()}
            for kind, address in (pages | _lead_pages(folder.ledger, ledger, role)).items():
                if only in kind:
                    print(f"{role:<7} {kind:<48} {visitor.measure(address, rounds)}", flush=True)
        missing = sorted(set(_pages(desk)) - reached)
        print("Not reached by a link:", ", ".join(missing) or "none")


def _config(folder: BenchFolder) -> WebConfig:
    return WebConfig(
        database_url=folder.demo.database_url,
        secret_key=KEY,
        duplicate_key=KEY,
        campaigns=folder.demo.campaigns,
        clients=folder.demo.clients,
        gated=folder.demo.path / "gated",
        templates=Path("theme/templates"),
        site_facts=folder.site_facts,
        counters=folder.counters,
        jobs=folder.path / "jobs",
        site_origin="http://localhost",
        desk=DeskConfig(agency=AGENCY.party.name, supplier=AGENCY),
    )


@dataclass
class Visitor:
    """A browser of one user."""

    app: Flask
    ledger: Path

    def __post_init__(self) -> None:
        self._client = Client(self.app)

    def log_in(self, name: str) -> None:
        """Sends the form of the login."""
        page = self._client.get(f"{START}login").text
        found = re.search('name="csrf_token" value="([^"]+)"', page)
        token = found[1] if found else ""
        fields = {"csrf_token": token, "name": name, "passphrase": PASSPHRASE}
        answer = self._client.post(f"{START}login", data=fields)
        assert answer.status_code == 303, answer.status

    def open(self, address: str) -> TestResponse:
        """The page, after redirects."""
        return self._client.get(address, follow_redirects=True)

    def links_on(self, address: str, source: str) -> Iterator[str]:
        """The links of a page. Raises `BrokenLink`."""
        answer = self.open(address)
        if answer.status_code != 200:
            raise BrokenLink(f"{source}: {address} answers {answer.status}")
        for link in re.findall(r'<a [^>]*href="([^"]*)"', answer.text):
            yield urljoin(address, unescape(link))

    def measure(self, address: str, rounds: int) -> str:
        """The times of a page in words, in milliseconds."""
        times, processor_times, size = [], [], 0
        for _ in range(rounds + 1):
            began, processor_began = time.perf_counter(), time.process_time()
            size = len(self.open(address).data)
            times.append((time.perf_counter() - began) * 1000)
            processor_times.append((time.process_time() - processor_began) * 1000)
            self._record_event()
        first, *others = times
        *_, p95 = statistics.quantiles(others, n=20)
        p50, processor = statistics.median(others), statistics.median(processor_times[1:])
        mark = "  *" if max(p50, p95) > _SLOW else ""
        return (
            f"first {first:8.1f}  p50 {p50:8.1f}  p95 {p95:8.1f}  processor {processor:8.1f}"
            f"  {size / 1024:6,.0f} KB{mark}"
        )

    def _record_event(self) -> None:
        """The chain grows by one, as with an event of a lead that no page shows."""
        with closing(sqlite3.connect(self.ledger, timeout=60, isolation_level=None)) as db:
            db.execute("UPDATE chain SET sequence = sequence + 1")


def endpoint_of(desk: Flask, address: str) -> str:
    """The endpoint of a page's address; empty if there is none."""
    path = urlsplit(address).path.removeprefix(DESK_PATH)
    try:
        endpoint, _ = desk.url_map.bind("localhost").match(path or "/")
    except NotFound:
        return ""
    return str(endpoint)


def _pages(desk: Flask) -> Iterator[str]:
    """The endpoints of all pages that need a login."""
    for rule in desk.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and roles_of(desk, rule.endpoint):
            yield rule.endpoint


def _lead_pages(path: Path, ledger: Ledger, role: str) -> dict[str, str]:
    """Filters of the list of leads, with values of a lead in the ledger, and large leads."""
    with closing(sqlite3.connect(path)) as db:
        lead_id, campaign = db.execute(
            "SELECT lead_id, campaign FROM leads WHERE client = 'harbor' AND review = 'accepted'"
            " ORDER BY received_at DESC LIMIT 1"
        ).fetchone()
        (most_events,) = db.execute(
            "SELECT lead_id FROM events JOIN leads USING (lead_id) WHERE client = 'harbor'"
            " AND test = 0 GROUP BY lead_id ORDER BY count(*) DESC LIMIT 1"
        ).fetchone()
        (first,) = db.execute("SELECT min(received_at) FROM leads").fetchone()
        (last,) = db.execute("SELECT max(received_at) FROM leads").fetchone()
    data = ledger.read(lambda reading: reading.people.personal_data(lead_id))
    answers = {} if data is None else {name: str(text) for name, text in data.answers.items()}
    name, email = answers["full_name"], answers["email"]
    article = data.first_touch.get("path", "/") if data else "/"
    middle = f"{first[:4]}-12-28" if first[:4] < last[:4] else last[:10]
    filters: Mapping[str, Mapping[str, str]] = {
        "oldest first": {"sort": "oldest"},
        "by deadline": {"sort": "deadline"},
        "until a day long ago": {"to": middle},
        "a day": {"from": middle, "to": middle},
        "a campaign": {"campaign": campaign},
        "accepted": {"stage": "accepted"},
        "in review": {"stage": "qualified"},
        "meeting held": {"stage": "appointment:held"},
        "won": {"stage": "sale:won"},
        "an article": {"article": article},
        "campaign, rejected, article": {
            "campaign": campaign,
            "stage": "rejected",
            "article": article,
        },
        "search: an e-mail address": {"q": email},
        "search: a name": {"q": name},
        "search: three letters": {"q": name[:3]},
        "search: nobody": {"q": "zzyzx nobody"},
        "search: an id": {"q": lead_id},
        "search in a campaign": {"q": name, "campaign": campaign},
    }
    if role == "agency":
        filters = {
            **filters,
            "quarantined": {"stage": "quarantined"},
            "source form": {"source": "form"},
            "an unknown source": {"source": "nowhere"},
            "a risk signal": {"signal": "alike"},
        }
    addresses = {
        f"leads: {name}": f"{START}leads?{urlencode(texts)}" for name, texts in filters.items()
    }
    return addresses | {"leads/ID: most events": f"{START}leads/{most_events}"}


if __name__ == "__main__":
    main()
