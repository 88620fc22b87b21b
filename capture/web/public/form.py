"""`/f/<campaign>`: GET shows the form on a page of its own; every form is sent there with POST."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from capture.campaign.model import Campaign, Confirm
from capture.errors import Unavailable
from capture.form.campaign_form import CampaignForm, form_class
from capture.form.touches import page_of_form, touch_of_page
from capture.intake.gate import CampaignClosed, check_open
from capture.intake.receive import FormOutdated, receive_submission
from capture.intake.submission import Submission, spam_signals
from capture.lead.consent import Consent
from capture.text import wait_in_words
from capture.web.sender import visitor_network
from capture.web.services import message_page, page_template, services, site_url

blueprint = Blueprint("form", __name__)

_OUTDATED = "This form has changed since you opened it. Please look it over and send it again."
_BUSY = "We could not save your answers just now. They are still here: please send them again."
_TOO_OFTEN = "Too many forms came from your address. Your answers are still here: wait {}."


@blueprint.get("/f/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """The form on a page of its own."""
    campaign = services().catalogue.campaign(slug)
    now = datetime.now(UTC)
    try:
        services().ledger.read(lambda records: check_open(records, campaign, now))
    except CampaignClosed:
        return _closed(campaign), 410
    touch = json.dumps(touch_of_page(request.full_path, request.referrer or "", now))
    token = request.args.get("test", "")
    form = form_class(campaign)(
        data={
            "gp_first": touch,
            "gp_last": touch,
            "gp_page": request.path,
            "gp_test": token if services().link_signer.is_test_lead(token, slug) else "",
        }
    )
    return _form_page(campaign, form), {"Cache-Control": "no-cache"}


@blueprint.post("/f/<slug>")
def submit(slug: str) -> ResponseReturnValue:
    """Receives a submission. Redirects (303) to the thanks page or to the page that asks to confirm
    the address. If the input has errors, answers with the form and all the input."""
    service = services()
    campaign = service.catalogue.campaign(slug)
    form_data = _read_form()
    form = form_class(campaign)(form_data)
    shown_version = form.shown_version()
    if shown_version not in {None, campaign.version}:
        campaign = service.catalogue.campaign(slug, shown_version)
        form = form_class(campaign)(form_data)
    if not form.page():  # no script ran
        form["gp_page"].data = _page_of_form()
    wait = service.rate_limit.retry_after(request.remote_addr)
    if wait is not None:
        page = _form_page(campaign, form, _TOO_OFTEN.format(wait_in_words(wait)))
        return page, 429, {"Retry-After": str(wait)}
    now = datetime.now(UTC)
    is_valid = form.validate()
    if not is_valid and not form.is_honeypot_filled:
        return _invalid_form(campaign, form, now)
    submission = read_submission(
        form,
        now,
        is_valid=is_valid,
        referrer=request.referrer or "",
        network=visitor_network(request.remote_addr),
        min_fill_seconds=service.config.min_fill_seconds,
        test=_is_test(campaign, form),
    )
    try:
        receipt = service.ledger.transact(
            lambda records: receive_submission(records, campaign, submission, now)
        )
    except CampaignClosed:
        return _closed(campaign), 410
    except FormOutdated:
        return _form_page(campaign, form, _OUTDATED), 422
    except Unavailable as error:
        current_app.logger.error("%s: lead refused: %s", request.path, error)
        return _form_page(campaign, form, _BUSY), 503, {"Retry-After": "30"}
    # No body: nobody reads it. A slug and a token need no quoting.
    signer = service.link_signer
    if campaign.confirm is Confirm.EMAIL:
        page = f"/f/{slug}/sent?t={signer.sent(slug, receipt.lead_id)}"
    else:
        page = f"/f/{slug}/thanks?t={signer.thanks(slug, receipt.lead_id)}"
    return Response(status=303, headers={"Location": f"{request.root_path}{page}"})


def _invalid_form(campaign: Campaign, form: CampaignForm, now: datetime) -> ResponseReturnValue:
    """The form with its errors; or the closed page, if no correction would help."""
    try:
        services().ledger.read(lambda records: check_open(records, campaign, now))
    except CampaignClosed:
        return _closed(campaign), 410
    return _form_page(campaign, form), 422


def _read_form() -> MultiDict[str, str]:
    """The form's values as they were sent. Raises a 413 if the body is too long."""
    if request.mimetype == "application/x-www-form-urlencoded":
        # The same values as `request.form`, faster.
        body = request.get_data(cache=False).decode(errors="replace")
        form = MultiDict(parse_qsl(body, keep_blank_values=True, errors="werkzeug.url_quote"))
    else:
        form = request.form
    if request.content_length is None:
        # Werkzeug cuts a chunked body at the limit without an error; reading on raises the 413.
        request.stream.read(1)
    return form


def read_submission(  # noqa: PLR0913 - what a form does not know itself
    form: CampaignForm,
    now: datetime,
    *,
    is_valid: bool,
    referrer: str,
    network: str,
    min_fill_seconds: float,
    test: bool = False,
) -> Submission:
    """The submission of a posted form. `is_valid` says whether the form validated; `referrer` is
    that of the post; `min_fill_seconds` is the least time that a person takes to fill a form."""
    answers = form.answers()
    first, last = form.touches()
    if not last:  # no script ran, so only the page of the form is known
        last = touch_of_page(referrer, "", now)
    return Submission(
        answers=answers,
        consent=Consent(bool(form["consent"].data), form.shown_version()),
        one_time_id=form.submission_id() or "",
        spam_signals=spam_signals(
            answers,
            honeypot=form.is_honeypot_filled,
            is_valid=is_valid,
            seconds=form.seconds(),
            min_fill_seconds=min_fill_seconds,
        ),
        first_touch=first or last,
        last_touch=last,
        test=test,
        network=network,
        page=form.page(),
        unverified=form.unverified(),
    )


def _page_of_form() -> str:
    site_host = urlsplit(services().config.site_origin).netloc
    return page_of_form(request.referrer or "", site_host, request.host)


def _form_page(campaign: Campaign, form: CampaignForm, notice: str = "") -> str:
    if form.shown_version() not in {None, campaign.version}:
        form["consent"].data = False  # the consent text may differ, so the visitor must agree again
    return page_template(
        "form_page.html",
        campaign=campaign,
        form=form,
        notice=notice,
        test=_is_test(campaign, form),
    )


def _is_test(campaign: Campaign, form: CampaignForm) -> bool:
    return services().link_signer.is_test_lead(form.test_token() or "", campaign.slug)


def _closed(campaign: Campaign) -> str:
    text = "This form takes no more answers for now. Everything else here is open to you."
    return message_page(
        campaign.title, text, link_url=site_url("/articles/"), link_text="To the articles"
    )
