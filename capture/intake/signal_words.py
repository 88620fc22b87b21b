"""Spam signals and risk signals in words, for the agency."""

from collections.abc import Mapping
from typing import Any, Final

from capture.text import count_noun

_SPAM: Final = {
    "honeypot": "a field that people cannot see was filled in",
    "invalid_answers": "its answers were not valid, or the consent was missing",
    "unknown_form": "it names no version of the form",
    "too_fast": "the form was sent faster than a person can fill it in",
    "link_in_name": "a name contains a link",
    "many_links": "an answer contains many links",
}
_ALIKE: Final = {
    "phone": "gave the same phone number",
    "text": "wrote the same text",
    "answers": "gave the same answers except for numbers",
    "name": "gave the same name and the same choices",
    "domain": "have e-mail domains that differ only in a number",
    "stem": "have addresses that differ only in a number and the domain",
    "shape": "have addresses of the same unusual shape",
}
_ANSWERS: Final = {
    "phone": "this phone number",
    "email": "this mailbox",
    "company_domain": "this company's e-mail domain",
}
_PERIODS: Final = ((40_320, "four weeks"), (10_080, "a week"), (1440, "a day"), (60, "an hour"))


def spam_signal_in_words(name: str) -> str:
    """A spam signal as part of a sentence."""
    return _SPAM.get(name, name)


def risk_signal_in_words(signal: Mapping[str, Any]) -> str:
    """A risk signal, as an event stores it, as a sentence with the numbers that explain it."""
    leads, what = signal.get("leads", 0), signal.get("what", "")
    period = _period(signal.get("minutes", 0))
    match signal["name"]:
        case "honeypot":
            sentence = "A field that people cannot see was filled in; some browsers do that."
        case "spam_signal":
            words = spam_signal_in_words(what)
            sentence = f"{words[:1].upper()}{words[1:]}."
        case "burst":
            sentence = f"{count_noun(leads, 'lead')} came from one traffic source within {period}"
            sentence += _usual(signal) + "."
        case "alike":
            pattern = _ALIKE.get(what, "gave answers of one pattern")
            sentence = f"{_senders(leads)} {pattern} within {period}{_usual(signal)}."
        case "network":
            sentence = f"{_senders(leads)} sent the form from one network within {period}."
        case "no_mail_domain":
            sentence = "The domain of the e-mail address takes no mail."
        case "rejected_answer":
            answer = _ANSWERS.get(what, "one of these answers")
            number = count_noun(leads, "earlier lead")
            sentence = f"The client rejected {number} with {answer} as an invalid contact."
        case name:
            sentence = str(name)
    return sentence


def _senders(number: int) -> str:
    """The senders in words. Colleagues count once, so the number is not one of leads."""
    return f"{number} companies or mailboxes"


def _period(minutes: int) -> str:
    return next(
        (words for length, words in _PERIODS if minutes == length), count_noun(minutes, "minute")
    )


def _usual(signal: Mapping[str, Any]) -> str:
    """The usual number of leads in this period, if the event has it."""
    hundredths = signal.get("usual_hundredths")
    return "" if hundredths is None else f"; usual is {hundredths / 100:.1f}"
