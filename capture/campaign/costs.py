"""What a campaign costs the agency itself: `campaigns/<slug>.costs.toml`, which no client sees.

It is a file of its own on purpose. The campaign file is the agreement: the client holds a copy, its
SHA-256 is the version that every lead cites, and its text is kept as evidence. Costs in it would
be told to the client, and each change of them would look like one of the terms.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from pydantic import Field

from capture.campaign.files import read_shaped
from capture.campaign.keypath import KeyPath
from capture.campaign.kinds import Frozen, Line, Money, Month, Terms
from capture.campaign.problems import Finding
from capture.errors import FileErrors, Problem, short_path
from capture.money import is_exact, to_minor

ENDING: Final = ".costs.toml"


class CostsFile(Terms):
    """The agency's own costs, net of tax, in major units of the campaign's currency."""

    since: Month | None = Field(
        default=None, description="First month of what is fixed, such as 2026-11."
    )
    until: Month | None = Field(
        default=None, description="Last month of what is fixed; by default it goes on."
    )
    fixed: Frozen[Line, Money] = Field(
        default_factory=dict, description="What each month costs, by name: writing = 600.00"
    )
    months: Frozen[Month, Frozen[Line, Money]] = Field(
        default_factory=dict,
        description='What single months cost beside that: [months."2026-11"] ads = 1200.00',
    )


class Costs(CostsFile):
    """A costs file that was read and found sound."""

    slug: str = Field(description="The campaign's.")

    def by_month(self, last: str, currency: str) -> dict[str, int]:
        """Each month's sum in minor units, up to and with a last month; only months with any."""
        found = {month: self._of(month) for month in self._months(last)}
        return {month: to_minor(amount, currency) for month, amount in sorted(found.items())}

    def _of(self, month: str) -> Decimal:
        fixed = self.since is not None and self.since <= month <= (self.until or month)
        parts = [*self.months.get(month, {}).values(), *(self.fixed.values() if fixed else ())]
        return sum(parts, Decimal(0))

    def _months(self, last: str) -> Iterator[str]:
        yield from (month for month in self.months if month <= last)
        month = self.since or ""
        while self.fixed and month and month <= min(self.until or last, last):
            if month not in self.months:
                yield month
            month = _after(month)


def read_costs(path: Path, currency: str) -> Costs:
    """Reads one costs file. Raises `FileErrors` with every mistake."""
    source, file = read_shaped(path, CostsFile, ENDING)
    if findings := list(_findings(file, currency)):
        raise FileErrors(source.problems(source.data(), findings))
    return Costs.model_construct(**dict(file), slug=source.slug)


def read_all_costs(folder: Path, currencies: Mapping[str, str]) -> dict[str, Costs]:
    """Those of every campaign that has some; `currencies` by campaign. Raises `FileErrors`."""
    found: dict[str, Costs] = {}
    problems: list[Problem] = []
    for path in costs_files(folder):
        slug = path.name.removesuffix(ENDING)
        try:
            if slug not in currencies:
                where = str(Path(short_path(path.parent)) / path.name)
                problems.append(Problem(where, None, f"there is no campaign `{slug}`"))
            else:
                found[slug] = read_costs(path, currencies[slug])
        except FileErrors as errors:
            problems.extend(errors.problems)
    if problems:
        raise FileErrors(problems)
    return found


def costs_files(folder: Path) -> Iterable[Path]:
    """By name; hidden files are passed over."""
    if not folder.is_dir():
        return ()
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.endswith(ENDING) and not path.name.startswith(".")
    )


def _findings(file: CostsFile, currency: str) -> Iterator[Finding]:
    if file.fixed and file.since is None:
        yield Finding(("fixed",), 'has no beginning; add since = "2026-11" at the top')
    if file.since and file.until and file.until < file.since:
        yield Finding(("until",), f"lies before since, {file.since}")
    for path, amount in _amounts(file):
        if not is_exact(amount, currency):
            yield Finding(path, f"has more decimals than {currency}; write no more than that")


def _amounts(file: CostsFile) -> Iterator[tuple[KeyPath, Decimal]]:
    yield from ((("fixed", name), amount) for name, amount in file.fixed.items())
    for month, parts in file.months.items():
        yield from ((("months", month, name), amount) for name, amount in parts.items())


def _after(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + 1:04d}-01" if number == 12 else f"{year:04d}-{number + 1:02d}"
