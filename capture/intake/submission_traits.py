"""The traits of a submission: properties that robots' posts often share and people's rarely do.

Pure functions. The ledger stores keyed hashes of the traits, never the text. Texts are compared in
lower case and with `#` for each number, so that numbered posts of a robot are equal.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from capture.campaign.model import Answer, Campaign, FieldType
from capture.email_domains import company_domain
from capture.intake.submission import FORM, Submission
from capture.lead.identity import NEWEST, mailbox_of
from capture.ledger.traits import Trait, Traits

NETWORK: Final = "network"
TRAFFIC_SOURCE: Final = "traffic_source"
PHONE: Final = "phone"
TEXT: Final = "text"
ANSWERS: Final = "answers"
NAME: Final = "name"
DOMAIN: Final = "domain"
STEM: Final = "stem"
SHAPE: Final = "shape"

LONG_TEXT: Final = 40
"""Two texts with at least so many characters are not equal by chance."""

_NUMBER: Final = re.compile(r"\d+")
_TEXTS: Final = frozenset({FieldType.TEXT, FieldType.LONG_TEXT})
_PATTERN_TYPES: Final = _TEXTS | {FieldType.CHOICE, FieldType.MULTIPLE_CHOICE, FieldType.INTEGER}
_VOWELS: Final = re.compile("[aeiouy]")


def traits_of(campaign: Campaign, submission: Submission) -> Traits | None:
    """The traits; None without risk signals: for tests, imports, and if quarantine is disabled."""
    if submission.source != FORM or submission.test or not campaign.quarantine.enabled:
        return None
    answers = submission.answers
    email = str(answers.get("email", ""))
    traits = [Trait(TRAFFIC_SOURCE, _traffic_source(submission), has_rate=True)]
    if submission.network:
        traits.append(Trait(NETWORK, submission.network))
    traits += _answer_traits(campaign, answers)
    traits += _address_traits(email)
    return Traits(company_domain(email) or mailbox_of(email, NEWEST), tuple(dict.fromkeys(traits)))


def _traffic_source(submission: Submission) -> str:
    """Landing page, referring site, campaign, and whether a script ran."""
    touch = submission.last_touch
    parts = (
        touch.get("path", "").casefold().rstrip("/"),
        _host(touch.get("referrer", "")),
        touch.get("utm_source", "").casefold(),
        touch.get("utm_campaign", "").casefold(),
        "script" if submission.one_time_id else "no script",
    )
    return "\n".join(parts)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # a browser may send any text
        return ""


def _answer_traits(campaign: Campaign, answers: Mapping[str, Answer]) -> Iterator[Trait]:
    """Traits of phone numbers, of long texts, and of all texts and choices together."""
    texts = dict(_texts(campaign, answers))
    for name, definition in campaign.fields.items():
        if definition.type is FieldType.PHONE and name in answers:
            yield Trait(PHONE, str(answers[name]).partition(" ext.")[0])
    for name, text in texts.items():
        if len(text) >= LONG_TEXT:
            yield Trait(TEXT, _masked(text, (texts[other] for other in texts if other != name)))
    if not texts:
        return
    pattern = [
        f"{name}={_masked(_joined(answers[name]))}"
        for name, definition in campaign.fields.items()
        if definition.type in _PATTERN_TYPES and name in answers
    ]
    # People with the same name and choices are rare, but they exist: a weaker trait.
    yield Trait(ANSWERS if len(texts) > 1 else NAME, "\n".join(pattern))


def _texts(campaign: Campaign, answers: Mapping[str, Answer]) -> Iterator[tuple[str, str]]:
    for name, definition in campaign.fields.items():
        if definition.type in _TEXTS and name in answers:
            yield name, " ".join(str(answers[name]).casefold().split())


def _masked(text: str, own_texts: Iterable[str] = ()) -> str:
    """The text without numbers and without the person's answers in other fields."""
    masked = " ".join(text.casefold().split())
    for own in own_texts:
        if len(own) > 2:
            masked = masked.replace(own, "*")
    return _NUMBER.sub("#", masked)


def _joined(answer: Answer) -> str:
    return ", ".join(answer) if isinstance(answer, tuple) else str(answer)


def _address_traits(email: str) -> Iterator[Trait]:
    """Traits of an address that looks generated."""
    local, _, _ = email.casefold().rpartition("@")
    local = local.partition("+")[0]
    domain = company_domain(email)
    if domain and _NUMBER.search(domain):
        yield Trait(DOMAIN, _NUMBER.sub("#", domain))
    if _NUMBER.search(local):
        yield Trait(STEM, _NUMBER.sub("#", local), has_rate=True)
    shape = address_shape(local)
    if shape:
        yield Trait(SHAPE, shape, has_rate=True)


def address_shape(local: str) -> str:
    """The shape of an unusual part before the @; empty for other addresses.

    Letters and then five digits or more (a year of birth has four), letters and digits that
    alternate, or eight letters or more with almost no vowels.
    """
    runs = re.findall(r"[a-z]+|\d+", local)
    digits = [run for run in runs if run.isdigit()]
    if len(runs) == 2 and digits and len(runs[1]) >= 5 and runs[1].isdigit():
        return f"letters and {len(runs[1])} digits"
    if len(digits) >= 2 and len(runs) >= 4:
        return "letters and digits in turn"
    letters = "".join(run for run in runs if not run.isdigit())
    is_ascii = local.isascii()
    if is_ascii and len(letters) >= 8 and len(_VOWELS.findall(letters)) * 10 <= len(letters):
        return "few vowels"
    return ""
