"""One submission with all that the gate needs to judge it."""

from dataclasses import dataclass
from datetime import datetime

from capture.campaign.model import Campaign
from capture.intake.submission import Submission
from capture.ledger.traits import Traits
from capture.ledger.types import Keys
from capture.qualification.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Arrival:
    """One submission with all that the gate needs to judge it."""

    campaign: Campaign
    submission: Submission
    keys: Keys
    verdict: Verdict
    received_at: datetime
    """The time of receipt; caps are counted by its month (rule 7)."""
    now: datetime
    """Duplicates are asked for as of this time."""
    needs_explicit_acceptance: bool = False
    """Whether only an explicit acceptance can make it billable (rule 15)."""
    is_checked: bool = False
    """A person has checked it, or its address was proved: no risk signal counts any more."""
    is_confirmed: bool = False
    """The person has proved the address."""
    traits: Traits | None = None
    """Its traits, which other leads may have too. None: risk signals are not computed."""
    is_free_over_cap: bool = False
    """It was marked free over a cap at its receipt, and stays so (rule 8)."""
