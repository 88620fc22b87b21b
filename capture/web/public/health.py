"""`GET /healthz`: whether leads can be recorded now."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from capture.errors import Unavailable
from capture.web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def health() -> ResponseReturnValue:
    """200 when the ledger answers, else 503; nothing about leads."""
    try:
        services().ledger.read(lambda reading: reading.events.head())
    except Unavailable as error:
        return jsonify(status="unavailable", reason=str(error)), 503
    return jsonify(status="ok")
