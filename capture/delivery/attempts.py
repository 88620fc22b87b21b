"""The result of an attempt to send: taken, not now, or never.

DeliveryError
|-- TemporaryFailure   a later attempt may succeed: no connection, SMTP 4xx, HTTP 5xx
`-- PermanentFailure   no attempt will: SMTP 5xx, HTTP 410, an address that may not be reached
"""

from capture.ledger.messages import Attempt


class DeliveryError(Exception):
    """A message was not taken. `attempt` is recorded with the message."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt.result)
        self.attempt = attempt


class TemporaryFailure(DeliveryError):
    """A later attempt may succeed."""


class PermanentFailure(DeliveryError):
    """No later attempt will succeed."""
