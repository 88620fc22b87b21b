"""`gatepost campaigns`: list, show, check, pause and resume campaigns; check pushed files."""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import click

from capture.backtest.run import (
    VerdictShift,
    round_to_tens,
    rounded_count,
    uncounted_fields,
    verdict_shift,
)
from capture.campaign.files import read_draft
from capture.campaign.model import Campaign
from capture.cli.context import Allowance, CommandContext, pass_context
from capture.cli.options import by_option
from capture.cli.show import as_json_option, show_facts, show_json, show_rows
from capture.documents.price_words import campaign_price
from capture.errors import GatepostError, Refused
from capture.intake.pausing import campaign_state, pause_campaign, resume_campaign
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import check_terms
from capture.qualification.criteria import sentence
from capture.text import count_noun


@click.group()
def campaigns() -> None:
    """List, show, check, pause or resume campaigns.

    \b
    Example:
      gatepost campaigns show acme-demo
    """


@campaigns.command("list")
@as_json_option
@pass_context
def list_(context: CommandContext, as_json: bool) -> None:
    """List the campaigns: client, price, and whether they take leads.

    \b
    Example:
      gatepost campaigns list
    """
    all_campaigns = context.catalogue().campaigns.values()
    now = datetime.now(UTC)

    def load_rows(reading: ReadTransaction) -> list[dict[str, Any]]:
        return [
            {
                "campaign": campaign.slug,
                "client": campaign.client,
                "price": campaign_price(campaign),
                "state": campaign_state(reading, campaign, now),
                "version": campaign.version[:12],
                "title": campaign.title,
            }
            for campaign in all_campaigns
        ]

    with context.ledger() as ledger:
        rows = ledger.read(load_rows)
    show_rows(("campaign", "client", "price", "state", "version", "title"), rows, as_json=as_json)


@campaigns.command()
@click.argument("campaign")
@as_json_option
@pass_context
def show(context: CommandContext, campaign: str, as_json: bool) -> None:
    """Show one campaign: price, review window, criteria, reasons to reject.

    \b
    Example:
      gatepost campaigns show acme-demo
    """
    terms = context.campaign(campaign)
    if as_json:
        show_json(terms.model_dump(mode="json", exclude={"text"}))
        return
    review = terms.review
    show_facts(
        [
            ("campaign", terms.slug),
            ("title", terms.title),
            ("client", terms.client),
            ("version", terms.version),
            ("price", campaign_price(terms)),
            ("review", f"{review.hours} h, silence accepts; notice: {review.notice.value}"),
            ("fields", ", ".join(terms.fields)),
            *((f"must meet: {name}", sentence(terms, name)) for name in terms.criteria),
            *((f"may reject: {code}", text) for code, text in review.reasons.items()),
        ]
    )


@campaigns.command()
@pass_context
def check(context: CommandContext) -> None:
    """Check all campaign and client files.

    Also checks that no file changes terms that existing leads rely on.

    \b
    Example:
      gatepost campaigns check
    """
    catalogue = context.catalogue()
    all_campaigns = catalogue.campaigns
    context.costs(catalogue)
    with context.ledger() as ledger:
        ledger.read(lambda reading: _check_all(reading, list(all_campaigns.values())))
    verb = "is" if len(all_campaigns) == 1 else "are"
    click.echo(f"{count_noun(len(all_campaigns), 'campaign')} {verb} sound.")


def _check_all(reading: ReadTransaction, all_campaigns: list[Campaign]) -> None:
    problems = []
    for campaign in all_campaigns:
        try:
            check_terms(reading, campaign)
        except Refused as error:
            problems.append(str(error))
    if problems:
        raise Refused("\n".join(problems))


@campaigns.command()
@click.argument("campaign")
@by_option
@pass_context
def pause(context: CommandContext, campaign: str, by: str) -> None:
    """Stop taking new leads. Review, outcomes and billing continue.

    \b
    Example:
      gatepost campaigns pause acme-demo --as Ada
    """
    terms = context.campaign(campaign)
    with context.ledger() as ledger:
        ledger.transact(lambda records: pause_campaign(records, terms, by, datetime.now(UTC)))
    click.echo(
        f"{campaign} is paused: its form takes no leads until `campaigns resume {campaign} --as "
        "NAME`."
    )


@campaigns.command()
@click.argument("campaign")
@by_option
@pass_context
def resume(context: CommandContext, campaign: str, by: str) -> None:
    """Take new leads again after a pause.

    \b
    Example:
      gatepost campaigns resume acme-demo --as Ada
    """
    terms = context.campaign(campaign)
    with context.ledger() as ledger:
        ledger.transact(lambda records: resume_campaign(records, terms, by, datetime.now(UTC)))
    click.echo(f"{campaign} takes leads again.")


# `gatepost campaigns answer` checks pushed campaign files against the ledger.
#
# The publishing user cannot read the ledger. It sends a request through a socket that runs this
# command as the service's user. Users of the socket learn only what rule 40 of docs/rules.md
# allows: errors in files and rounded counts, never anything about a person.

_MAX_BYTES: Final = 16 * 1024 * 1024
_TOO_FEW: Final = "too few leads to say"


@campaigns.command()
@click.argument("campaign", required=False)
@pass_context
def answer(context: CommandContext, campaign: str | None) -> None:
    """Check pushed campaign files against the ledger, for the publishing service.

    Reads {"slug": "text of the file, or null if it was removed"} from standard input and prints
    {"refused": [lines], "messages": [lines]}: errors, and about how many verdicts would change.
    With CAMPAIGN, standard input is that campaign's file, and plain lines are printed.

    \b
    Example:
      gatepost campaigns answer acme-demo < campaigns/acme-demo.toml
    """
    raw = sys.stdin.buffer.read(_MAX_BYTES + 1)
    texts = {campaign: raw.decode(errors="replace")} if campaign else _parse_texts(raw)
    with context.ledger() as ledger:
        data = ledger.read(lambda reading: _answers(reading, texts, context.push_backtests))
    if campaign is None:
        click.echo(json.dumps(data))
        return
    for line in data["messages"]:
        click.echo(line)
    if data["refused"]:
        raise Refused("\n".join(data["refused"]))


def _answers(
    reading: ReadTransaction, texts: Mapping[str, str | None], allowance: Allowance
) -> dict[str, list[str]]:
    refused: list[str] = []
    messages: list[str] = []
    for slug, text in texts.items():
        if text is None:
            messages += _check_removed(reading, slug)
            continue
        try:
            draft = read_draft(slug, text.encode(errors="surrogatepass"), f"campaigns/{slug}.toml")
            check_terms(reading, draft)
        except GatepostError as error:
            refused += str(error).splitlines()
        else:
            messages += _check_draft(reading, draft, allowance)
    return {"refused": refused, "messages": messages}


def _parse_texts(raw: bytes) -> dict[str, str | None]:
    try:
        text: Any = json.loads(raw) if len(raw) <= _MAX_BYTES else None
    except ValueError:
        text = None
    if not isinstance(text, dict) or not all(isinstance(v, str | None) for v in text.values()):
        raise Refused('standard input: not {"slug": "text of a campaign file"}')
    return text


def _check_removed(reading: ReadTransaction, slug: str) -> Iterator[str]:
    if reading.campaigns.first_version(slug) is not None:
        yield (
            f"warning: campaigns/{slug}.toml is gone, and leads came under it: reviews, statements "
            "and exports need the file; put it back, and close the campaign by its dates"
        )


def _check_draft(reading: ReadTransaction, draft: Campaign, allowance: Allowance) -> Iterator[str]:
    """How the draft would judge past leads, as far as a pusher may know (rule 40)."""
    if not allowance.take(datetime.now(UTC)):
        yield (
            f"campaigns/{draft.slug}.toml: no answer about past leads: the {allowance.times} "
            "answers of today are used up; push again tomorrow, or ask the agency for "
            "`gatepost backtest`"
        )
        return
    yield from impact_lines(
        draft, verdict_shift(reading, draft, reading.leads.judged(draft.slug, None))
    )


def impact_lines(draft: Campaign, shift: VerdictShift) -> Iterator[str]:
    """Lines for the pusher about past leads, with rounded counts (rule 40)."""
    where = f"campaigns/{draft.slug}.toml"
    lost, won = rounded_count(shift.lost, shift.leads), rounded_count(shift.won, shift.leads)
    if lost is None and won is None:
        yield f"{where}: {_TOO_FEW} whose verdict it would change."
    else:
        yield (
            f"{where}: of about {round_to_tens(shift.leads):,} past leads, would no longer "
            "qualify: "
            f"{_about(lost)}; would qualify now: {_about(won)}. They keep the verdict they have; "
            "`gatepost backtest` counts exactly, for the agency."
        )
    for field in uncounted_fields(draft):
        yield f"{where}: a criterion on {field} is not counted for a push."


def _about(count: int | None) -> str:
    return _TOO_FEW if count is None else f"about {count:,}"
