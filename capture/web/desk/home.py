"""The first page after the login."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from capture.web.desk.access import ALL_ROLES, allow
from capture.web.desk.pages import desk_page

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@allow(ALL_ROLES)
def show() -> ResponseReturnValue:
    """The first page."""
    return desk_page("home.html")
