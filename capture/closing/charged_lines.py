"""The charged lines of a campaign's month with the answers of their leads, for the export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from capture.closing.drawing import DueLine, DueLines, LineQuery, select_lines
from capture.closing.months import CampaignGroup, closings_of, group_of, months_closed_before
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import PersonalData


@dataclass(frozen=True, slots=True)
class LineWithAnswers:
    """One line of a month, with the personal data by which the client can check it."""

    due: DueLine
    personal_data: PersonalData | None
    """None if the person's data was erased."""


@dataclass(frozen=True, slots=True)
class DrawnMonth:
    """A campaign's month as of a time."""

    campaign: str
    lines: DueLines
    """In their order, without lines that the money cap made free."""
    fields: Sequence[str]
    """Form fields of every version that was saved by then, the oldest version first."""

    def lines_with_answers(self, reading: ReadTransaction) -> Iterator[LineWithAnswers]:
        """Each line with its lead's answers, read one by one to save memory.

        `reading` must be the view of the ledger from which the month was drawn.
        """
        for due in self.lines:
            yield LineWithAnswers(due, reading.people.personal_data(due.line.lead_id))


def draw_month(reading: ReadTransaction, slug: str, month: str, as_of: datetime) -> DrawnMonth:
    """The charged lines of a month such as `2026-11`, as of an aware time.

    For an open month they are its own lines and late ones of earlier closed months, without those
    that are billed already. For a closed month they are those of its statement. `as_of` limits by
    recorded time (rule 28); a future time includes what silence will have accepted by then. The
    same ledger, month and time always give the same lines.
    """
    group = group_of(reading, slug, as_of)
    query = (
        LineQuery(slug, month, as_of, until=as_of)
        if group is None
        else _month_query(reading, group, slug, month, as_of)
    )
    lines = select_lines(reading, query)
    return DrawnMonth(slug, lines.charged(), _form_fields(reading, query, lines))


def _month_query(
    reading: ReadTransaction, group: CampaignGroup, slug: str, month: str, as_of: datetime
) -> LineQuery:
    """The query of an open month, or the one from which a closed month's statement was drawn."""
    closings = closings_of(reading, group)
    closing = closings.get(month)
    billed = reading.statements.billed_before(group.client, group.currency, month)
    if closing is None or closing.closed_at > as_of:
        closed = months_closed_before(closings, month, as_of)
        return LineQuery(slug, month, as_of, until=as_of, closed=closed, billed=billed)
    return LineQuery(
        slug,
        month,
        closing.closed_at,
        last=closing.last_event,
        closed=months_closed_before(closings, month, closing.closed_at),
        billed=billed,
        number=closing.number,
        parked=closing.parked.get(slug, {}),
    )


def _form_fields(reading: ReadTransaction, query: LineQuery, lines: DueLines) -> list[str]:
    saved_versions = reading.campaigns.versions(query.campaign, query.as_of)
    versions = dict.fromkeys([*saved_versions, *lines.versions()])
    campaigns = (saved_campaign(reading, query.campaign, version) for version in versions)
    return list(dict.fromkeys(name for campaign in campaigns for name in campaign.fields))
