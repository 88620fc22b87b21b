"""Makes and checks signed links. Each token is valid for one purpose and a limited time.

Signed with itsdangerous. Each purpose has its own salt, so a token for one is not valid for
another. Tokens contain only ids; a reader can decode them but not change them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from capture.errors import Refused

TEST_LEAD_LIFE: Final = timedelta(days=1)


class TokenExpired(Refused):
    """The token is genuine but no longer valid."""


class TokenInvalid(Refused):
    """The token was not made by us, or was changed."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: a lead of a campaign may get a file, or see the thanks page."""

    campaign: str
    lead_id: str
    file: str = ""


class LinkSigner:
    """Makes and reads the signed tokens of one installation."""

    def __init__(self, secret: bytes, lifetime: timedelta) -> None:
        """`lifetime` is how long download links and thanks pages are valid."""
        self._lifetime = lifetime
        self._thanks = TimestampSigner(secret, salt="thanks")
        self._download = URLSafeTimedSerializer(secret, salt="download")
        self._test = URLSafeTimedSerializer(secret, salt="test-lead")

    def thanks(self, campaign: str, lead_id: str) -> str:
        """A token for the thanks page. Every lead gets one, so it uses a faster format."""
        return self._thanks.sign(f"{lead_id}-{campaign}").decode()

    def read_thanks(self, token: str) -> Grant:
        """Raises `TokenExpired` or `TokenInvalid`."""
        age = int(self._lifetime.total_seconds())
        content: bytes = _load_signed(lambda: self._thanks.unsign(token, max_age=age))
        lead_id, _, campaign = content.decode().partition("-")
        return Grant(campaign, lead_id)

    def download(self, grant: Grant) -> str:
        """A token for the download of one gated file."""
        return str(self._download.dumps([grant.campaign, grant.lead_id, grant.file]))

    def read_download(self, token: str) -> Grant:
        """Raises `TokenExpired` or `TokenInvalid`."""
        return Grant(*self._read(self._download, token, self._lifetime, 3))

    def test_lead(self, campaign: str) -> str:
        """A token that marks a submission of the campaign's form as a test.

        See rule 5 of docs/rules.md.
        """
        return str(self._test.dumps([campaign]))

    def is_test_lead(self, token: str, campaign: str) -> bool:
        """Whether the token marks a test of this campaign and is at most one day old."""
        if not token:
            return False
        try:
            return self._read(self._test, token, TEST_LEAD_LIFE, 1) == [campaign]
        except Refused:
            return False

    @staticmethod
    def _read(
        serializer: URLSafeTimedSerializer, token: str, lifetime: timedelta, parts: int
    ) -> list[str]:
        text = _load_signed(lambda: serializer.loads(token, max_age=int(lifetime.total_seconds())))
        if not isinstance(text, list) or len(text) != parts:
            raise TokenInvalid("this link is not one of ours")
        return [str(part) for part in text]


def _load_signed(check: Callable[[], Any]) -> Any:
    """Runs a check of a signature and turns its errors into ours."""
    try:
        return check()
    except SignatureExpired:
        raise TokenExpired("this link has expired") from None
    except BadData:
        raise TokenInvalid("this link is not one of ours") from None
