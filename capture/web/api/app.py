"""The API as a separate Flask app below `/api`: no cookies, no pages, no CORS.

It shares only the services with the app for visitors. So every error is answered as a problem
(RFC 9457), also that of an unknown address.
"""

import json
from functools import cache
from importlib.metadata import version
from typing import Final

from flask import Flask, Response, current_app
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import NotFound as NoSuchAddress

from capture.client_access.idempotency import IdempotencyKeyReused
from capture.errors import NotFound, Refused, Unavailable
from capture.site_policy import API_POLICY, POLICY_HEADER
from capture.web.api.debits import ANSWER_DEBIT, LIST_DEBITS
from capture.web.api.document import openapi
from capture.web.api.events import RECORD_EVENT, refusal
from capture.web.api.leads import GET_LEAD, LIST_LEADS
from capture.web.api.operation import KEY_HEADER, AnyOperation
from capture.web.api.problems import (
    BROKEN,
    KINDS,
    UNAVAILABLE,
    FieldError,
    ProblemError,
    invalid_request,
)
from capture.web.api.reviews import RECORD_REVIEWS
from capture.web.sender import WebApp, log_unexpected, route
from capture.web.services import Services, install_services

OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    LIST_LEADS,
    GET_LEAD,
    RECORD_EVENT,
    RECORD_REVIEWS,
    LIST_DEBITS,
    ANSWER_DEBIT,
)

HEADERS: Final = {
    "Cache-Control": "no-store",
    POLICY_HEADER: str(API_POLICY),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_api(app_services: Services, max_body: int) -> Flask:
    """The Flask app, to be mounted at `/api`. `max_body`: most bytes of a request's body."""
    app = WebApp("capture.web.api")
    app.config["MAX_CONTENT_LENGTH"] = max_body
    app.url_map.merge_slashes = False  # a wrong address gets a 404, not a redirect
    install_services(app, app_services)
    for operation in OPERATIONS:
        app.add_url_rule(
            operation.rule,
            operation.name,
            operation,
            methods=[operation.method],
            provide_automatic_options=False,
        )
    app.add_url_rule("/v1/openapi.json", "document", _document, provide_automatic_options=False)
    app.after_request(_add_headers)
    app.register_error_handler(ProblemError, ProblemError.response)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    return app


def _document() -> Response:
    """The OpenAPI document. It needs no token, because it contains no data of a client or lead."""
    return Response(_document_text(), content_type="application/json")


@cache
def _document_text() -> str:
    return json.dumps(openapi(OPERATIONS, version("gatepost")))


def _add_headers(response: Response) -> Response:
    response.headers.extend(HEADERS)
    return response


def _not_found(error: NotFound) -> Response:
    return refusal(error).response()


def _refused(error: Refused) -> Response:
    if isinstance(error, IdempotencyKeyReused):
        return invalid_request([FieldError(header=KEY_HEADER, detail=str(error))]).response()
    return refusal(error).response()


def _unavailable(error: Unavailable) -> Response:
    current_app.logger.error("%s: %s", route(), error)
    text = "Nothing was recorded. Please try again in a minute."
    return ProblemError(UNAVAILABLE, text, headers={"Retry-After": "30"}).response()


def _http_error(error: HTTPException) -> Response:
    """An error of Flask or Werkzeug, with the headers of its status, such as Allow."""
    kind = next((kind for kind in KINDS if kind.status == error.code), BROKEN)
    text = (
        "There is no such address."
        if isinstance(error, NoSuchAddress)
        else str(error.description or error.name)
    )
    response = ProblemError(kind, text).response()
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    log_unexpected(error)
    return ProblemError(BROKEN, "The fault is ours. What was recorded is not lost.").response()
