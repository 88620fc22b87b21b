"""The contract of every ledger for downloads: counted for each lead and file, outside the chain.

The test module of a backend subclasses `DownloadContract` and gives it a `ledger`.
"""

from datetime import timedelta

from capture.lead.events import EventKind
from capture.ledger.downloads import Download
from capture.ledger.protocol import Ledger
from tests.samples import NOW, later_event, received_event

HOUR = timedelta(hours=1)


class DownloadContract:
    """Each test gets `ledger`: a new one."""

    def _add_lead(self, ledger: Ledger, *, test: bool = False) -> None:
        events = received_event("a", test=test), later_event("a", EventKind.QUALIFIED)
        ledger.transact(lambda records: records.append(*events))

    def _download(self, ledger: Ledger, file: str, hours: int = 0, lead_id: str = "a") -> None:
        at = NOW + hours * HOUR
        ledger.transact(lambda records: records.downloads.count(lead_id, file, at))

    def test_the_downloads_of_a_lead_are_counted_for_each_file(self, ledger: Ledger) -> None:
        self._add_lead(ledger)
        for file, hours in (("guide.pdf", 0), ("sheet.xlsx", 1), ("guide.pdf", 2)):
            self._download(ledger, file, hours)
        assert ledger.read(lambda reading: reading.downloads.of_lead("a")) == [
            Download("a", "guide.pdf", NOW, NOW + 2 * HOUR, 2),
            Download("a", "sheet.xlsx", NOW + HOUR, NOW + HOUR, 1),
        ]

    def test_a_download_adds_no_event(self, ledger: Ledger) -> None:
        self._add_lead(ledger)
        head = ledger.read(lambda reading: reading.events.head())
        self._download(ledger, "guide.pdf")
        assert ledger.read(lambda reading: reading.events.head()) == head
        assert ledger.verify().problems == ()

    def test_downloads_of_test_leads_and_unknown_leads_are_not_counted(
        self, ledger: Ledger
    ) -> None:
        self._add_lead(ledger, test=True)
        for lead_id in ("a", "unknown"):
            self._download(ledger, "guide.pdf", lead_id=lead_id)
            assert ledger.read(lambda reading, i=lead_id: reading.downloads.of_lead(i)) == []
