"""Signals in words, as the agency reads them."""

from typing import Any

import pytest

from capture.campaign.quarantine import SIGNALS
from capture.intake.risk import RiskSignal, as_data
from capture.intake.signal_words import risk_signal_in_words, spam_signal_in_words

CASES: list[tuple[dict[str, Any], str]] = [
    ({"name": "honeypot"}, "A field that people cannot see was filled in; some browsers do that."),
    (
        {"name": "spam_signal", "what": "too_fast"},
        "The form was sent faster than a person can fill it in.",
    ),
    (
        {"name": "burst", "leads": 12, "minutes": 60, "usual_hundredths": 42},
        "12 leads came from one traffic source within an hour; usual is 0.4.",
    ),
    (
        {"name": "burst", "leads": 20, "minutes": 90},
        "20 leads came from one traffic source within 90 minutes.",
    ),
    (
        {"name": "alike", "what": "phone", "leads": 3, "minutes": 40_320},
        "3 companies or mailboxes gave the same phone number within four weeks.",
    ),
    (
        {"name": "alike", "what": "stem", "leads": 6, "minutes": 1440, "usual_hundredths": 0},
        "6 companies or mailboxes have addresses that differ only in a number and the domain "
        "within a day; usual is 0.0.",
    ),
    (
        {"name": "network", "leads": 12, "minutes": 10_080},
        "12 companies or mailboxes sent the form from one network within a week.",
    ),
    ({"name": "no_mail_domain"}, "The domain of the e-mail address takes no mail."),
    (
        {"name": "rejected_answer", "what": "phone", "leads": 1},
        "The client rejected 1 earlier lead with this phone number as an invalid contact.",
    ),
]


@pytest.mark.parametrize(("signal", "sentence"), CASES)
def test_a_risk_signal_is_a_sentence_with_its_numbers(
    signal: dict[str, Any], sentence: str
) -> None:
    assert risk_signal_in_words(signal) == sentence


@pytest.mark.parametrize("name", SIGNALS)
def test_every_signal_of_the_campaign_file_has_a_sentence_without_numbers_too(name: str) -> None:
    (signal,) = as_data([RiskSignal(name, 100)])
    assert risk_signal_in_words(signal).endswith(".")


def test_an_unknown_signal_is_shown_by_its_name() -> None:
    assert risk_signal_in_words({"name": "unheard", "weight": 1}) == "unheard"
    assert spam_signal_in_words("unheard") == "unheard"
