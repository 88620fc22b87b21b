"""The desk as a separate Flask app below `/desk`: where the agency and the client work.

It shares only the services with the app for visitors. In production it runs as a process of its own
with a host name of its own (`DESK_URL`), so a large export never delays a visitor, and no file that
a writer published shares its origin.
"""

import hmac
from typing import Final

from flask import Flask, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import NotFound as NoSuchPage

from capture.documents.agreement.model import month_name, short_day
from capture.errors import NotFound, Refused, Unavailable
from capture.jobs.store import JobStore
from capture.lead_details.stages import stage_name, stage_tone
from capture.money import show_money
from capture.site_policy import DESK_POLICY, POLICY_HEADER, STRICT_TRANSPORT
from capture.web.config import DESK_PATH, MAX_BODY, DeskConfig, max_body
from capture.web.desk import (
    campaigns,
    clients,
    content,
    deliveries,
    jobs,
    lead,
    leads,
    login,
    months,
    overview,
    payments,
    people,
    quarantine,
    review,
    sessions,
    statement_acts,
    statements,
    tokens,
)
from capture.web.desk.access import (
    AGENCY,
    AGENCY_AND_CLIENT,
    AGENCY_AND_VIEWER,
    ALL_ROLES,
    ANYBODY,
    NotForRole,
    allow,
    check_rules,
    install_login,
)
from capture.web.desk.chart import scale
from capture.web.desk.own_jobs import frame_context
from capture.web.desk.pages import (
    EXTENSION,
    Desk,
    NavigationItem,
    asset_response,
    desk_page,
    read_assets,
)
from capture.web.desk.stale_forms import form_author, stale_form_page
from capture.web.desk.times import iso_time, short_time, zone_name
from capture.web.rate_limit import RateLimit
from capture.web.sender import WebApp, log_unexpected, route
from capture.web.services import Services, install_services

PAGES: Final = (
    login.blueprint,
    overview.blueprint,
    clients.blueprint,
    content.blueprint,
    review.blueprint,
    statements.blueprint,
    months.blueprint,
    statement_acts.blueprint,
    payments.blueprint,
    lead.blueprint,
    quarantine.blueprint,
    deliveries.blueprint,
    people.blueprint,
    sessions.blueprint,
    tokens.blueprint,
    leads.blueprint,
    campaigns.blueprint,
    jobs.blueprint,
)
"""The pages of the desk, one file and one blueprint for each."""

NAVIGATION: Final = (
    NavigationItem("overview.show", "Overview", AGENCY_AND_VIEWER),
    NavigationItem("review.show", "Review", AGENCY_AND_CLIENT),
    NavigationItem("leads.show", "Leads", AGENCY_AND_CLIENT, frozenset({"lead"})),
    NavigationItem("quarantine.show", "Quarantine", AGENCY),
    NavigationItem("campaigns.show_list", "Campaigns", ALL_ROLES, frozenset({"clients"})),
    NavigationItem(
        "statements.show_list",
        "Statements",
        AGENCY_AND_CLIENT,
        frozenset({"months", "payments", "statement_acts"}),
    ),
    NavigationItem("content.show", "Content", AGENCY_AND_VIEWER),
    NavigationItem("deliveries.show", "Deliveries", AGENCY),
    NavigationItem("people.show", "People", AGENCY, frozenset({"tokens", "sessions"})),
)
"""The entries of the navigation, in order; each role sees its own."""

LOGINS_BY_ADDRESS: Final = "20 per 10 minutes"
LOGINS_BY_NAME: Final = "10 per 10 minutes"


def create_desk(app_services: Services, config: DeskConfig) -> Flask:
    """The Flask app, to be mounted at `DESK_PATH`."""
    app = WebApp("capture.web.desk", "templates")
    is_secure = config.is_secure
    secret = hmac.digest(app_services.config.secret_key, b"cookies of the desk", "sha256")
    app.config.update(
        SECRET_KEY=secret,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        SESSION_COOKIE_NAME="__Host-gatepost-desk" if is_secure else "gatepost-desk",
        SESSION_COOKIE_PATH="/" if is_secure else DESK_PATH,  # a __Host- cookie is for every path
        SESSION_COOKIE_SECURE=is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a token is valid as long as the session
        STRICT_TRANSPORT=is_secure,
    )
    install_services(app, app_services)
    counters = app_services.config.counters
    app.extensions[EXTENSION] = Desk(
        agency=config.agency,
        assets=read_assets(app_services.config.templates.parent / "static", config.logo),
        limit_by_address=RateLimit(LOGINS_BY_ADDRESS, counters, secret),
        limit_by_name=RateLimit(LOGINS_BY_NAME, counters, secret),
        navigation=NAVIGATION,
        origin=config.url or app_services.config.site_origin,
        supplier=config.supplier,
        jobs=JobStore(app_services.config.jobs),
        start_jobs=config.start_jobs,
    )
    app.jinja_env.filters.update(
        short_time=short_time,
        iso_time=iso_time,
        day=short_day,
        money=show_money,
        thousands="{:,}".format,
    )
    app.jinja_env.filters.update(
        month_name=month_name, stage_name=stage_name, stage_tone=stage_tone, scale=scale
    )
    app.jinja_env.globals |= {"zone_name": zone_name, "form_author": form_author}
    app.context_processor(frame_context)
    app.before_request(_allow_upload)  # before the CSRF token is read from the form
    CSRFProtect(app)
    install_login(app)
    for page in PAGES:
        app.register_blueprint(page)
    app.add_url_rule("/static/<digest>/<name>", "static_file", _static_file)
    app.after_request(_add_headers)
    app.register_error_handler(NotForRole, _not_for_role)
    app.register_error_handler(CSRFError, _form_too_old)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    check_rules(app)
    return app


def _allow_upload() -> None:
    """Lets the request be as long as its path allows."""
    request.max_content_length = max_body(f"{DESK_PATH}{request.path}")
    request.max_form_memory_size = request.max_content_length


@allow(ANYBODY)
def _static_file(digest: str, name: str) -> Response:
    return asset_response(digest, name) or abort(404)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers[POLICY_HEADER] = str(DESK_POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["X-Robots-Tag"] = "noindex"
    if request.endpoint != "static_file" or response.status_code != 200:
        headers["Cache-Control"] = "no-store"  # also of files, for which Flask chooses `no-cache`
    if current_app.config["STRICT_TRANSPORT"]:
        headers.update(STRICT_TRANSPORT)
    return response


def _message(title: str, text: str, status: int) -> tuple[str, int]:
    return desk_page("message.html", title=title, text=text, link="overview.show"), status


def _not_for_role(_: NotForRole) -> ResponseReturnValue:
    return _message("Not for you", "Your user may not open this page or do this.", 403)


def _form_too_old(_: CSRFError) -> ResponseReturnValue:
    page = stale_form_page()
    if page is not None:
        return page, 400
    text = "The form was open for too long, or another site sent it. Nothing was done. Try again."
    return _message("Not done", text, 400)


def _not_found(error: NotFound) -> ResponseReturnValue:
    return _message("Not found", f"There is {error}.", 404)


def _refused(error: Refused) -> ResponseReturnValue:
    return _message("Not done", f"{error}.", 409)


def _unavailable(error: Unavailable) -> ResponseReturnValue:
    current_app.logger.error("%s: %s", route(), error)
    text = "Nothing was recorded. Please try again in a minute."
    return *_message("Not available", text, 503), {"Retry-After": "30"}


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, NoSuchPage):
        return _message("Not found", "There is no such page. The address may be mistyped.", 404)
    if error.code is None or error.code < 400:  # a redirect of the router
        return error
    page, status = _message(error.name, str(error.description or error.name), error.code)
    others = [
        (name, value)
        for name, value in error.get_headers()
        if name not in {"Content-Type", "Content-Length"}
    ]
    return page, status, others  # such as Allow


def _unexpected(error: Exception) -> ResponseReturnValue:
    log_unexpected(error)
    return _message("Something broke", "The fault is ours. Nothing that was recorded is lost.", 500)
