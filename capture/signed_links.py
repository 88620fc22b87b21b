"""Signed links: who holds one was given it by us, for one purpose and for a time.

Signed with itsdangerous; each purpose has its own salt, so that a token for one is none for
another. Tokens carry ids only, which a reader can decode and cannot change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from capture.errors import Refused

TEST_LEAD_LIFE: Final = timedelta(days=1)


class TokenExpired(Refused):
    """It was ours, and its time is over."""


class TokenInvalid(Refused):
    """It was never ours, or it was changed."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token says: this lead of this campaign may have this file (or the thanks page)."""

    campaign: str
    lead_id: str
    file: str = ""


class Tokens:
    """Makes and reads the signed tokens of one installation."""

    def __init__(self, secret: bytes, history: timedelta) -> None:
        """`life` is how long download links and thanks pages live."""
        self._history = history
        self._thanks = TimestampSigner(secret, salt="thanks")
        self._download = URLSafeTimedSerializer(secret, salt="download")
        self._test = URLSafeTimedSerializer(secret, salt="test-lead")

    def thanks(self, campaign: str, lead_id: str) -> str:
        """For the address of the thanks page. Made for every lead, so plainer than the others."""
        return self._thanks.sign(f"{lead_id}-{campaign}").decode()

    def read_thanks(self, token: str) -> Grant:
        """Raises `TokenExpired` or `TokenInvalid`."""
        age = int(self._history.total_seconds())
        content: bytes = _load_signed(lambda: self._thanks.unsign(token, max_age=age))
        lead_id, _, campaign = content.decode().partition("-")
        return Grant(campaign, lead_id)

    def download(self, grant: Grant) -> str:
        """For the address of one gated file."""
        return str(self._download.dumps([grant.campaign, grant.lead_id, grant.file]))

    def read_download(self, token: str) -> Grant:
        """Raises `TokenExpired` or `TokenInvalid`."""
        return Grant(*self._read(self._download, token, self._history, 3))

    def test_lead(self, campaign: str) -> str:
        """Marks whoever fills the campaign's form with it as a test (rule 5)."""
        return str(self._test.dumps([campaign]))

    def is_test_lead(self, token: str, campaign: str) -> bool:
        """Whether the token marks a test of this campaign, made within a day."""
        if not token:
            return False
        try:
            return self._read(self._test, token, TEST_LEAD_LIFE, 1) == [campaign]
        except Refused:
            return False

    @staticmethod
    def _read(
        serializer: URLSafeTimedSerializer, token: str, history: timedelta, parts: int
    ) -> list[str]:
        text = _load_signed(lambda: serializer.loads(token, max_age=int(history.total_seconds())))
        if not isinstance(text, list) or len(text) != parts:
            raise TokenInvalid("this link is not one of ours")
        return [str(part) for part in text]


def _load_signed(check: Callable[[], Any]) -> Any:
    """What a check of a signature gives, or which of ours it is not."""
    try:
        return check()
    except SignatureExpired:
        raise TokenExpired("this link has ended") from None
    except BadData:
        raise TokenInvalid("this link is not one of ours") from None
