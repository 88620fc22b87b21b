"""The contract of every ledger for views of pages.

The test module of a backend subclasses `PageViewContract` and gives it a `ledger`.
"""

from datetime import date

from capture.ledger.page_views import PageViews, ViewKind
from capture.ledger.protocol import Ledger

PAGE, FORM = ViewKind.PAGE, ViewKind.FORM
FIRST, SECOND, THIRD = (date(2026, 11, day) for day in (1, 2, 3))


class PageViewContract:
    """Each test gets `ledger`: a new one."""

    def test_views_of_a_day_path_and_kind_are_added(self, ledger: Ledger) -> None:
        views = [
            PageViews(FIRST, "/b/", PAGE, 2),
            PageViews(SECOND, "/b/", PAGE, 3),
            PageViews(SECOND, "/b/", FORM, 1),
            PageViews(THIRD, "/a/", PAGE, 5),
        ]
        for _ in range(2):
            ledger.transact(lambda records: records.page_views.add(views))

        def by_path(first: date, last: date) -> list[tuple[str, ViewKind, int]]:
            return list(ledger.read(lambda reading: reading.page_views.by_path(first, last)))

        assert by_path(FIRST, THIRD) == [("/a/", PAGE, 10), ("/b/", FORM, 2), ("/b/", PAGE, 10)]
        assert by_path(SECOND, SECOND) == [("/b/", FORM, 2), ("/b/", PAGE, 6)]
        assert by_path(date(2026, 10, 1), date(2026, 10, 31)) == []

    def test_views_are_not_in_the_chain(self, ledger: Ledger) -> None:
        before = ledger.read(lambda reading: reading.events.head())
        ledger.transact(lambda records: records.page_views.add([PageViews(FIRST, "/", PAGE, 1)]))
        assert ledger.read(lambda reading: reading.events.head()) == before
        assert ledger.verify().problems == ()
