"""How often the pages and the forms of the site were seen in a month."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from capture.kpi.grouping import month_days
from capture.ledger.page_views import ViewKind
from capture.ledger.protocol import ReadTransaction


@dataclass(slots=True)
class PathViews:
    """The views of one page."""

    pages: int = 0
    forms: int = 0


@dataclass(frozen=True, slots=True)
class ViewCounts:
    """The views of a month, by its days in UTC."""

    by_path: Mapping[str, PathViews] = field(default_factory=dict)

    def of_paths(self, paths: Collection[str]) -> "ViewCounts":
        """Only the views of these pages."""
        return ViewCounts({path: self.by_path[path] for path in paths if path in self.by_path})

    @property
    def pages(self) -> int:
        """How often a page was opened."""
        return sum(views.pages for views in self.by_path.values())

    @property
    def forms(self) -> int:
        """How often a form came into sight."""
        return sum(views.forms for views in self.by_path.values())


def count_views(reading: ReadTransaction, month: str) -> ViewCounts:
    """The views of a month such as `2026-11`."""
    days = month_days(month)
    by_path: defaultdict[str, PathViews] = defaultdict(PathViews)
    for path, kind, count in reading.page_views.by_path(days[0], days[-1]):
        if kind is ViewKind.FORM:
            by_path[path].forms += count
        else:
            by_path[path].pages += count
    return ViewCounts(by_path)
