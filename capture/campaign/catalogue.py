"""All campaigns, clients and costs of a project, read and checked together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from pydantic import Field

from capture.campaign.client import Client
from capture.campaign.files import read_campaign, read_client, read_model
from capture.campaign.model import Campaign
from capture.campaign.problems import Finding, KeyPath, suggestion
from capture.campaign.rules.terms import ValidationContext
from capture.campaign.value_types import FrozenMapping, Line, Money, Month, StrictModel
from capture.errors import FileErrors, NotFound, Problem, short_path
from capture.money import is_exact, to_minor

# Costs: `campaigns/<slug>.costs.toml` holds what a campaign costs the agency. No client sees it.
#
# The costs have their own file because the client has a copy of the campaign file: its SHA-256 is
# the version that every lead cites. Costs in it would be visible to the client, and a change of
# costs would look like a change of the agreement.

COSTS_ENDING: Final = ".costs.toml"


class CostsFile(StrictModel):
    """The agency's own costs, net of tax, in major units of the campaign's currency."""

    since: Month | None = Field(
        default=None, description="First month of the fixed costs, such as 2026-11."
    )
    until: Month | None = Field(
        default=None, description="Last month of the fixed costs; by default they go on."
    )
    fixed: FrozenMapping[Line, Money] = Field(
        default_factory=dict, description="What each month costs, by name: writing = 600.00"
    )
    months: FrozenMapping[Month, FrozenMapping[Line, Money]] = Field(
        default_factory=dict,
        description='Additional costs of single months: [months."2026-11"] ads = 1200.00',
    )


class Costs(CostsFile):
    """A costs file that was read and is valid."""

    slug: str = Field(description="The slug of the campaign.")

    def by_month(self, last: str, currency: str) -> dict[str, int]:
        """Month to its sum in minor units, up to and including `last`; only months with costs."""
        sums = {month: self._sum_of(month) for month in self._months_until(last)}
        return {month: to_minor(amount, currency) for month, amount in sorted(sums.items())}

    def _sum_of(self, month: str) -> Decimal:
        has_fixed = self.since is not None and self.since <= month <= (self.until or month)
        amounts = [
            *self.months.get(month, {}).values(),
            *(self.fixed.values() if has_fixed else ()),
        ]
        return sum(amounts, Decimal(0))

    def _months_until(self, last: str) -> Iterator[str]:
        yield from (month for month in self.months if month <= last)
        month = self.since or ""
        while self.fixed and month and month <= min(self.until or last, last):
            if month not in self.months:
                yield month
            month = _next_month(month)


def read_costs(path: Path, currency: str) -> Costs:
    """Reads one costs file. Raises `FileErrors` with every mistake."""
    source, file = read_model(path, CostsFile, COSTS_ENDING)
    if findings := list(_findings(file, currency)):
        raise FileErrors(source.problems(source.data(), findings))
    return Costs.model_construct(**dict(file), slug=source.slug)


def read_all_costs(folder: Path, currencies: Mapping[str, str]) -> dict[str, Costs]:
    """Campaign to its costs, for all campaigns that have a costs file.

    `currencies` maps every campaign to its currency. Raises `FileErrors` with every mistake.
    """
    costs: dict[str, Costs] = {}
    problems: list[Problem] = []
    for path in costs_files(folder):
        slug = path.name.removesuffix(COSTS_ENDING)
        try:
            if slug not in currencies:
                where = str(Path(short_path(path.parent)) / path.name)
                problems.append(Problem(where, None, f"there is no campaign `{slug}`"))
            else:
                costs[slug] = read_costs(path, currencies[slug])
        except FileErrors as errors:
            problems.extend(errors.problems)
    if problems:
        raise FileErrors(problems)
    return costs


def costs_files(folder: Path) -> Iterable[Path]:
    """The paths of all costs files, sorted by name, without hidden files."""
    if not folder.is_dir():
        return ()
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.endswith(COSTS_ENDING) and not path.name.startswith(".")
    )


def _findings(file: CostsFile, currency: str) -> Iterator[Finding]:
    if file.fixed and file.since is None:
        yield Finding(("fixed",), 'has no first month; add since = "2026-11" at the top')
    if file.since and file.until and file.until < file.since:
        yield Finding(("until",), f"is before since = {file.since}")
    for path, amount in _amounts(file):
        if not is_exact(amount, currency):
            yield Finding(path, f"has more decimals than {currency} allows; write fewer")


def _amounts(file: CostsFile) -> Iterator[tuple[KeyPath, Decimal]]:
    yield from ((("fixed", name), amount) for name, amount in file.fixed.items())
    for month, amounts in file.months.items():
        yield from ((("months", month, name), amount) for name, amount in amounts.items())


def _next_month(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + 1:04d}-01" if number == 12 else f"{year:04d}-{number + 1:02d}"


File = TypeVar("File")


@dataclass(frozen=True)
class Catalogue:
    """Every campaign and client by slug, sorted by name."""

    campaigns: Mapping[str, Campaign]
    clients: Mapping[str, Client]

    def campaign(self, slug: str) -> Campaign:
        """The campaign of that slug. Raises `NotFound`, with a similar slug if there is one."""
        return _find(self.campaigns, slug, "campaign")

    def client(self, slug: str) -> Client:
        """The client of that slug. Raises `NotFound`, with a similar slug if there is one."""
        return _find(self.clients, slug, "client")


@dataclass(frozen=True)
class ReadFiles:
    """The files of a project, those with mistakes apart."""

    sound: Catalogue
    """The files without mistakes."""
    campaign_errors: Mapping[str, FileErrors]
    """The mistakes in each other campaign file, by slug."""
    client_errors: Mapping[str, FileErrors]
    """The mistakes in each other client file, by slug."""


def read_catalogue(
    campaigns: Path, clients: Path, gated: Path | None, *, are_sound: bool = False
) -> Catalogue:
    """Reads both folders. Raises one `FileErrors` with every mistake in every file.

    A missing folder counts as empty, because git does not store empty folders. With `gated`, a
    campaign whose gated files cannot be sent is a mistake too. With `are_sound`, a check found no
    mistake in these client files, whose addresses are not checked again.
    """
    read_files = read_all_files(campaigns, clients, gated, are_sound=are_sound)
    errors = [*read_files.client_errors.values(), *read_files.campaign_errors.values()]
    if errors:
        raise FileErrors(problem for error in errors for problem in error.problems)
    return read_files.sound


def read_all_files(
    campaigns: Path, clients: Path, gated: Path | None, *, are_sound: bool = False
) -> ReadFiles:
    """Reads both folders like `read_catalogue`; a mistake in one file hides no other file."""
    names = [path.stem for path in _toml_files(clients)]
    client_errors: dict[str, FileErrors] = {}
    campaign_errors: dict[str, FileErrors] = {}
    read_clients = dict(_read_all(clients, partial(read_client, is_sound=are_sound), client_errors))
    context = ValidationContext(
        names,
        clients_folder=clients,
        gated_folder=gated,
        clients_without_notices=[
            slug for slug, client in read_clients.items() if not client.contacts.notices
        ],
    )
    read = partial(read_campaign, validation_context=context)
    read_campaigns = dict(_read_all(campaigns, read, campaign_errors))
    sound = Catalogue(MappingProxyType(read_campaigns), MappingProxyType(read_clients))
    return ReadFiles(sound, campaign_errors, client_errors)


def read_changed_files(campaigns: Path, clients: Path, gated: Path | None) -> ReadFiles:
    """`read_all_files`, with the result of the last time while no file has changed."""
    stamp = stamp_of_files(campaigns, clients)
    gated_stamp = None if gated is None else _stamp(gated)  # changes with each new or removed file
    return _read_stamped(campaigns, clients, gated, stamp, gated_stamp)


@lru_cache(maxsize=2)
def _read_stamped(
    campaigns: Path, clients: Path, gated: Path | None, *_stamps: object
) -> ReadFiles:
    return read_all_files(campaigns, clients, gated)


Stamp = tuple[tuple[str, int, int, int], ...]
"""Name, modification time in nanoseconds, size and inode of each file."""


def stamp_of_files(*folders: Path) -> Stamp:
    """A value that changes when a TOML file in the folders changes, is added or removed.

    A folder may be a link to a release, and two releases may have files of the same time.
    """
    return tuple(_stamp(path) for folder in folders for path in sorted(folder.glob("*.toml")))


def _stamp(path: Path) -> tuple[str, int, int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:  # renamed or removed since the folder was listed
        return str(path), 0, 0, 0
    return str(path), status.st_mtime_ns, status.st_size, status.st_ino


def _read_all(
    folder: Path, read: Callable[[Path], File], errors: dict[str, FileErrors]
) -> Iterator[tuple[str, File]]:
    for path in _toml_files(folder):
        try:
            yield path.stem, read(path)
        except FileErrors as error:
            errors[path.stem] = error


def _toml_files(folder: Path) -> list[Path]:
    """TOML files sorted by name, without costs files and hidden files (drafts of editors)."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() == ".toml"
        and not path.name.startswith(".")
        and not path.name.endswith(COSTS_ENDING)
    )


def _find(known: Mapping[str, File], slug: str, kind: str) -> File:
    try:
        return known[slug]
    except KeyError:
        hint = suggestion(slug, known) or f"; there are: {', '.join(known) or 'none'}"
        raise NotFound(f"no {kind} `{slug}`{hint}") from None
