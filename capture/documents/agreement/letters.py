"""The agreement's section on e-mails: what the client gets, when, and at which addresses."""

from collections.abc import Iterator
from typing import Final

from capture.campaign.client import Client
from capture.campaign.model import Campaign, Notice
from capture.documents.agreement.model import Clause, Section, Table, join_words
from capture.documents.agreement.quarantine import holds_leads

_REMINDER_HOURS: Final = 6
"""As in `capture.delivery`."""

Row = tuple[str, str, str]


def letters_section(campaign: Campaign, client: Client) -> Section:
    """What the agency sends to the client by e-mail, without the reports."""
    table = Table(("E-mail", "Sent", "To"), tuple(_rows(campaign, client)))
    return Section(
        "E-mails to the client",
        (
            Clause(
                "The agency sends these e-mails to the client. Nobody can unsubscribe from them; "
                "to change an address, the client asks the agency.",
                table=table,
            ),
            Clause(
                "An e-mail that a mail server refuses for now is sent again, for about a day and a "
                "half. An address that is no longer on the client's list gets none. E-mails on "
                "test leads say so; test leads are never billed."
            ),
        ),
    )


def _rows(campaign: Campaign, client: Client) -> Iterator[Row]:
    notices, bills = client.contacts.notices, join_words(client.contacts.bills)
    terms = campaign.review
    if notices and terms.notice is Notice.EMAIL:
        yield ("Qualified leads", _notice_times(campaign, client), join_words(notices))
        if terms.hours > _REMINDER_HOURS:
            yield (
                "Reminder of a lead",
                f"{_REMINDER_HOURS} hours before silence accepts it, if nobody has decided",
                join_words(notices),
            )
        if holds_leads(campaign.quarantine):
            yield (
                "Lead that was held back in review",
                "as soon as the agency releases it",
                join_words(notices),
            )
    if notices and campaign.price.billable == "held":
        yield (
            "Question whether an appointment was held",
            "soon after its time, if nobody has reported it",
            join_words(notices),
        )
    if notices:
        yield (
            "Withdrawn consent",
            "as soon as a person withdraws it for a lead that the client has",
            join_words(notices),
        )
    documents = f"{client.document.capitalize()}, credit note, debit note"
    yield (documents, "as soon as it is issued", bills)
    yield ("Debit note to approve", "as soon as the agency proposes it", bills)


def _notice_times(campaign: Campaign, client: Client) -> str:
    if client.notice_frequency == "each":
        return "one for each lead, as soon as it qualifies"
    return (
        f"after 08:00 in {campaign.time_zone}, one on all leads that qualified since the last one"
    )
