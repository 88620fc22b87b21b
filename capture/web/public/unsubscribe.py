"""`/u/<token>`: somebody unsubscribes from one kind of letter.

GET changes nothing, because programs follow the links of a letter. POST unsubscribes immediately,
also without a page: mail programs send it for the header `List-Unsubscribe` (RFC 8058), which
allows no redirect. What an agreement promises cannot be unsubscribed: no letter of that kind has
such a link.
"""

from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from capture.privacy.unsubscribe import subscribe_again, unsubscribe
from capture.privacy.withdraw import campaign_of_letters
from capture.signed_links import TokenInvalid, UnsubscribeGrant
from capture.web.personal_pages import add_headers, incomplete_link
from capture.web.services import campaign_title, page_template, services

blueprint = Blueprint("unsubscribe", __name__)
blueprint.after_request(add_headers)
blueprint.register_error_handler(TokenInvalid, incomplete_link)

LETTERS: Final = {
    "guide": (
        "letters that follow a form",
        "It does not matter who enters your address in a form. Some forms show their files on the "
        "page after the form. A form that asks you to confirm your address can then send you "
        "nothing.",
    ),
    "report": (
        "reports",
        "Letters on leads, meetings and statements still come, because they are part of the "
        "agreement.",
    ),
}
"""By kind of letter: what no longer comes, and what still does."""


@blueprint.get("/u/<token>")
def show(token: str) -> ResponseReturnValue:
    """The page that says what the button does."""
    grant = services().link_signer.read_unsubscribe(token)
    return _page(grant)


@blueprint.post("/u/<token>")
def act(token: str) -> ResponseReturnValue:
    """Unsubscribes; with the page's other button, undoes that."""
    grant = services().link_signer.read_unsubscribe(token)
    change = subscribe_again if request.form.get("action") == "subscribe" else unsubscribe
    now = datetime.now(UTC)
    services().ledger.transact(lambda records: change(records, grant.address_id, grant.letter, now))
    return _page(grant)


def _page(grant: UnsubscribeGrant) -> str:
    what, rest = _words(grant.letter)
    unsubscribed = services().ledger.read(
        lambda reading: reading.outbox.is_unsubscribed(grant.address_id, grant.letter)
    )
    return page_template("unsubscribe.html", what=what, rest=rest, unsubscribed=unsubscribed)


def _words(letter: str) -> tuple[str, str]:
    """The letters that are no longer sent, and a text about the rest."""
    campaign = campaign_of_letters(letter)
    if campaign is None:
        return LETTERS[letter]
    title = campaign_title(campaign)
    return (
        f"letters of the form \N{LEFT DOUBLE QUOTATION MARK}{title}\N{RIGHT DOUBLE QUOTATION MARK}",
        "It does not matter who enters your address there.",
    )
