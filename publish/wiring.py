"""How plugins listen to Pelican: in the order of PLUGINS, whatever this process built before."""

from collections.abc import Callable
from typing import Any


def listen(signal: Any, receiver: Callable[..., Any]) -> None:
    """Connects a receiver as the last of all; one that listens already moves to the end."""
    signal.disconnect(receiver)
    signal.connect(receiver)
