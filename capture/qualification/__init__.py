"""Judges a lead: a campaign's criteria and the answers give a verdict with reasons in words."""

from capture.qualification.judging import qualify, sentence
from capture.qualification.rule_data import RULE_DATA_VERSION
from capture.qualification.verdict import CriterionResult, Verdict

__all__ = [
    "RULE_DATA_VERSION",
    "CriterionResult",
    "Verdict",
    "qualify",
    "sentence",
]
