"""Passphrases: what is accepted, and how hashes are compared."""

import pytest

from capture.errors import Refused
from capture.users.passphrase import check_passphrase, hash_passphrase, is_right, needs_rehash


@pytest.mark.parametrize(
    ("passphrase", "problem"),
    [
        ("eleven char", "fewer than 12"),
        ("x" * 1001, "more than 1,000"),
        ("aaaaaaaaaaaaaaaa", "too easy"),
        ("Carol Diaz Lopez", "too easy"),
    ],
)
def test_a_weak_passphrase_is_refused(passphrase: str, problem: str) -> None:
    with pytest.raises(Refused, match=problem):
        check_passphrase(passphrase, "carol diaz lopez")


@pytest.mark.parametrize(
    "passphrase", ["four easy words here", "ẞchön ünd läng", "k7!" * 4 + "xyz"]
)
def test_a_long_passphrase_is_accepted_whatever_its_characters(passphrase: str) -> None:
    check_passphrase(passphrase, "Carol")


def test_only_the_same_passphrase_has_the_hash() -> None:
    stored = hash_passphrase("four easy words here")
    assert stored.startswith("$argon2id$")
    assert stored != hash_passphrase("four easy words here")
    assert is_right(stored, "four easy words here")
    assert not is_right(stored, "four easy words Here")
    assert not needs_rehash(stored)


@pytest.mark.parametrize("stored", ["", "damaged", "$argon2id$v=19$"])
def test_no_passphrase_has_an_empty_or_damaged_hash(stored: str) -> None:
    assert not is_right(stored, "")
    assert not is_right(stored, "four easy words here")
