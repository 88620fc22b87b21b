"""All campaigns and clients of a project, read together and checked against each other."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from capture.campaign.client import Client
from capture.campaign.costs import ENDING as COSTS_ENDING
from capture.campaign.files import read_campaign, read_client
from capture.campaign.model import Campaign
from capture.campaign.problems import near
from capture.campaign.rules import Surroundings
from capture.errors import FileErrors, NotFound, Problem

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
    around = Surroundings(names, clients_folder=clients, gated_folder=gated)
    read_clients = dict(_read_all(clients, read_client, problems))
    read_campaigns = dict(
        _read_all(campaigns, partial(read_campaign, surroundings=around), problems)
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
        hint = near(slug, known) or f"; there are: {', '.join(known) or 'none'}"
        raise NotFound(f"no {kind} `{slug}`{hint}") from None
