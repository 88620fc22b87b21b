"""Looks at personal data of leads, for the access log."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from capture.ledger.protocol import WriteTransaction
from capture.ledger.users import Access, User

THE_PERSON: Final = "the person, by the link of a letter"
"""Who looks at their own data."""


def record_look(
    records: WriteTransaction, who: User | str, page: str, lead_ids: Iterable[str], now: datetime
) -> None:
    """Records a look: one entry for a lead, or one for a list; none for an empty list.

    `who` is a user of the desk, or in words who else looks, such as `API token CRM of acme`. `page`
    names the page, the file or the command.
    """
    ids = list(lead_ids)
    if not ids:
        return
    user_id, name = (who.id, "") if isinstance(who, User) else ("", who)
    records.users.log_access(
        Access(
            user_id=user_id,
            name=name,
            at=now,
            page=page,
            lead_id=ids[0] if len(ids) == 1 else "",
            count=len(ids),
        )
    )
