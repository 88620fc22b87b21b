"""Programs that start at another time of the system's clock."""

from tests.needs import needs

# faketime makes a semaphore that is named after its own process id, and fails if there is one
# already: a killed faketime leaves its own behind, and process ids are used again. The shell
# becomes faketime and so has its process id: what it removes belongs to nobody else.
WITHOUT_LEFTOVERS = """
rm -f /dev/shm/sem.faketime_sem_$$ /dev/shm/faketime_shm_$$
exec "$@"
"""


def faketime(moment: str) -> list[str]:
    """The command prefix that makes a program start at that time (of `TZ`)."""
    return ["sh", "-c", WITHOUT_LEFTOVERS, "sh", needs("faketime"), "-f", f"@{moment}"]
