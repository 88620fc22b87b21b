"""The differences between two versions of a campaign file, as sentences."""

import pytest

from capture.documents.agreement.difference import differences
from tests.capture.documents.conftest import PRICE, terms

HELD = 'model = "cpap"\nrate = 50\nbillable = "held"'


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("rate = 50", "rate = 60", "The price was $50.00 per accepted lead and is $60.00."),
        (
            PRICE,
            HELD,
            "The price was $50.00 per accepted lead and is $50.00 per appointment held with an "
            "accepted lead.",
        ),
        (
            "at_least = 101",
            "at_least = 51",
            'The criterion company_size was "Company size is at least 101" and is "Company size '
            'is at least 51".',
        ),
        (
            "[criteria]",
            "[criteria]\nfull_name = { one_of = ['Ann'] }",
            "A lead now has to meet: Name is Ann.",
        ),
        ("hours = 48", "hours = 1", "The validation window was 48 hours and is 1 hour."),
        (
            PRICE,
            f"{PRICE}\n[reporting]",
            "The report to the client was not promised and is sent on the first day of each month.",
        ),
        (
            "hours = 48",
            'hours = 48\nnotice = "email"',
            "The notice of a lead was none and is an e-mail.",
        ),
        (
            'kind = "demo"',
            'kind = "demo"\nconfirm = "email"',
            "The proof of a lead's e-mail address was not required and is required.",
        ),
        (
            "too_small =",
            'rude = "The person was rude.", too_small =',
            'The client may now reject a lead for rude: "The person was rude."',
        ),
        (
            "smaller than",
            "not as large as",
            'The reason too_small was "The company is smaller than it said." and is "The company '
            'is not as large as it said."',
        ),
        (
            "may call",
            "may write to",
            'The consent text was "I agree that Acme may call me." and is "I agree that Acme may '
            'write to me."',
        ),
        (
            '"101+"]',
            '"101+"]\nrequired = false',
            "The answer to company_size was required and is optional.",
        ),
        (
            '"101+"]',
            '"101-500", "501+"]',
            "The answer to company_size was one of: 1-50; 51-100; 101+ and is one of: 1-50; "
            "51-100; 101-500; 501+.",
        ),
        (
            "[fields.phone]",
            '[fields.note]\nlabel = "Note"\n[fields.phone]',
            'The form now asks "Note" (text; required).',
        ),
        (
            'kind = "demo"',
            'kind = "demo"\ncloses = 2026-12-01',
            "The form was open at any date and is open until 1 December 2026, that day included.",
        ),
    ],
)
def test_a_change_of_one_term_gives_one_sentence(old: str, new: str, expected: str) -> None:
    assert differences(terms(), terms((old, new))) == [expected]
    assert len(differences(terms((old, new)), terms())) == 1


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("[caps]\nleads_a_month = 10", "The cap on qualified leads a month was not set and is 10."),
        ("[caps]\nmoney_a_month = 100", "The cap on money a month was not set and is $100.00."),
        (
            '[duplicates]\nkeys = ["email", "company_domain"]',
            "The key of a duplicate was e-mail address and is e-mail address or company domain.",
        ),
        (
            "[duplicates]\nwindow = 180",
            "The lead that a duplicate repeats was one that came at any time before and is one "
            "that came in the 180 days before.",
        ),
    ],
)
def test_changes_of_caps_and_duplicates_give_one_sentence_each(more: str, expected: str) -> None:
    assert differences(terms(), terms(more=more)) == [expected]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            "[quarantine]\nenabled = false",
            "Holding leads back until they are checked was agreed and is not agreed.",
        ),
        (
            "[quarantine]\nhold_at = 150",
            "The sum of weights at which a lead is held back was 100 and is 150.",
        ),
        ("[quarantine]\nburst = 20", "The weight of the signal burst was 100 and is 20."),
        (
            "[quarantine]\nnetwork_leads = 9",
            "The number of companies or mailboxes a day from one network was 6 and is 9.",
        ),
    ],
)
def test_changes_of_quarantine_give_one_sentence_each(more: str, expected: str) -> None:
    default = terms(more="[quarantine]")
    assert differences(default, terms(more=more)) == [expected]
    assert len(differences(terms(more=more), default)) == 1


def test_a_removed_criterion_is_reported() -> None:
    more = ("[criteria]", "[criteria]\nfull_name = { one_of = ['Ann'] }")
    assert differences(terms(more), terms()) == ["A lead no longer has to meet: Name is Ann."]


def test_comments_and_spaces_make_no_difference() -> None:
    changed = terms(("rate = 50", "rate = 50.00  # net"), more="# the end")
    assert changed.version != terms().version
    assert differences(terms(), changed) == []


def test_a_new_order_of_questions_is_reported() -> None:
    label = '[fields.full_name]\nlabel = "Name"\n'
    reordered = terms((label, ""), ("[criteria]", f"{label}[criteria]"))
    (message,) = differences(terms(), reordered)
    assert message == (
        'The form asks in another order: "Work e-mail", "Company size", "Phone" and "Name".'
    )
