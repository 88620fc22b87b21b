"""`qualify`: a campaign's criteria applied to answers. Pure: no clock, no reading, no storage.

A campaign is made ready once: its sentences, its tests, and the results of answers that can only
be one of few (a choice, a country). Texts are judged each time and nothing of them is kept.
"""

from collections.abc import Mapping
from typing import Final

from capture.campaign.model import Answer, Campaign, FieldType
from capture.countries import COUNTRIES, country_name
from capture.qualification.operators import OPERATIONS, Rule
from capture.qualification.rule_data import RULE_DATA_VERSION
from capture.qualification.verdict import CriterionResult, Verdict
from capture.visible import is_blank

_LONGEST_QUOTE: Final = 120


class _Judge:
    """One criterion, made ready."""

    __slots__ = ("field", "id", "is_country", "known", "rule")

    def __init__(self, campaign: Campaign, criterion_id: str) -> None:
        criterion = campaign.criteria[criterion_id]
        self.id = criterion_id
        self.field = criterion.field or criterion_id
        field = campaign.fields.get(self.field)
        label = field.label if field else self.field
        self.rule: Rule = OPERATIONS[criterion.operator](label, criterion.operand)
        self.is_country = field is not None and field.type is FieldType.COUNTRY
        silence = (
            "no answer: nothing shows that it is none of these"
            if criterion.none_of is not None
            else "no answer"
        )
        self.known: dict[Answer | None, CriterionResult] = dict.fromkeys(
            (None, "", ()), CriterionResult(self.id, self.rule.sentence, None, False, silence)
        )
        few = field.choices if field is not None and field.type is FieldType.CHOICE else ()
        for answer in COUNTRIES if self.is_country else few:
            self.known[answer] = self.judge(answer)

    def judge(self, answer: Answer | None) -> CriterionResult:
        """The result for an answer; a blank one is none."""
        if answer is None or (isinstance(answer, str) and is_blank(answer)):
            return self.known[None]
        fault = self.rule.test(answer)
        reason = f"answered {self._in_words(answer)}"
        if fault:
            reason = f"{reason}, {fault}"
        return CriterionResult(self.id, self.rule.sentence, answer, not fault, reason)

    def _in_words(self, answer: Answer) -> str:
        if isinstance(answer, tuple):
            return "; ".join(answer)
        text = " ".join(str(answer).split())
        if self.is_country:
            return country_name(text)
        return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


_ready: Final[dict[tuple[str, str], tuple[Campaign, tuple[_Judge, ...]]]] = {}


def _judges(campaign: Campaign) -> tuple[_Judge, ...]:
    """The campaign's criteria made ready, once for each version in use."""
    key = (campaign.slug, campaign.version)
    found = _ready.get(key)
    if found is None or (found[0] is not campaign and found[0] != campaign):
        found = (campaign, tuple(_Judge(campaign, name) for name in campaign.criteria))
        _ready[key] = found
    return found[1]


def qualify(campaign: Campaign, answers: Mapping[str, Answer]) -> Verdict:
    """Judges answers by the campaign's criteria: all of them, and passed only if each one is.

    `answers` are normalised, as the form gives them; a field without an answer has no entry.
    """
    passed = True
    results = []
    for judge in _judges(campaign):
        answer = answers.get(judge.field)
        result = judge.known.get(answer) or judge.judge(answer)
        passed = passed and result.passed
        results.append(result)
    return Verdict(passed, tuple(results), RULE_DATA_VERSION)


def sentence(campaign: Campaign, criterion_id: str) -> str:
    """What a criterion says about itself, such as "Company size is at least 101".

    Raises KeyError if the campaign has no such criterion.
    """
    for judge in _judges(campaign):
        if judge.id == criterion_id:
            return judge.rule.sentence
    raise KeyError(criterion_id)
