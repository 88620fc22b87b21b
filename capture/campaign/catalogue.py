"""All campaigns and clients of a project, read together and checked against each other."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from pydantic import Field

from capture.campaign.files import read_campaign, read_client, read_model
from capture.campaign.kinds import FrozenMapping, Line, Money, Month, Terms
from capture.campaign.model import Campaign, Client
from capture.campaign.problems import Finding, KeyPath, suggestion
from capture.campaign.rules.terms import ValidationContext
from capture.errors import FileErrors, NotFound, Problem, short_path
from capture.money import is_exact, to_minor

# What a campaign costs the agency itself: `campaigns/<slug>.costs.toml`, which no client sees.
#
# It is a file of its own on purpose. The campaign file is the agreement: the client holds a copy,
# its SHA-256 is the version that every lead cites, and its text is kept as evidence. Costs in it
# would be told to the client, and each change of them would look like one of the terms.


COSTS_ENDING: Final = ".costs.toml"


class CostsFile(Terms):
    """The agency's own costs, net of tax, in major units of the campaign's currency."""

    since: Month | None = Field(
        default=None, description="First month of what is fixed, such as 2026-11."
    )
    until: Month | None = Field(
        default=None, description="Last month of what is fixed; by default it goes on."
    )
    fixed: FrozenMapping[Line, Money] = Field(
        default_factory=dict, description="What each month costs, by name: writing = 600.00"
    )
    months: FrozenMapping[Month, FrozenMapping[Line, Money]] = Field(
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
    source, file = read_model(path, CostsFile, COSTS_ENDING)
    if findings := list(_findings(file, currency)):
        raise FileErrors(source.problems(source.data(), findings))
    return Costs.model_construct(**dict(file), slug=source.slug)


def read_all_costs(folder: Path, currencies: Mapping[str, str]) -> dict[str, Costs]:
    """Those of every campaign that has some; `currencies` by campaign. Raises `FileErrors`."""
    found: dict[str, Costs] = {}
    problems: list[Problem] = []
    for path in costs_files(folder):
        slug = path.name.removesuffix(COSTS_ENDING)
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
        if path.name.endswith(COSTS_ENDING) and not path.name.startswith(".")
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


Read = TypeVar("Read")


@dataclass(frozen=True)
class Catalogue:
    """Every campaign and client by slug, in the order of their names."""

    campaigns: Mapping[str, Campaign]
    clients: Mapping[str, Client]

    def campaign(self, slug: str) -> Campaign:
        """The campaign of that name. Raises `NotFound`, naming a near spelling if there is one."""
        return _find(self.campaigns, slug, "campaign")

    def client(self, slug: str) -> Client:
        """The client of that name. Raises `NotFound`, naming a near spelling if there is one."""
        return _find(self.clients, slug, "client")


def read_catalogue(campaigns: Path, clients: Path, gated: Path) -> Catalogue:
    """Reads both folders. Raises one `FileErrors` with every mistake of every file.

    A missing folder is an empty one: git keeps no empty folders.
    """
    problems: list[Problem] = []
    names = [path.stem for path in _toml_files(clients)]
    around = ValidationContext(names, clients_folder=clients, gated_folder=gated)
    read_clients = dict(_read_all(clients, read_client, problems))
    read_campaigns = dict(
        _read_all(campaigns, partial(read_campaign, validation_context=around), problems)
    )
    if problems:
        raise FileErrors(problems)
    return Catalogue(MappingProxyType(read_campaigns), MappingProxyType(read_clients))


def _read_all(
    folder: Path, read: Callable[[Path], Read], problems: list[Problem]
) -> Iterator[tuple[str, Read]]:
    for path in _toml_files(folder):
        try:
            yield path.stem, read(path)
        except FileErrors as errors:
            problems.extend(errors.problems)


def _toml_files(folder: Path) -> list[Path]:
    """Hidden files are passed over: editors keep their drafts in such. Costs are no campaign."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() == ".toml"
        and not path.name.startswith(".")
        and not path.name.endswith(COSTS_ENDING)
    )


def _find(known: Mapping[str, Read], slug: str, kind: str) -> Read:
    try:
        return known[slug]
    except KeyError:
        hint = suggestion(slug, known) or f"; there are: {', '.join(known) or 'none'}"
        raise NotFound(f"no {kind} `{slug}`{hint}") from None
