"""Programs that start at another time of the system's clock."""

from pathlib import Path

from tests.needs import needs

# faketime makes a semaphore that is named after its own process id, and fails if there is one
# already: a faketime killed by others leaves its own behind, and process ids are used again. The
# shell becomes faketime and so has its process id: what it removes belongs to nobody else.
WITHOUT_LEFTOVERS = """
rm -f /dev/shm/sem.faketime_sem_$$ /dev/shm/faketime_shm_$$
exec "$@"
"""


def faketime(moment: str) -> list[str]:
    """The command prefix that makes a program start at that time (of `TZ`)."""
    return ["sh", "-c", WITHOUT_LEFTOVERS, "sh", needs("faketime"), "-f", f"@{moment}"]


def leftovers(process: int) -> list[Path]:
    """The files that faketime with this process id uses, and leaves if a signal ends it."""
    names = (f"sem.faketime_sem_{process}", f"faketime_shm_{process}")
    return [path for name in names if (path := Path("/dev/shm", name)).exists()]
