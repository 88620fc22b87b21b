"""The agreement's section on e-mails: those that are sent, with their times and addresses."""

from capture.campaign.client import Client
from tests.capture.documents.conftest import CLIENT, PRICE, agreement_on

BY_MAIL = ("hours = 48", 'hours = 48\nnotice = "email"')
HELD = (PRICE, 'model = "cpap"\nrate = 250\nbillable = "held"')
NOTICES, BILLS = CLIENT.contacts.notices[0], " and ".join(CLIENT.contacts.bills)
DOCUMENTS = ("Invoice, credit note, debit note", "as soon as it is issued", BILLS)
RELEASE = ("Lead that was held back in review", "as soon as the agency releases it", NOTICES)
WITHDRAWAL = (
    "Withdrawn consent",
    "as soon as a person withdraws it for a lead that the client has",
    NOTICES,
)
DEBIT = ("Debit note to approve", "as soon as the agency proposes it", BILLS)


def letters(
    *changes: tuple[str, str], client: Client = CLIENT, more: str = ""
) -> list[tuple[str, ...]]:
    """The rows of the section's table."""
    (section,) = [
        section
        for section in agreement_on(*changes, client=client, more=more).sections
        if section.title == "E-mails to the client"
    ]
    (table,) = [clause.table for clause in section.clauses if clause.table]
    return list(table.rows)


def test_documents_and_debits_are_always_sent() -> None:
    assert letters() == [WITHDRAWAL, DOCUMENTS, DEBIT]


def test_a_release_sends_a_letter_if_leads_are_held_back_and_notices_are_sent_by_mail() -> None:
    assert letters(BY_MAIL)[2:] == [RELEASE, WITHDRAWAL, DOCUMENTS, DEBIT]
    nothing_held = "[quarantine]\nenabled = false"
    assert letters(BY_MAIL, more=nothing_held)[2:] == [WITHDRAWAL, DOCUMENTS, DEBIT]


def test_a_notice_by_mail_is_one_letter_for_each_lead_and_a_reminder() -> None:
    assert letters(BY_MAIL)[:2] == [
        ("Qualified leads", "one for each lead, as soon as it qualifies", NOTICES),
        (
            "Reminder of a lead",
            "6 hours before silence accepts it, if nobody has decided",
            NOTICES,
        ),
    ]


def test_a_daily_client_gets_one_letter_each_morning() -> None:
    daily = CLIENT.model_copy(update={"notice_frequency": "daily"})
    (leads, *_) = letters(BY_MAIL, client=daily)
    assert leads[1] == (
        "after 08:00 in America/New_York, one on all leads that qualified since the last one"
    )


def test_a_window_of_six_hours_has_no_reminder() -> None:
    short = ("hours = 48", 'hours = 6\nnotice = "email"')
    assert [name for name, *_ in letters(short)] == [
        "Qualified leads",
        *(RELEASE[0], WITHDRAWAL[0], DOCUMENTS[0], DEBIT[0]),
    ]


def test_a_meeting_is_asked_about_where_it_is_paid_for() -> None:
    assert letters(HELD)[0] == (
        "Question whether an appointment was held",
        "soon after its time, if nobody has reported it",
        NOTICES,
    )


def test_a_client_without_addresses_for_notices_gets_documents_alone() -> None:
    contacts = CLIENT.contacts.model_copy(update={"notices": ()})
    silent = CLIENT.model_copy(update={"contacts": contacts})
    assert letters(BY_MAIL, HELD, client=silent) == [DOCUMENTS, DEBIT]
