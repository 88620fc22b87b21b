"""Letters to the agency: what went wrong, what ends soon, what is ready.

Their reader works with the commands, so these letters name the command that helps.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from capture.letters.letter import Letter
from capture.letters.render import (
    Block,
    Command,
    Content,
    Facts,
    Letterhead,
    Paragraph,
    moment_in_words,
    short,
)
from capture.text import count_noun, words_of_code

MOST_ROWS: Final = 20
"""Most leads or messages that a letter names."""
REASON: Final = "You get this letter because your address is the agency's in the settings."
"""The sentence that says why the agency gets a letter."""


@dataclass(frozen=True, slots=True)
class SpamLead:
    """One submission that looked like spam."""

    lead_id: str
    received_at: datetime
    signals: tuple[str, ...]
    """What looked like spam, in words."""
    answers: tuple[tuple[str, str], ...]
    """Label and answer; empty if they were not kept."""


@dataclass(frozen=True, slots=True)
class SpamFacts:
    """The spam of a day to one campaign."""

    slug: str
    title: str
    day: str
    """Such as `30 November 2026`."""
    zone: ZoneInfo
    leads: tuple[SpamLead, ...]
    """Newest first; not empty."""


def spam_digest(letterhead: Letterhead, facts: SpamFacts) -> Letter:
    """The day's spam of a campaign, and how to rescue a lead that is none."""
    number = count_noun(len(facts.leads), "submission")
    blocks: list[Block] = [
        Paragraph(
            f"{number} to the form \u201c{facts.title}\u201d ({facts.slug}) on {facts.day} looked "
            "like spam. The client does not see them, and they cost nothing. If all are spam, you "
            "need not do anything."
        ),
        Paragraph("If one is from a real person, take its id from below and mark it as not spam:"),
        Command(f"gatepost correct {facts.leads[0].lead_id} --not-spam --as NAME"),
        Paragraph(
            "It is then judged like any other lead, and only the client's own acceptance makes it "
            "billable."
        ),
    ]
    for lead in facts.leads[:MOST_ROWS]:
        rows = (
            ("Received", moment_in_words(lead.received_at, facts.zone)),
            ("Looked like spam because", "; ".join(lead.signals)),
            *((label, short(answer, 200)) for label, answer in lead.answers),
        )
        blocks.append(Facts(rows, lead.lead_id))
    if len(facts.leads) > MOST_ROWS:
        blocks += [
            Paragraph(f"{len(facts.leads) - MOST_ROWS} more are in the list of leads:"),
            Command(f"gatepost leads {facts.slug} --stage spam"),
        ]
    content = Content(
        subject=f"Spam on {facts.day}: {number} to {facts.slug}",
        heading=f"{number} looked like spam",
        summary=f"{facts.title}, {facts.day}",
        blocks=tuple(blocks),
        reason=REASON,
    )
    return letterhead.letter(content)


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A message that could not be sent."""

    id: int
    kind: str
    recipient: str
    about: str
    """The lead, campaign or client that it is about."""
    result: str
    """What the receiver said last."""
    attempts: int
    paused_webhook: str = ""
    """The id of the paused webhook to which it was addressed; empty if there is none."""


def failed_deliveries(letterhead: Letterhead, messages: tuple[FailedDelivery, ...]) -> Letter:
    """Messages that could not be sent. `messages` is not empty."""
    number = count_noun(len(messages), "message")
    blocks: list[Block] = [
        Paragraph(
            f"{number} could not be sent, and no more attempts follow. If a letter on a new lead "
            "is among them, its client is not notified, and silence does not accept the lead."
        ),
        Paragraph("Remove the cause, such as a wrong address. Then send each one again by its id:"),
        Command(f"gatepost outbox retry {messages[0].id}"),
    ]
    for message in messages[:MOST_ROWS]:
        rows = (
            ("Message", words_of_code(message.kind)),
            ("To", message.recipient),
            ("About", message.about),
            ("Error", message.result),
            ("Attempts", str(message.attempts)),
        )
        blocks.append(Facts(tuple(row for row in rows if row[1]), f"Message {message.id}"))
    if len(messages) > MOST_ROWS:
        blocks.append(
            Paragraph(f"{len(messages) - MOST_ROWS} more could not be sent. To list all:")
        )
        blocks.append(Command("gatepost outbox list --state failed"))
    paused = dict.fromkeys(message.paused_webhook for message in messages)
    if any(paused):
        text = "A paused webhook gets nothing. This resumes it and sends what had failed:"
        blocks.append(Paragraph(text))
        blocks += [Command(f"gatepost webhooks resume {webhook}") for webhook in paused if webhook]
    content = Content(
        subject=f"{number} could not be sent",
        heading=f"{number} could not be sent",
        summary=messages[0].result,
        blocks=tuple(blocks),
        reason=REASON,
    )
    return letterhead.letter(content)


@dataclass(frozen=True, slots=True)
class CapFacts:
    """A monthly cap that is nearly reached."""

    slug: str
    title: str
    client: str
    month: str
    """Such as `November 2026`."""
    reached: str
    """How much of the cap is used: `18 of 20 leads`."""
    consequence: str
    """What happens to a lead over the cap, in a sentence."""
    is_reached: bool = False


def cap_nearly_reached(letterhead: Letterhead, facts: CapFacts) -> Letter:
    """A cap of a campaign that the month has reached or will soon reach."""
    state = "reached" if facts.is_reached else "nearly reached"
    content = Content(
        subject=f"Cap {state}: {facts.reached}, {facts.slug}",
        heading=f"A cap is {state}",
        summary=f"{facts.title}: {facts.reached} in {facts.month}.",
        blocks=(
            Facts(
                (
                    ("Campaign", f"{facts.title} ({facts.slug})"),
                    ("Client", facts.client),
                    ("Month", facts.month),
                    ("Used", facts.reached),
                )
            ),
            Paragraph(facts.consequence),
            Paragraph(
                "If the client wants more, agree on a higher cap and change it in the campaign's "
                "file. Otherwise you may pause the campaign, so that its form is closed:"
            ),
            Command(f"gatepost campaigns pause {facts.slug} --as NAME"),
        ),
        reason=REASON,
    )
    return letterhead.letter(content)


@dataclass(frozen=True, slots=True)
class EndFacts:
    """A campaign whose last day is near."""

    slug: str
    title: str
    client: str
    last_day: str
    """Such as `31 December 2026`."""
    time_zone: str


def campaign_ends(letterhead: Letterhead, facts: EndFacts) -> Letter:
    """A campaign that will close by its dates."""
    content = Content(
        subject=f"Campaign ends on {facts.last_day}: {facts.slug}",
        heading="A campaign ends soon",
        summary=f"{facts.title}: last day {facts.last_day}.",
        blocks=(
            Facts(
                (
                    ("Campaign", f"{facts.title} ({facts.slug})"),
                    ("Client", facts.client),
                    ("Last day", f"{facts.last_day}, time zone {facts.time_zone}"),
                )
            ),
            Paragraph(
                "After that day its form takes no more answers. Reviews, meetings and statements "
                "go on for the leads that came before."
            ),
            Paragraph(
                "To continue, agree with the client on a later day, and change the key closes in "
                f"campaigns/{facts.slug}.toml. Otherwise you need not do anything. Articles with "
                "this form then say that it is closed; you may give them another form."
            ),
        ),
        reason=REASON,
    )
    return letterhead.letter(content)


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A gated file that visitors cannot get."""

    name: str
    problem: str
    """Why it cannot be sent, such as "is empty"."""
    campaigns: str
    """The slugs of the campaigns that promise it."""


def missing_files(letterhead: Letterhead, files: tuple[MissingFile, ...]) -> Letter:
    """Files that campaigns promise and that cannot be sent. `files` is not empty."""
    number = count_noun(len(files), "file")
    blocks: list[Block] = [
        Paragraph(
            f"Visitors were promised {number} that cannot be sent. The form still takes leads. "
            "Visitors read that the file comes by e-mail, and that letter waits about a day and a "
            "half for it."
        ),
        Paragraph(
            "Put each file back into the folder of gated files, so that the service can read it. "
            "Nothing needs to be restarted."
        ),
    ]
    for file in files[:MOST_ROWS]:
        rows = (("Problem", file.problem), ("Promised by", file.campaigns))
        blocks.append(Facts(rows, file.name))
    if len(files) > MOST_ROWS:
        blocks.append(Paragraph(f"{len(files) - MOST_ROWS} more cannot be sent."))
    content = Content(
        subject=f"Visitors cannot get {number}: {files[0].name}",
        heading=f"Visitors cannot get {number}",
        summary=f"{files[0].name}: {files[0].problem}",
        blocks=tuple(blocks),
        reason=REASON,
    )
    return letterhead.letter(content)


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """A month of a client that is over and not closed."""

    slug: str
    """The client's."""
    client: str
    month: str
    """Such as `2026-11`."""
    month_name: str
    """Such as `November 2026`."""
    campaigns: tuple[str, ...]
    """Titles."""


def month_ready(letterhead: Letterhead, facts: MonthFacts) -> Letter:
    """A month that can be closed."""
    content = Content(
        subject=f"Ready to close: {facts.month_name}, {facts.client}",
        heading=f"{facts.month_name} is ready to close",
        summary=facts.client,
        blocks=(
            Facts(
                (
                    ("Client", f"{facts.client} ({facts.slug})"),
                    ("Month", facts.month_name),
                    ("Campaigns", "\n".join(facts.campaigns)),
                )
            ),
            Paragraph(
                "The month is over. This command shows what it bills and what is still open. It "
                "changes nothing:"
            ),
            Command(f"gatepost month-end --client {facts.slug} --month {facts.month}"),
            Paragraph(
                "This command closes it. The client then gets the statement by letter. A closed "
                "month never changes; credit and debit notes correct it:"
            ),
            Command(f"gatepost month-end --client {facts.slug} --month {facts.month} --close"),
            Paragraph("Nothing is closed automatically: until you close it, nothing is billed."),
        ),
        reason=REASON,
    )
    return letterhead.letter(content)
