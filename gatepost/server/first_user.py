"""The first user of the desk on a development machine: `make run` prints a link for them."""

import getpass
from datetime import datetime
from typing import Final

from capture.ledger.administration import BY_GATEPOST
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.users import Role, User
from capture.signed_links import LinkSigner, UserGrant, passphrase_path
from capture.users.accounts import FIRST_LINK_LIFE, add_user, new_link

_DEFAULT_NAME: Final = "agency"


def first_user_link(
    ledger: Ledger, link_signer: LinkSigner, now: datetime
) -> tuple[str, str] | None:
    """Name and link (a path) of the first user of the agency; None once one has a passphrase.

    The user has the name of the person who started the server. The link works once, for an hour.
    """

    def invite(records: WriteTransaction) -> User | None:
        agency = [
            user for user in records.users.select() if user.role is Role.AGENCY and user.is_active
        ]
        if any(user.passphrase_hash for user in agency):
            return None
        if agency:
            return new_link(records, agency[0], now, by=BY_GATEPOST)
        for name in (_own_name(), _DEFAULT_NAME):
            if records.users.find(name) is None:
                user = add_user(records, name, Role.AGENCY, now, by=BY_GATEPOST)
                return new_link(records, user, now, by=BY_GATEPOST)
        return None

    user = ledger.transact(invite)
    if user is None:
        return None
    grant = UserGrant(user.id, user.link_number, now + FIRST_LINK_LIFE)
    return user.name, passphrase_path(link_signer.user(grant))


def _own_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return _DEFAULT_NAME
