"""Passphrases: what is accepted, and their argon2id hashes (RFC 9106)."""

from collections.abc import Callable
from functools import cache
from typing import Final, Protocol, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from capture.errors import Refused, Unavailable
from capture.text import fold_case

SHORTEST: Final = 12
"""Fewest characters of a passphrase. NIST SP 800-63B asks for 8 or more, and for no mixture of
kinds of characters."""
LONGEST: Final = 1000
"""Most characters. Without a limit, hashing a very long text would occupy the machine."""

_HASHER: Final = PasswordHasher()

Result = TypeVar("Result")


class TooManyHashes(Unavailable):
    """So many hashes are computed or wait that another one would wait too long."""

    def __init__(self) -> None:
        super().__init__("too many passphrases are checked at this moment")


class HashRunner(Protocol):
    """Runs work that hashes, which occupies a processor for about 50 ms.

    A server whose worker has one thread runs it in another one, so that pages are answered
    meanwhile. Raises `TooManyHashes` if too much of it waits already.
    """

    def __call__(self, work: Callable[[], Result]) -> Result: ...


def hash_here(work: Callable[[], Result]) -> Result:
    """The `HashRunner` of an app whose requests have threads of their own."""
    return work()


@cache
def _hash_of_nothing() -> str:
    """Compared for an unknown user, so that the time of an answer does not tell who exists."""
    return _HASHER.hash("")


def check_passphrase(passphrase: str, name: str) -> None:
    """Raises `Refused` if the passphrase of a user with this name is too easy to guess."""
    if len(passphrase) < SHORTEST:
        raise Refused(
            f"The passphrase has fewer than {SHORTEST} characters. Four or five words are easy to "
            "remember and hard to guess."
        )
    if len(passphrase) > LONGEST:
        raise Refused(f"The passphrase has more than {LONGEST:,} characters. Shorten it.")
    if len(set(passphrase)) < SHORTEST // 2 or fold_case(name) == fold_case(passphrase):
        raise Refused("The passphrase is too easy to guess. Choose one of four or five words.")


def hash_passphrase(passphrase: str) -> str:
    """The argon2id hash with its salt and parameters. Takes about 50 ms and 64 MiB by design."""
    return _HASHER.hash(passphrase)


def is_right(passphrase_hash: str, passphrase: str) -> bool:
    """Whether the passphrase has this hash. An empty hash takes the same time, and none has it."""
    nothing = _hash_of_nothing()  # for known users, too: its first computation takes time
    try:
        _HASHER.verify(passphrase_hash or nothing, passphrase[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return bool(passphrase_hash)


def needs_rehash(passphrase_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than those of today."""
    return _HASHER.check_needs_rehash(passphrase_hash)
