"""The versions of a campaign that git has and that were never in force, for the agency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from re import fullmatch

from capture.campaign.files import read_draft
from capture.campaign.git_history import CommittedVersion, committed_versions
from capture.campaign.model import Campaign
from capture.documents.agreement.difference import differences
from capture.errors import FileErrors
from capture.ledger.protocol import ReadTransaction
from capture.web.services import services


@dataclass(frozen=True, slots=True)
class CommittedView:
    """One version that is in git only."""

    version: str
    commit: str
    committed_at: datetime
    changes: Sequence[str]
    """How its terms differ from the current ones, in sentences."""
    mistakes: Sequence[str]
    """Why it is not a valid campaign file; empty if it is one."""


def committed_views(current: Campaign) -> list[CommittedView]:
    """The versions in git that the ledger does not have, the newest first.

    Versions with another client are no versions of this agreement.
    """
    committed = committed_versions(services().config.campaigns, current.slug)

    def never_in_force(reading: ReadTransaction) -> list[CommittedVersion]:
        return [
            each
            for each in committed
            if reading.campaigns.version_text(current.slug, each.version) is None
        ]

    found = services().ledger.read(never_in_force) if committed else []
    return [view for each in found if (view := _view(current, each)) is not None]


def committed_draft(current: Campaign, version: str) -> Campaign | None:
    """The campaign in a version that git has.

    None if git has no such version, or if it is invalid or has another client.
    """
    if not fullmatch("[0-9a-f]{64}", version):
        return None
    for each in committed_versions(services().config.campaigns, current.slug):
        if each.version == version:
            draft, _ = _read(current.slug, each.content)
            return draft if draft is not None and draft.client == current.client else None
    return None


def _view(current: Campaign, each: CommittedVersion) -> CommittedView | None:
    draft, mistakes = _read(current.slug, each.content)
    if draft is not None and draft.client != current.client:
        return None
    changes = [] if draft is None else differences(current, draft)
    return CommittedView(each.version, each.commit, each.committed_at, changes, mistakes)


@lru_cache(maxsize=64)  # the same content has the same mistakes
def _read(slug: str, content: bytes) -> tuple[Campaign | None, Sequence[str]]:
    """The campaign of a file's content, or its mistakes."""
    try:
        return read_draft(slug, content, f"{slug}.toml"), ()
    except FileErrors as errors:
        return None, tuple(str(problem) for problem in errors.problems)
