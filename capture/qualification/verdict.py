"""The verdict on a lead: for each criterion its rule, the answer, and pass or fail."""

import hashlib
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capture.campaign.model import Answer
from capture.email_domains import domain_lists_digest


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """The result of one criterion, in words for agency and client."""

    id: str
    rule: str
    value: Answer | None
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The results of all criteria; passed only if every criterion passed."""

    passed: bool
    criteria: tuple[CriterionResult, ...]
    rule_data: str
    """The version of the rule data that was used (`RULE_DATA_VERSION`)."""


# Comparison of texts: ignores case, width variants and extra spaces.

_WORD = re.compile(r"[^\W_]+[+#]*")


def casefold_text(text: str) -> str:
    """The text for comparison: NFKC, case-folded, with single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def words(text: str) -> list[str]:
    """The words of a text for comparison; keeps + and # as in C++ and C#."""
    return _WORD.findall(casefold_text(text))


# The rule data and its version, which every verdict cites (rule 19 of docs/rules.md).

_RULE_DATA_BYTES = Path(__file__).with_name("rule_data.toml").read_bytes()

RULE_DATA: dict[str, Any] = tomllib.loads(_RULE_DATA_BYTES.decode("utf-8"))
"""The parsed `rule_data.toml`: role accounts and titles."""

RULE_DATA_VERSION = hashlib.sha256(domain_lists_digest() + _RULE_DATA_BYTES).hexdigest()[:12]
"""Changes with the free-mail list, the disposable list, the role names and the title data."""
