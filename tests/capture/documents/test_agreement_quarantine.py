"""The agreement's section on leads that are held back (rule 36 of docs/rules.md)."""

import pytest

from capture.campaign.quarantine import SIGNALS, Quarantine
from capture.documents.agreement.document import to_markdown
from capture.documents.agreement.model import Agreement, Section
from capture.documents.agreement.quarantine import NUMBERS, signals
from tests.capture.documents.conftest import agreement_on, full_text

TITLE = "Leads that are held back"
DEFAULT = "[quarantine]"


def section_of(document: Agreement) -> Section | None:
    return next((section for section in document.sections if section.title == TITLE), None)


def text_with(more: str) -> str:
    """The agreement's text with a table of the campaign file changed."""
    return full_text(agreement_on(more=more))


def test_the_section_names_every_signal_with_its_weight_and_numbers() -> None:
    text = text_with("[quarantine]\nhold_at = 120\nburst = 70\nburst_leads = 15")
    assert "if the weights of these signals add up to 120." in text
    burst = "At least 15 leads came from one traffic source within an hour, or 30 within a day"
    assert burst in text
    assert "| At least 15 leads" in to_markdown(
        agreement_on(more="[quarantine]\nburst = 70\nburst_leads = 15")
    )
    section = section_of(agreement_on(more=DEFAULT))
    assert section is not None
    table = section.clauses[0].table
    assert table is not None
    assert len(table.rows) == len(SIGNALS)


def test_a_signal_without_weight_is_not_named() -> None:
    assert "takes no mail" in text_with(DEFAULT)
    assert "takes no mail" not in text_with("[quarantine]\nno_mail_domain = 0")


@pytest.mark.parametrize(
    "more",
    [
        "[quarantine]\nenabled = false",
        "[quarantine]\n" + "".join(f"{name} = 0\n" for name in SIGNALS),
    ],
)
def test_a_campaign_that_holds_nothing_back_has_no_section(more: str) -> None:
    assert section_of(agreement_on(more=DEFAULT)) is not None
    assert section_of(agreement_on(more=more)) is None


def test_only_a_campaign_with_caps_on_leads_mentions_them() -> None:
    section = section_of(agreement_on(more="[caps]\nleads_a_month = 9"))
    assert section is not None
    assert "fills no place of a cap, and is not billed" in section.clauses[1].text
    assert "against the caps of the month in which it was received" in section.clauses[1].text
    section = section_of(agreement_on(more="[caps]\nmoney_a_month = 900"))
    assert section is not None
    assert "cap" not in section.clauses[1].text


def test_the_section_says_that_the_window_stops_and_silence_never_bills() -> None:
    text = text_with(DEFAULT)
    for words in (
        "neither the client nor silence decides it meanwhile",
        "If the agency releases it, a full window begins at that moment.",
        "A lead that is discarded or not checked is kept and never billed.",
    ):
        assert words in text


def test_every_key_of_the_table_is_in_words() -> None:
    keys = set(Quarantine.model_fields)
    assert keys == {"enabled", "hold_at", *SIGNALS, *NUMBERS}
    for name, text, _ in signals(Quarantine()):
        assert text != name.replace("_", " ").capitalize()


def test_a_campaign_that_notifies_by_mail_promises_a_letter_on_a_release() -> None:
    by_mail = agreement_on(("hours = 48", 'hours = 48\nnotice = "email"'), more=DEFAULT)
    assert "and the client gets an e-mail with the new deadline." in full_text(by_mail)
    assert "gets an e-mail" not in text_with(DEFAULT)
