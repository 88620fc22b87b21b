"""How our plugins connect to Pelican's signals: always in the order of PLUGINS."""

from collections.abc import Callable
from typing import Any


def connect_last(signal: Any, receiver: Callable[..., Any]) -> None:
    """Connects a receiver as the last one; moves it to the end if it is connected already.

    So the order is that of PLUGINS, even if this process has built a site before.
    """
    signal.disconnect(receiver)
    signal.connect(receiver)
