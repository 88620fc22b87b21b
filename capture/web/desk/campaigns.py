"""Campaigns: the list, one campaign with its agreement and versions, pause and resume.

Nothing of an agreement is edited here: the campaign's file in git is the agreement.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

from flask import Blueprint, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from capture.campaign.model import Campaign
from capture.documents.agreement.document import agreement, to_pdf
from capture.documents.agreement.model import Agreement
from capture.intake.pausing import CampaignState, current_pause, pause_campaign, resume_campaign
from capture.jobs.backtest import backtest_details
from capture.jobs.model import JobKind
from capture.ledger.campaigns import parse_version
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.web.desk.access import (
    AGENCY,
    AGENCY_AND_CLIENT,
    ALL_ROLES,
    allow,
    log_access,
    own_client,
    user,
)
from capture.web.desk.backtest_view import backtest_view, parse_day
from capture.web.desk.campaign_view import (
    TONES,
    CampaignRow,
    campaign_row,
    campaigns_of,
    cap_views,
    dates_in_words,
    find_campaign,
    state_of,
    version_views,
)
from capture.web.desk.committed_view import committed_draft, committed_views
from capture.web.desk.own_jobs import start_job
from capture.web.desk.pages import desk, desk_page
from capture.web.services import services, site_url

blueprint = Blueprint("campaigns", __name__)

Change = Callable[[WriteTransaction, Campaign, str, datetime], None]

MAY_RESUME: Final = {CampaignState.PAUSED.value}
MAY_PAUSE: Final = {CampaignState.OPEN.value, CampaignState.NOT_BEGUN.value}


@blueprint.get("/campaigns")
@allow(ALL_ROLES)
def show_list() -> ResponseReturnValue:
    """The campaigns of the client, or of all clients."""
    client, now = own_client(), datetime.now(UTC)
    catalogue = services().catalogue.current()

    def load(reading: ReadTransaction) -> list[CampaignRow]:
        return [
            campaign_row(reading, campaign, now, has_file=has_file)
            for campaign, has_file in campaigns_of(reading, catalogue, client)
        ]

    rows = services().ledger.read(load)
    selected = {name: request.args.get(name, "") for name in ("client", "state")}
    return desk_page(
        "campaigns.html",
        rows=[
            row
            for row in rows
            if selected["client"] in {"", row.client} and selected["state"] in {"", row.state}
        ],
        clients=sorted({row.client for row in rows}),
        states=[state for state in TONES if any(row.state == state for row in rows)],
        selected=selected,
        tones=TONES,
        is_filtered=any(selected.values()),
        is_own=client is not None,
        may_open=user().role in AGENCY_AND_CLIENT,
        is_agency=user().role in AGENCY,
    )


@blueprint.get("/campaigns/<slug>")
@allow(AGENCY_AND_CLIENT)
def show(slug: str) -> ResponseReturnValue:
    """One campaign: its state, its agreement in words, and its versions."""
    now = datetime.now(UTC)

    def load(reading: ReadTransaction) -> dict[str, Any]:
        campaign, has_file = _find(reading, slug)
        state = state_of(reading, campaign, now, has_file=has_file)
        return {
            "campaign": campaign,
            "has_file": has_file,
            "state": state,
            "dates": dates_in_words(campaign, now),
            "in_review": reading.campaigns.count_in_review(slug, now),
            "caps": cap_views(reading, campaign, now),
            "pause": current_pause(reading, campaign) if state in MAY_RESUME else None,
            "may_pause": state in MAY_PAUSE,
            "may_resume": state in MAY_RESUME,
            "versions": version_views(reading, campaign),
            "agreement": _agreement(campaign),
        }

    site, is_agency = services().site.current(), own_client() is None
    facts = services().ledger.read(load)
    return desk_page(
        "campaign.html",
        **facts,
        committed=committed_views(facts["campaign"]) if is_agency else (),
        tones=TONES,
        is_agency=is_agency,
        file=_file_of(slug),
        form_url=f"{site.capture_url or site.url}/f/{slug}",
        form_pages=[
            (site_url(path), site.titles.get(path, path)) for path in site.form_pages.get(slug, ())
        ],
    )


@blueprint.get("/campaigns/<slug>/versions/<version>")
@allow(AGENCY_AND_CLIENT)
def show_version(slug: str, version: str) -> ResponseReturnValue:
    """One version of the agreement, and what changed in it."""

    def load(reading: ReadTransaction) -> dict[str, object]:
        current, has_file = _find(reading, slug)
        campaign = _find_version(reading, current, version)
        (view,) = (each for each in version_views(reading, current) if each.version == version)
        return {
            "campaign": campaign,
            "view": view,
            "has_file": has_file,
            "agreement": _agreement(campaign),
        }

    return desk_page(
        "campaign_version.html", **services().ledger.read(load), is_agency=own_client() is None
    )


@blueprint.get("/campaigns/<slug>/versions/<version>/agreement.pdf")
@allow(AGENCY_AND_CLIENT)
def download(slug: str, version: str) -> ResponseReturnValue:
    """The agreement of one version as a PDF file, the same one that the client was sent."""
    document = services().ledger.read(
        lambda reading: _agreement(_find_version(reading, _find(reading, slug)[0], version))
    )
    if document is None:
        raise NoSuchPage
    name = f"{slug}-{version[:12]}.pdf"
    content = BytesIO(to_pdf(document))
    return send_file(content, "application/pdf", as_attachment=True, download_name=name)


@blueprint.get("/campaigns/<slug>/backtest/<version>")
@allow(AGENCY)
def show_backtest(slug: str, version: str) -> ResponseReturnValue:
    """The verdicts of a version on past leads, and the difference on the bill. Changes no lead."""
    now, typed = datetime.now(UTC), request.args.get("since", "")
    draft, was_in_force = _find_draft(slug, version)
    view = services().ledger.read(lambda reading: backtest_view(reading, draft, typed, now))
    if view.result is not None:
        lead_ids = [lead.lead_id for lead in view.result.changed]
        services().ledger.transact(lambda records: log_access(records, "backtest", lead_ids, now))
    page = desk_page(
        "backtest.html",
        campaign=draft,
        version=version,
        was_in_force=was_in_force,
        view=view,
    )
    return page, 422 if view.problem else 200


@blueprint.post("/campaigns/<slug>/backtest/<version>")
@allow(AGENCY)
def start_backtest(slug: str, version: str) -> ResponseReturnValue:
    """Judges more leads than one page can: a job."""
    typed = request.form.get("since", "")
    draft, _ = _find_draft(slug, version)
    if typed and parse_day(draft, typed) is None:
        address = url_for(".show_backtest", slug=slug, version=version, since=typed[:40])
        return redirect(address, 303)  # it says what is wrong
    title = f"Backtest of {slug}, version {version[:12]}"
    return start_job(JobKind.BACKTEST, title, backtest_details(draft, typed))


@blueprint.post("/campaigns/<slug>/pause")
@allow(AGENCY)
def pause(slug: str) -> ResponseReturnValue:
    """Stops new leads. A second click changes nothing."""
    return _change(slug, pause_campaign, is_paused=True)


@blueprint.post("/campaigns/<slug>/resume")
@allow(AGENCY)
def resume(slug: str) -> ResponseReturnValue:
    """Takes new leads again. A second click changes nothing."""
    return _change(slug, resume_campaign, is_paused=False)


def _change(slug: str, change: Change, *, is_paused: bool) -> ResponseReturnValue:
    campaign, now = services().catalogue.current().campaigns.get(slug), datetime.now(UTC)
    if campaign is None:
        raise NoSuchPage
    name = user().name

    def work(records: WriteTransaction) -> None:
        if records.campaigns.is_paused(slug) != is_paused:
            change(records, campaign, name, now)

    services().ledger.transact(work)
    flash("The campaign is paused." if is_paused else "The campaign is not paused any more.")
    return redirect(url_for(".show", slug=slug), 303)


def _find(reading: ReadTransaction, slug: str) -> tuple[Campaign, bool]:
    """The campaign, and whether it has a file. Raises 404 for another client's."""
    found = find_campaign(reading, services().catalogue.current(), slug, own_client())
    if found is None:
        raise NoSuchPage
    return found


def _find_version(reading: ReadTransaction, current: Campaign, version: str) -> Campaign:
    """A version of the agreement with this client. Raises 404 for one with an earlier client, which
    is possible before the first lead (rule 17 of docs/rules.md)."""
    found = _stored_version(reading, current, version)
    if found is None:
        raise NoSuchPage
    return found


def _find_draft(slug: str, version: str) -> tuple[Campaign, bool]:
    """A version of the agreement from the ledger or else from git, and whether it was in force.

    Raises 404 if neither has it.
    """

    def load(reading: ReadTransaction) -> tuple[Campaign, Campaign | None]:
        current, _ = _find(reading, slug)
        return current, _stored_version(reading, current, version)

    current, stored = services().ledger.read(load)
    draft = stored or committed_draft(current, version)
    if draft is None:
        raise NoSuchPage
    return draft, stored is not None


def _stored_version(reading: ReadTransaction, current: Campaign, version: str) -> Campaign | None:
    text = reading.campaigns.version_text(current.slug, version)
    found = None if text is None else parse_version(current.slug, version, text)
    return found if found is not None and found.client == current.client else None


def _agreement(campaign: Campaign) -> Agreement | None:
    """The agreement with the client of today's file; None if the client has no file."""
    client = services().catalogue.current().clients.get(campaign.client)
    return None if client is None else agreement(campaign, client, desk().supplier.party)


def _file_of(slug: str) -> str:
    """Where the agreement is, from the project's folder."""
    return f"{services().config.campaigns.name}/{slug}.toml"
