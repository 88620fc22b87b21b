"""The agreement of a campaign that asks for the proof of the e-mail address."""

import pytest

from tests.capture.documents.conftest import agreement_on, full_text

PROOF = ('kind = "demo"', 'kind = "demo"\nconfirm = "email"')
TITLE = "Proof of the e-mail address"


def test_without_confirmation_the_agreement_does_not_mention_it() -> None:
    assert TITLE not in [section.title for section in agreement_on().sections]


def test_with_confirmation_it_explains_the_effect_on_delivery_and_billing() -> None:
    document = agreement_on(PROOF)
    titles = [section.title for section in document.sections]
    assert titles[titles.index("Leads that are held back") + 1] == TITLE
    text = full_text(document)
    for sentence in (
        "not billed until the person has proved the e-mail address",
        "A program that only opens the link proves nothing.",
        "The link works for 7 days.",
        "The criteria are judged once, when the form is received.",
        "only the client's explicit acceptance makes it billable, never silence.",
    ):
        assert sentence in text
    assert "place of a cap" not in text
    assert "files that visitors get are behind" not in text


@pytest.mark.parametrize(
    ("over", "phrase"),
    [
        ("refuse", "fills a place of a cap on leads for two hours"),
        ("free", "for as long as its link works. One that was over the cap at its receipt stays"),
    ],
)
def test_it_says_how_long_an_unconfirmed_lead_fills_a_place(over: str, phrase: str) -> None:
    caps = f'[caps]\nleads_a_month = 9\nover = "{over}"'
    assert phrase in full_text(agreement_on(PROOF, more=caps))


def test_files_are_behind_the_link() -> None:
    gated = (PROOF[0], 'kind = "gated"\nassets = ["guide.pdf"]\nconfirm = "email"')
    assert "files that visitors get are behind the same link" in full_text(agreement_on(gated))
