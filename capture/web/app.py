"""Creates the Flask app of the lead service: services, routes, headers, error pages, `/healthz`."""

import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, current_app, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, UnsupportedMediaType
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as WsgiResponse

from capture.errors import NotFound, Unavailable
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.signed_links import LinkSigner
from capture.site_policy import POLICY_HEADER, STRICT_TRANSPORT, page_policy
from capture.users.passphrase import HashRunner, hash_here
from capture.web.api.app import HEADERS as API_HEADERS
from capture.web.api.app import create_api
from capture.web.config import DESK_PATH, MAX_BODY, DeskConfig, LiveSite, WebConfig
from capture.web.public import confirm, download, form, privacy, thanks, unsubscribe, views
from capture.web.rate_limit import RateLimit
from capture.web.review import pages as review
from capture.web.sender import WebApp, log_unexpected, route
from capture.web.services import (
    LiveCatalogue,
    Services,
    install_services,
    message_page,
    run_now,
    services,
)
from capture.web.view_counter import ViewCounter

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    Mounts = dict[str, WSGIApplication]
    """Apps by the path below which they are mounted."""

VIEWS_BY_ADDRESS: Final = "120 per minute"
"""Views of pages that are counted from one network."""

ERROR_PAGES = {
    404: ("Not found", "There is no such page here. The address may be mistyped or out of date."),
    405: ("Not here", "This address does not take that kind of request."),
    413: (
        "Too long",
        "What you sent is larger than our forms accept (64 KiB). "
        "Go back, shorten the longest answer, and send it again.",
    ),
    415: (
        "Not understood",
        "What you sent is compressed or encoded in a way that our forms do not accept.",
    ),
    500: ("Something broke", "The fault is ours. Nothing that was confirmed is lost."),
}


def create_app(
    config: WebConfig,
    ledger: Ledger | None = None,
    run_later: Callable[[Callable[[], None]], object] = run_now,
    run_hash: HashRunner = hash_here,
) -> Flask:
    """The lead service over one ledger; without `ledger` it opens the configured one.

    `run_later` runs a function that no answer waits for, such as the count of a download;
    `run_hash` what hashes a passphrase.
    Raises a `GatepostError` if the service cannot start.
    """
    app = WebApp("capture.web", config.template_folder)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    policy = page_policy(config.site_origin, config.capture_url)
    app.config["PAGE_POLICY"] = policy
    app.config["HEADERS"] = {
        POLICY_HEADER: str(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cache-Control": "no-store",
    }
    app_services = create_services(config, ledger, run_later, run_hash)
    mounts: Mounts = {"/api": create_api(app_services, MAX_BODY)}
    if config.desk is not None:
        mounts |= _desk(app_services, config.desk)
    mount(app, mounts, config.trusted_proxies)
    install_services(app, app_services)
    for view in (form, thanks, confirm, download, unsubscribe, privacy, review, views):
        app.register_blueprint(view.blueprint)
    app.add_url_rule("/healthz", view_func=_health)
    app.before_request(_refuse_compressed)
    app.after_request(_add_headers)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    return app


def create_desk_app(
    config: WebConfig,
    ledger: Ledger | None = None,
    run_later: Callable[[Callable[[], None]], object] = run_now,
    run_hash: HashRunner = hash_here,
) -> Flask:
    """The desk alone, for a process with a host name of its own. See `create_app`."""
    app = WebApp("capture.web")
    app_services = create_services(config, ledger, run_later, run_hash)
    mount(app, _desk(app_services, config.desk or DeskConfig()), config.trusted_proxies)
    install_services(app, app_services)
    app.add_url_rule("/healthz", view_func=_health)
    is_secure = config.desk is not None and config.desk.is_secure
    app.config["HEADERS"] = API_HEADERS | (STRICT_TRANSPORT if is_secure else {})
    app.after_request(_add_headers)
    app.add_url_rule("/", "start", lambda: redirect(f"{DESK_PATH}/", 303))
    app.register_error_handler(HTTPException, _short_answer)
    app.register_error_handler(Exception, _short_answer)
    return app


def _short_answer(error: Exception) -> ResponseReturnValue:
    """An error outside the desk's pages, in one line."""
    if isinstance(error, HTTPException):
        return Response(f"{error.name}\n", error.code, content_type="text/plain")
    log_unexpected(error)
    return Response("The fault is ours.\n", 500, content_type="text/plain")


def _desk(app_services: Services, config: DeskConfig) -> "Mounts":
    # A service without a desk starts without its modules, which takes a third of a second less.
    from capture.web.desk.app import create_desk

    return {DESK_PATH: create_desk(app_services, config)}


def create_services(
    config: WebConfig,
    ledger: Ledger | None,
    run_later: Callable[[Callable[[], None]], object],
    run_hash: HashRunner = hash_here,
) -> Services:
    """The services of one process; without `ledger` it opens the configured one."""
    ledger = ledger or open_ledger(config.database_url, config.duplicate_key)
    return Services(
        config=config,
        ledger=ledger,
        catalogue=LiveCatalogue(config, ledger),
        link_signer=LinkSigner(config.secret_key, config.link_life),
        rate_limit=RateLimit(config.rate_limit, config.counters, config.secret_key),
        api_limit=RateLimit(config.api_rate_limit, config.counters, config.secret_key),
        view_limit=RateLimit(
            VIEWS_BY_ADDRESS,
            config.counters,
            hmac.digest(config.secret_key, b"views of pages", "sha256"),
        ),
        views=ViewCounter(ledger),
        site=LiveSite(config.site_facts),
        run_later=run_later,
        run_hash=run_hash,
    )


def mount(app: Flask, mounts: "Mounts", trusted_proxies: int) -> None:
    """Mounts other apps below their paths, and trusts the headers of so many proxies."""
    wsgi_app: WSGIApplication = DispatcherMiddleware(app.wsgi_app, mounts)
    if trusted_proxies:
        count = trusted_proxies
        wsgi_app = ProxyFix(wsgi_app, x_for=count, x_proto=count, x_host=count)
    app.wsgi_app = wsgi_app  # type: ignore  # Flask's documented way


def _health() -> ResponseReturnValue:
    """Whether leads can be recorded now: 200 if the ledger answers, else 503. Names no lead."""
    try:
        services().ledger.read(lambda reading: reading.events.head())
    except Unavailable as error:
        return jsonify(status="unavailable", reason=str(error)), 503
    return jsonify(status="ok")


def _add_headers(response: Response) -> Response:
    headers = response.headers
    present = {name.lower() for name, _ in headers}
    for name, value in current_app.config["HEADERS"].items():
        if name.lower() not in present:
            headers.add(name, value)
    config = services().config
    if config.capture_url:  # the service has its own host; only the site's pages may read answers
        response.headers["Vary"] = "Origin"
        if request.headers.get("Origin") == config.site_origin:
            response.headers["Access-Control-Allow-Origin"] = config.site_origin
    return response


def _refuse_compressed() -> None:
    """Raises a 415 for a compressed body, which Flask would read as it is (RFC 9110, 8.4)."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType


def _not_found(_: NotFound) -> tuple[str, int]:
    return message_page(*ERROR_PAGES[404]), 404


def _http_error(error: HTTPException) -> HTTPException | WsgiResponse:
    code = error.code or 500
    if code < 400:
        return error
    title, text = ERROR_PAGES.get(code, ("Not understood", "The request could not be understood."))
    response = error.get_response()  # with the headers of its status, such as Allow
    response.data = message_page(title, text)
    return response


def _unavailable(error: Unavailable) -> tuple[str, int, dict[str, str]]:
    current_app.logger.error("%s: %s", route(), error)
    text = "Our records cannot be reached for the moment. Please try again in a minute."
    return message_page("One moment", text), 503, {"Retry-After": "30"}


def _unexpected(error: Exception) -> tuple[str, int]:
    log_unexpected(error)
    return message_page(*ERROR_PAGES[500]), 500
