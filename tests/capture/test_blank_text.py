"""Text without a visible character counts as empty wherever text is required."""

import re
import sys
import unicodedata

import pytest

from capture.errors import FileErrors, Refused
from capture.form.campaign_form import check_values
from capture.form.text import cleaned_line, cleaned_text
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.import_leads import Origin
from capture.lead.events import Actor
from capture.qualification.criteria import qualify
from capture.review.acts import Act, accept
from capture.text import is_blank, trim_invisible
from tests.capture.desk import Desk
from tests.samples import ANSWERS, CAMPAIGN, NOW, campaign

INVISIBLE = {
    "blank of Braille": "\u2800",
    "Hangul filler": "\u3164",
    "Hangul choseong filler": "\u115f\u1160",
    "halfwidth Hangul filler": "\uffa0",
    "zero width space": "\u200b",
    "zero width joiners": "\u200c\u200d",
    "tags": "\U000e0041\U000e007f",
    "soft hyphens": "\u00ad\u00ad",
    "combining grapheme joiner": "\u034f",
    "variation selector": "\ufe0f",
    "no-break and ideographic space": "\u00a0\u3000",
    "Mongolian vowel separator": "\u180e",
    "lone accent": "\u0301",
    "inherent vowels of Khmer": "\u17b4\u17b5",
    "null notehead": "\U0001d159",
    "a mixture": " \u2800\t\u3164 \u200b",
}
invisible = pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE.keys())


@invisible
def test_text_without_a_visible_character_is_blank(text: str) -> None:
    assert is_blank(text)
    assert trim_invisible(f" {text} ") == cleaned_line(text) == cleaned_text(text) == ""


@pytest.mark.parametrize("name", ["Ann", "李", "محمد", "-", "अनु", "👩\u200d💻", "한", "⠓⠊", "ᅠ한"])
def test_a_name_in_any_script_is_not_blank(name: str) -> None:
    assert not is_blank(name)
    assert trim_invisible(f" {name}\n") == name


def test_all_letters_digits_and_symbols_of_unicode_except_six_are_visible() -> None:
    blank = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code))[0] in "LNPS" and is_blank(chr(code))
    ]
    assert blank == ["\u115f", "\u1160", "\u2800", "\u3164", "\uffa0", "\U0001d159"]


@invisible
def test_forms_and_criteria_treat_blank_text_as_no_answer(text: str) -> None:
    checked = check_values(campaign(), {**ANSWERS, "full_name": text})
    assert "full_name" in checked.problems
    verdict = qualify(campaign(), {**ANSWERS, "company_size": text})
    assert [result.reason for result in verdict.criteria] == ["no answer"]


@invisible
def test_an_act_with_a_blank_name_is_refused(desk: Desk, text: str) -> None:
    lead_id = desk.take(desk.terms).lead_id
    with pytest.raises(Refused, match="give the name of the person who does it"):
        desk.ledger.transact(lambda records: accept(records, Act(lead_id, text, Actor.CLIENT), NOW))
    with pytest.raises(Refused, match="give the name of the person who does it"):
        desk.ledger.transact(
            lambda records: correct_lead(
                records, LeadCorrection(lead_id, text, {"full_name": "A"}), NOW
            )
        )


@invisible
def test_a_blank_basis_of_an_import_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="basis"):
        Origin("event-2026", text, "Ada")


@pytest.mark.parametrize("key", ["title", "label", "button"])
def test_a_campaign_file_with_blank_text_is_refused(key: str) -> None:
    blank = f'{key} = "\u2800\u200b"'
    text = re.sub(rf"^{key} = .*$", blank, CAMPAIGN, flags=re.MULTILINE)
    with pytest.raises(FileErrors) as raised:
        campaign(text=text if text != CAMPAIGN else f"{blank}\n{text}")
    assert "no visible character" in str(raised.value)
