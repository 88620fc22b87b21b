"""The errors of opening a file; str() is the problem and how to fix it."""

from typing import ClassVar


class Unreadable(ValueError):
    """The file is not of the type that its name says, or is not complete."""

    fix: ClassVar[str] = "export or download it again"

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}: {self.fix}")


class TooLarge(Unreadable):
    """The file would need too much memory or time."""

    fix: ClassVar[str] = "make it smaller"
