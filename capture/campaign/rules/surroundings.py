"""Rules that reach beyond the file: the client is known, and the files to give are there."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from capture.campaign.problems import Finding, near
from capture.campaign.rules.draft import Draft
from capture.campaign.rules.terms import is_plain
from capture.errors import short_path
from capture.paths import ConfinedFolder


@dataclass(frozen=True)
class Surroundings:
    """What stands around a campaign file."""

    clients: Collection[str]
    clients_folder: Path
    gated_folder: Path

    def findings(self, draft: Draft) -> Iterator[Finding]:
        """Everything that the file names and that is not there, one finding each."""
        if draft.client is not None and draft.client not in self.clients:
            wanted = f"{short_path(self.clients_folder)}/{draft.client}.toml"
            hint = near(draft.client, self.clients) or f"; write {wanted}"
            yield Finding(("client",), f"no such client{hint}")
        if draft.kind == "gated":
            for number, name in enumerate(draft.assets or ()):
                if is_plain(name) and (fault := self._asset_fault(name)):
                    yield Finding(("assets", number), fault)

    def _asset_fault(self, name: str) -> str:
        folder = self.gated_folder.resolve()
        where = short_path(self.gated_folder)
        there = {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}
        path = there.get(name)  # not by is_file(): some machines take Guide.pdf for guide.pdf
        if path is None or not path.exists():
            return f"no such file in {where}/{near(name, there) or '; add it there'}"
        if not path.is_file():
            return f"is no file in {where}/; name a file"
        if ConfinedFolder(folder).why_outside(name):
            return f"is a link that leads out of {where}/; put the file itself there"
        if not os.access(path, os.R_OK):
            return f"cannot be read in {where}/ by this user; let it read the file"
        return ""
