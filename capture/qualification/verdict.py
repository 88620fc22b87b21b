"""What a judgement says: every criterion with its rule in words, the value given, pass or fail."""

from dataclasses import dataclass

from capture.campaign.model import Answer


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """How one criterion came out, in words that agency and client read alike."""

    id: str
    rule: str
    value: Answer | None
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Passed only if every criterion did. `rule_data` is the version of the data that judged."""

    passed: bool
    criteria: tuple[CriterionResult, ...]
    rule_data: str
