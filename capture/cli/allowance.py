"""How often a day something may be asked, counted in a file of the service's user."""

import fcntl
import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from capture.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many times between two midnights, UTC."""

    file: Path
    times: int

    def take(self, now: datetime) -> bool:
        """Uses one up, durable before anything is answered; False if none is left.

        Raises `Unavailable`.
        """
        today = now.date()
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                day, used = _read(file.read(), today, self.times)
                if used >= self.times:
                    return False
                file.seek(0)
                file.write(f"{day} {used + 1:09}\n")  # always as long: no rest of an older line
                file.flush()
                os.fsync(handle)
        except OSError as error:
            raise Unavailable(f"{self.file}: {error.strerror}") from None
        return True


def _read(text: str, today: date, times: int) -> tuple[date, int]:
    """The day that counts and what was used of it. A clock that was set back gains nothing, and
    of a file that nobody can read all is used."""
    if not text:
        return today, 0
    try:
        day, used = text.split()
        then, count = date.fromisoformat(day), int(used)
    except ValueError:
        return today, times
    return (today, 0) if then < today else (then, count)
