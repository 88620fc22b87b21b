"""The ledger that `bench.desk` reads: a demonstration multiplied."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench.desk_ledger import multiply
from capture.billing.statement import Agency, Party
from capture.demo.fill import DemoFolder, DemoKeys, fill
from capture.lead.events import parse_time, show_time
from capture.ledger import open_ledger
from capture.site import Site
from capture.users.passphrase import hash_passphrase

KEY: Final = b"a key for benches only"
PASSPHRASE: Final = "four easy words here"
AGENCY: Final = Agency(Party("Northgate Leads", ("1 Main Street", "New York"), email="a@b.example"))
FILLED: Final = 10_000
"""Leads that the product itself records; the others are copies."""
_ARTICLES: Final = 300


@dataclass(frozen=True, slots=True)
class BenchFolder:
    """A folder with the multiplied ledger, its files, and the facts of its site."""

    path: Path

    @property
    def demo(self) -> DemoFolder:
        return DemoFolder(self.path / "demo")

    @property
    def site_facts(self) -> Path:
        return self.path / "site.json"

    @property
    def counters(self) -> Path:
        return self.path / "counters.db"

    @property
    def ledger(self) -> Path:
        return self.demo.var / "gatepost.db"

    @property
    def end(self) -> datetime:
        """The last moment of the demonstration's year. It is now for the pages."""
        return parse_time(self._end_file.read_text())

    @property
    def _end_file(self) -> Path:
        return self.path / "end"

    def is_ready(self) -> bool:
        """Whether the ledger was built completely."""
        return self._end_file.exists()

    def build(self, leads: int) -> int:
        """Builds everything. Returns the number of leads."""
        now, demo = datetime.now(UTC), self.demo
        demo.create()
        titles = {f"/articles/article-{n}/": f"Article {n}" for n in range(_ARTICLES)}
        self._write_site(titles, now)
        keys = DemoKeys(KEY, KEY, KEY)
        fill(demo, keys, AGENCY, list(titles), now, leads=FILLED, seed=1, report=lambda _: None)
        ledger = open_ledger(demo.database_url, KEY)
        stored = hash_passphrase(PASSPHRASE)
        for user in ledger.read(lambda reading: reading.users.select()):
            ledger.transact(
                lambda records, user=user: records.users.set_passphrase(user.id, stored)  # type: ignore[misc]
            )
        ledger.close()
        count = multiply(self.ledger, demo.path, leads, KEY)
        self._end_file.write_text(show_time(now))
        return count

    def _write_site(self, titles: dict[str, str], now: datetime) -> None:
        days = {path: now - timedelta(days=number) for number, path in enumerate(titles)}
        Site(
            name="Site",
            tagline="A site.",
            language="en",
            url="http://localhost",
            publisher="Publisher",
            assets={},
            titles=titles,
            dates={path: f"{day:%Y-%m-%d}" for path, day in days.items()},
        ).write(self.site_facts)
