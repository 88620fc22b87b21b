"""What a judgement says: every criterion with its rule in words, the value given, pass or fail."""

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


# Texts made comparable: without case, width variants and stray spaces.


_WORD = re.compile(r"[^\W_]+[+#]*")


def casefold_text(text: str) -> str:
    """The text for comparison: NFKC, case folded, spaces trimmed and made single."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def words(text: str) -> list[str]:
    """The words of a text for comparison; C++ and C# stay what they are."""
    return _WORD.findall(casefold_text(text))


# The data behind the criteria, and its version, which every verdict cites (rule 19).


_TEXT = Path(__file__).with_name("rule_data.toml").read_bytes()

RULE_DATA: dict[str, Any] = tomllib.loads(_TEXT.decode("utf-8"))
"""The parsed `rule_data.toml`: role accounts and titles."""

RULE_DATA_VERSION = hashlib.sha256(domain_lists_digest() + _TEXT).hexdigest()[:12]
"""Changes with the free-mail list, the disposable list, the role names and the title data."""
