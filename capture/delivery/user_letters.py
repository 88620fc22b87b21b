"""Finds the facts of letters to users of the desk."""

from capture.delivery.request import Dropped, Request
from capture.letters import users
from capture.letters.letter import Letter
from capture.signed_links import UserGrant, passphrase_path
from capture.users.accounts import LINK_LIFE


def passphrase_link(request: Request) -> Letter:
    """To a user: the one-time link behind which they choose a passphrase."""
    user = request.reading.users.get(request.message.data["user_id"])
    if user is None or not user.is_active:
        raise Dropped("the user is deactivated")
    if user.email != request.message.recipient:
        raise Dropped("the user has another address now")
    ends = request.message.queued_at + LINK_LIFE
    token = request.context.link_signer.user(UserGrant(user.id, user.link_number, ends))
    url = f"{request.context.desk_url}{passphrase_path(token)}"
    return users.passphrase_link(
        request.letterhead, users.PassphraseLinkFacts(name=user.name, url=url, link_ends=ends)
    )
