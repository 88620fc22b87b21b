"""The operators of criteria, and `qualify`, which applies a campaign's criteria to answers.

Each operator is a function that takes the field's label and the operand, and returns a `Rule`: a
sentence that describes it, and a test. The test takes an answer and returns "" if it passes, else
the reason, which follows "answered ...,". A test is never called with a missing answer.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from capture.campaign.model import Answer, Campaign, FieldType
from capture.campaign.value_types import number_range
from capture.countries import countries, country_name
from capture.email_domains import is_disposable, is_free_mail
from capture.qualification.titles import title_test
from capture.qualification.verdict import (
    RULE_DATA,
    RULE_DATA_VERSION,
    CriterionResult,
    Verdict,
    casefold_text,
    words,
)
from capture.text import is_blank

_PUNCTUATION_IN_MAILBOXES = str.maketrans("", "", ".-_")
_ROLE_ACCOUNTS = frozenset(
    name.translate(_PUNCTUATION_IN_MAILBOXES) for name in RULE_DATA["role_accounts"]["names"]
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A criterion's rule: a sentence that describes it, and its test ("" is a pass)."""

    sentence: str
    test: Callable[[Answer], str]


def equal(label: str, operand: str | int) -> Rule:
    """The answer is exactly this; a number also equals a choice that means only that number."""
    expected = (operand, operand) if isinstance(operand, int) else casefold_text(operand)

    def test(answer: Answer) -> str:
        if isinstance(operand, int):
            value: object = _numbers(answer)
        else:
            value = _only_text(_texts(answer))
        return "" if value == expected else f"which is not {operand}"

    return Rule(f"{label} is {operand}", test)


def one_of(label: str, operand: tuple[str, ...]) -> Rule:
    """Every answer is in the list."""
    allowed = frozenset(map(casefold_text, operand))

    def test(answer: Answer) -> str:
        return "" if allowed.issuperset(_texts(answer)) else "which is not in the list"

    return Rule(f"{label} is {_any_of(operand)}", test)


def none_of(label: str, operand: tuple[str, ...]) -> Rule:
    """No answer is in the list."""
    excluded = frozenset(map(casefold_text, operand))

    def test(answer: Answer) -> str:
        return "" if excluded.isdisjoint(_texts(answer)) else "which is in the list"

    return Rule(f"{label} is none of: {_join(operand)}", test)


def at_least(label: str, operand: int) -> Rule:
    """The number, or every number of the chosen range, is this or more."""

    def test(answer: Answer) -> str:
        numbers = _numbers(answer)
        if numbers is None:
            return "which is no number"
        return "" if numbers[0] >= operand else f"which is not at least {operand}"

    return Rule(f"{label} is at least {operand}", test)


def at_most(label: str, operand: int) -> Rule:
    """The number, or every number of the chosen range, is this or less."""

    def test(answer: Answer) -> str:
        numbers = _numbers(answer)
        if numbers is None:
            return "which is no number"
        high = numbers[1]
        return "" if high is not None and high <= operand else f"which is not at most {operand}"

    return Rule(f"{label} is at most {operand}", test)


def between(label: str, operand: tuple[int, int]) -> Rule:
    """The number, or every number of the chosen range, lies between the two, both included."""
    low, high = operand

    def test(answer: Answer) -> str:
        numbers = _numbers(answer)
        if numbers is None:
            return "which is no number"
        inside = numbers[0] >= low and numbers[1] is not None and numbers[1] <= high
        return "" if inside else f"which is not between {low} and {high}"

    return Rule(f"{label} is between {low} and {high}, both included", test)


def contains_any(label: str, operand: tuple[str, ...]) -> Rule:
    """At least one of these is chosen, or occurs in a text as whole words."""

    def test(answer: Answer) -> str:
        mentions = _mentions(answer)
        return "" if any(map(mentions, operand)) else "which has none of these"

    return Rule(f"{label} includes at least one of: {_join(operand)}", test)


def contains_all(label: str, operand: tuple[str, ...]) -> Rule:
    """All of these are chosen, or occur in a text as whole words."""

    def test(answer: Answer) -> str:
        mentions = _mentions(answer)
        missing = [text for text in operand if not mentions(text)]
        return f"which lacks {_join(missing)}" if missing else ""

    return Rule(f"{label} includes all of: {_join(operand)}", test)


def matches(label: str, operand: tuple[str, ...]) -> Rule:
    """The job title is one of these, compared word by word."""
    test_title = title_test(operand)

    def test(answer: Answer) -> str:
        return test_title(", ".join(answer) if isinstance(answer, tuple) else str(answer))

    return Rule(
        f"{label} matches one of: {_join(operand)}, with usual abbreviations taken as the same",
        test,
    )


def business_email(label: str, operand: bool) -> Rule:
    """The address belongs to one person at one company."""
    del operand  # always true in a valid file

    def test(answer: Answer) -> str:
        email = str(answer)
        if is_disposable(email):
            return "which is a disposable address"
        if is_free_mail(email):
            return "which is free-mail"
        return "which is a role account" if _is_role_account(email) else ""

    return Rule(
        f"{label} is a business address: not free-mail, not disposable, not a role account", test
    )


def country_in(label: str, operand: tuple[str, ...]) -> Rule:
    """The country is one of these ISO codes; the sentence names them."""
    codes = frozenset(code.upper() for code in operand)

    def test(answer: Answer) -> str:
        return "" if str(answer).strip().upper() in codes else "which is not in the list"

    return Rule(f"{label} is {_any_of([country_name(code) for code in operand])}", test)


OPERATOR_FUNCTIONS: Mapping[str, Callable[[str, Any], Rule]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            *(equal, one_of, none_of, at_least, at_most, between),
            *(contains_any, contains_all, matches, business_email, country_in),
        )
    }
)
"""Name to function, for every operator of a campaign file."""


def _join(operand: Collection[str]) -> str:
    """The operand as a list in a sentence; with semicolons if an entry has a comma."""
    return ("; " if any("," in text for text in operand) else ", ").join(operand)


def _any_of(operand: Collection[str]) -> str:
    return next(iter(operand)) if len(operand) == 1 else f"one of: {_join(operand)}"


def _texts(answer: Answer) -> list[str]:
    value = answer if isinstance(answer, tuple) else (str(answer),)
    return [casefold_text(text) for text in value]


def _only_text(texts: list[str]) -> str | None:
    return texts[0] if len(texts) == 1 else None


def _numbers(answer: Answer) -> tuple[int, int | None] | None:
    """The lowest and highest number of the answer; None if it is not a number."""
    if isinstance(answer, int):
        return answer, answer
    if isinstance(answer, tuple):
        return number_range(answer[0]) if len(answer) == 1 else None
    return number_range(answer)


def _mentions(answer: Answer) -> Callable[[str], bool]:
    """A test whether a text is chosen (multiple choice) or occurs as whole words."""
    if isinstance(answer, tuple):
        chosen = frozenset(_texts(answer))
        return lambda phrase: casefold_text(phrase) in chosen
    text = f" {' '.join(words(str(answer)))} "
    return lambda phrase: f" {' '.join(words(phrase))} " in text


def _is_role_account(email: str) -> bool:
    mailbox = casefold_text(email.rpartition("@")[0]).partition("+")[0]
    return mailbox.translate(_PUNCTUATION_IN_MAILBOXES) in _ROLE_ACCOUNTS


# Applies the criteria. No clock, no I/O.
#
# A campaign is prepared once: its sentences, its tests, and the results for all choices and
# countries. Free text is tested each time and is not cached, because it is personal data.

_MAX_QUOTE_LENGTH: Final = 120


class _PreparedCriterion:
    """One criterion, prepared for repeated use."""

    __slots__ = ("field", "id", "is_country", "known", "rule")

    def __init__(self, campaign: Campaign, criterion_id: str) -> None:
        criterion = campaign.criteria[criterion_id]
        self.id = criterion_id
        self.field = criterion.field or criterion_id
        field = campaign.fields.get(self.field)
        label = field.label if field else self.field
        self.rule: Rule = OPERATOR_FUNCTIONS[criterion.operator](label, criterion.operand)
        self.is_country = field is not None and field.type is FieldType.COUNTRY
        no_answer = (
            "no answer: nothing shows that it is none of these"
            if criterion.none_of is not None
            else "no answer"
        )
        self.known: dict[Answer | None, CriterionResult] = dict.fromkeys(
            (None, "", ()), CriterionResult(self.id, self.rule.sentence, None, False, no_answer)
        )
        choices = field.choices if field is not None and field.type is FieldType.CHOICE else ()
        for answer in countries() if self.is_country else choices:
            self.known[answer] = self.result_for(answer)

    def result_for(self, answer: Answer | None) -> CriterionResult:
        """The result for an answer; a blank answer counts as missing."""
        if answer is None or (isinstance(answer, str) and is_blank(answer)):
            return self.known[None]
        problem = self.rule.test(answer)
        reason = f"answered {self._show_answer(answer)}"
        if problem:
            reason = f"{reason}, {problem}"
        return CriterionResult(self.id, self.rule.sentence, answer, not problem, reason)

    def _show_answer(self, answer: Answer) -> str:
        if isinstance(answer, tuple):
            return "; ".join(answer)
        text = " ".join(str(answer).split())
        if self.is_country:
            return country_name(text)
        return text if len(text) <= _MAX_QUOTE_LENGTH else f"{text[:_MAX_QUOTE_LENGTH]}…"


_cache: Final[dict[tuple[str, str], tuple[Campaign, tuple[_PreparedCriterion, ...]]]] = {}


def _prepared_criteria(campaign: Campaign) -> tuple[_PreparedCriterion, ...]:
    """The prepared criteria of a campaign, cached for each version."""
    key = (campaign.slug, campaign.version)
    cached = _cache.get(key)
    if cached is None or (cached[0] is not campaign and cached[0] != campaign):
        cached = (campaign, tuple(_PreparedCriterion(campaign, name) for name in campaign.criteria))
        _cache[key] = cached
    return cached[1]


def qualify(campaign: Campaign, answers: Mapping[str, Answer]) -> Verdict:
    """Tests the answers against every criterion; the verdict passes only if all criteria do.

    `answers` are normalized, as the form returns them; a field without an answer has no entry.
    """
    passed = True
    results = []
    for criterion in _prepared_criteria(campaign):
        answer = answers.get(criterion.field)
        result = criterion.known.get(answer) or criterion.result_for(answer)
        passed = passed and result.passed
        results.append(result)
    return Verdict(passed, tuple(results), RULE_DATA_VERSION)


def sentence(campaign: Campaign, criterion_id: str) -> str:
    """The sentence that describes a criterion, such as "Company size is at least 101".

    Raises KeyError if the campaign has no such criterion.
    """
    for criterion in _prepared_criteria(campaign):
        if criterion.id == criterion_id:
            return criterion.rule.sentence
    raise KeyError(criterion_id)
