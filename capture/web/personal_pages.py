"""Shared parts of the pages behind a personal link: headers, a check of forms, and error pages.

Everybody who has such a link sees a person's data or acts for the person, so it must stay secret.
"""

from typing import Final

from flask import Response, request

from capture.errors import NotFound
from capture.web.services import message_page, services, site_url

_OWN_PAGE: Final = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site for a form of our own site. Old browsers send no value."""

_NEW_LINK: Final = "Send the form again to get a new link immediately."


def add_headers(response: Response) -> Response:
    """Keeps the token out of other sites' logs, out of caches and out of search engines."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def is_sent_by_another_site() -> bool:
    """Whether the browser says that another site sent this form.

    The secret token in the address already prevents this; the check is a second protection.
    `Origin` cannot be compared: under `no-referrer` browsers send `null`.
    """
    return request.headers.get("Sec-Fetch-Site", "none") not in _OWN_PAGE


def incomplete_link(_: Exception) -> tuple[str, int]:
    """Error handler: the page for a link whose token is not valid."""
    text = "This link is not complete. Copy all of it from the letter, and try again."
    return message_page("Not found", text), 404


def expired_link(campaign: str, how_to_get_new: str = _NEW_LINK) -> tuple[str, int]:
    """The page for a lead's link that has ended. It links to the campaign's form."""
    try:
        services().catalogue.campaign(campaign)
    except NotFound:  # the campaign was removed
        text, link_url = "This link has ended.", site_url("/articles/")
        return message_page("Link ended", text, link_url=link_url, link_text="To the articles"), 410
    text = f"This link has ended. {how_to_get_new}"
    link_url = services().site.current().form_action(campaign)
    return message_page("Link ended", text, link_url=link_url, link_text="To the form"), 410
