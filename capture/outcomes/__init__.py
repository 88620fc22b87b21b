"""What happens after a lead was delivered: recorded one by one."""

from capture.outcomes.record import Outcome, record

__all__ = ["Outcome", "record"]
