"""The current campaign and client files of a dispatcher, which runs for weeks."""

import logging
from pathlib import Path

from capture.campaign.catalogue import Catalogue, Stamp, read_catalogue, stamp_of_files
from capture.errors import GatepostError

log = logging.getLogger(__name__)


class CurrentFiles:
    """Reads the files again after a change. If one has a mistake, the last good ones stay."""

    def __init__(self, campaigns: Path, clients: Path, gated: Path) -> None:
        """The files are read at the first call."""
        self._folders = (campaigns, clients, gated)
        self._stamp: Stamp | None = None
        self._catalogue: Catalogue | None = None

    def __call__(self) -> Catalogue:
        """All campaigns and clients. Raises `FileErrors` if they have never been good."""
        stamp = stamp_of_files(*self._folders[:2])
        if self._catalogue is not None and stamp == self._stamp:
            return self._catalogue
        try:
            self._catalogue = read_catalogue(*self._folders)
        except GatepostError as error:
            if self._catalogue is None:
                raise
            log.error("campaign files not loaded, the last good ones stay in force: %s", error)
        self._stamp = stamp
        return self._catalogue
