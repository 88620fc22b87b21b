"""Measures the desk's list of leads on a large ledger: each filter, a search, pages far back.

    python -m bench.desk LEDGER [--leads 1000000] [--rounds 30]

LEDGER is a ledger that the product filled, such as gatepost.db of `gatepost demo --leads 10000`.
Its key is in the file `duplicate_key` beside it. The bench copies it, and multiplies the rows
of its leads in SQL: other ids, other times of receipt. Events are not multiplied, because no list
reads them. One process reads 51 leads and puts 50 into words, as the page does before its template.
The first round of each query is not counted.
"""

import argparse
import shutil
import sqlite3
import statistics
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, ReadTransaction
from capture.ledger.types import LeadListQuery, LeadSort
from capture.web.desk.lead_rows import lead_row

_PAGE: Final = 50
_TABLES: Final = {
    "leads": ("lead_id", "received_at"),
    "personal_data": ("lead_id", ""),
    "lead_signals": ("lead_id", "received_at"),
    "search_words": ("lead_id", "received"),
}
"""By table: its columns with the id and with the time of receipt."""
_ID: Final = "substr(lead_id, 1, 8) || printf('%04d', copy)"
_MINUTES: Final = 7
"""A copy was received so many minutes earlier than the copy before."""
_TIMES: Final = {
    "received_at": "strftime('%Y-%m-%dT%H:%M:%S', received_at, "
    f"(-{_MINUTES} * copy) || ' minutes') || substr(received_at, 20)",
    "received": f"received - {_MINUTES * 60_000_000} * copy",
}


def main() -> None:
    """Prints milliseconds: p50 and p95."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk")
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    key = options.ledger.with_name("duplicate_key").read_text().strip().encode()
    with TemporaryDirectory(dir=options.ledger.parent) as folder:
        path = Path(folder) / "ledger.db"
        shutil.copy(options.ledger, path)
        open_ledger(f"sqlite:///{path}", key).close()  # runs pending migrations
        began = time.monotonic()
        count = _multiply(path, options.leads)
        print(f"{count:,} leads in {time.monotonic() - began:.0f} s, {path.stat().st_size:,} bytes")
        with closing(open_ledger(f"sqlite:///{path}", key)) as ledger:
            for name, query in _queries(ledger).items():
                print(f"{name:<34} {_measure(ledger, query, options.rounds)}")


def _multiply(path: Path, leads: int) -> int:
    """Copies the rows of all leads until there are so many. Returns the number of leads."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA journal_mode = OFF")
        (base,) = db.execute("SELECT count(*) FROM leads").fetchone()
        db.execute("CREATE TEMP TABLE copies (copy INTEGER PRIMARY KEY)")
        copies = max(0, -(-leads // base) - 1)
        db.executemany("INSERT INTO copies VALUES (?)", ((n,) for n in range(1, copies + 1)))
        indexes = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            " AND tbl_name IN ('leads', 'personal_data')"
        ).fetchall()
        for name, _ in indexes:
            db.execute(f"DROP INDEX {name}")
        for table, (lead_id, received) in _TABLES.items():
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            columns = [name for name in columns if name != "id"]
            changed = {lead_id: _ID, received: _TIMES.get(received, "")}
            values = ", ".join(changed.get(name, name) for name in columns)
            order = "ORDER BY 1, 2, 3" if table == "search_words" else ""
            db.execute(
                f"INSERT OR IGNORE INTO {table} ({', '.join(columns)})"
                f" SELECT {values} FROM {table} CROSS JOIN copies {order}"
            )
        for _, sql in indexes:
            db.execute(sql)
        (count,) = db.execute("SELECT count(*) FROM leads").fetchone()
        return int(count)


def _queries(ledger: Ledger) -> dict[str, LeadListQuery]:
    """The queries by name, with values of a lead in the ledger."""
    every = LeadListQuery(datetime.now(UTC), _PAGE + 1)
    accepted = replace(every, review="accepted", limit=1)
    (lead,) = ledger.read(lambda reading: reading.lead_list.page(accepted))
    data = ledger.read(lambda reading: reading.people.personal_data(lead.lead_id))
    answers = {} if data is None else {name: str(text) for name, text in data.answers.items()}
    article = data.first_touch.get("path", "/") if data else "/"
    oldest = replace(every, sort=LeadSort.OLDEST, limit=1)
    (first,) = ledger.read(lambda reading: reading.lead_list.page(oldest))
    half = first.received_at + (lead.received_at - first.received_at) / 2
    filters: dict[str, dict[str, Any]] = {
        "the list": {},
        "oldest first": {"sort": LeadSort.OLDEST},
        "by deadline": {"sort": LeadSort.DEADLINE},
        "a page in the middle": {"after": (half, "m")},
        "the page before it": {"before": (half, "m")},
        "a client": {"client": lead.client},
        "a campaign": {"campaign": lead.campaign},
        "accepted": {"review": "accepted"},
        "qualified": {"review": "qualified"},
        "quarantined": {"review": "quarantined"},
        "meeting held": {"appointment": "held"},
        "won": {"sale": "won"},
        "source form": {"source": "form"},
        "an unknown source": {"source": "nowhere"},
        "an article": {"article": article},
        "a risk signal": {"signal": "burst"},
        "a day in the middle": {"received_until": half},
        "campaign, rejected, article": {
            "campaign": lead.campaign,
            "review": "rejected",
            "article": article,
        },
        "search: an e-mail address": {"search": answers.get("email", "x")},
        "search: a name": {"search": answers.get("full_name", "ann lee")},
        "search: three letters": {"search": answers.get("full_name", "ann")[:3]},
        "search: four letters": {"search": answers.get("full_name", "anna")[:4]},
        "search: nobody": {"search": "zzyzx nobody"},
        "search: an id": {"search": lead.lead_id},
        "search in a campaign": {
            "search": answers.get("full_name", "ann"),
            "campaign": lead.campaign,
        },
    }
    return {name: replace(every, **changes) for name, changes in filters.items()}


def _measure(ledger: Ledger, query: LeadListQuery, rounds: int) -> str:
    def page(reading: ReadTransaction) -> int:
        leads = reading.lead_list.page(query)
        return len([lead_row(reading, lead, query.now) for lead in leads[:_PAGE]])

    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        number = ledger.read(page)
        times.append((time.perf_counter() - began) * 1000)
    *_, p95 = statistics.quantiles(times[1:], n=20)
    return f"p50 {statistics.median(times[1:]):7.1f}  p95 {p95:7.1f}  ({number} leads)"


if __name__ == "__main__":
    main()
