"""What the text of one item asks of the whole import."""

from typing import Protocol


class Carrier(Protocol):
    """Says where links and pictures of one text lead to, and takes down what is lost."""

    def link(self, href: str) -> str:
        """The address to write; empty if the link goes."""
        ...

    def picture(self, src: str) -> str:
        """The address to write; empty if the picture goes."""
        ...

    def note(self, kind: str, told: str) -> None:
        """Something that was not carried as it stood."""
        ...
