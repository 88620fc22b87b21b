"""Passphrases: what is accepted, and how hashes are compared."""

import pytest
from argon2 import PasswordHasher

from capture.errors import Refused
from capture.users import passphrase
from capture.users.passphrase import check_passphrase, hash_passphrase, is_right, needs_rehash


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("eleven char", "fewer than 12"),
        ("x" * 1001, "more than 1,000"),
        ("aaaaaaaaaaaaaaaa", "too easy"),
        ("Carol Diaz Lopez", "too easy"),
    ],
)
def test_a_weak_passphrase_is_refused(words: str, problem: str) -> None:
    with pytest.raises(Refused, match=problem):
        check_passphrase(words, "carol diaz lopez")


@pytest.mark.parametrize("words", ["four easy words here", "ẞchön ünd läng", "k7!" * 4 + "xyz"])
def test_a_long_passphrase_is_accepted_whatever_its_characters(words: str) -> None:
    check_passphrase(words, "Carol")


def test_only_the_same_passphrase_has_the_hash() -> None:
    stored = hash_passphrase("four easy words here")
    assert stored.startswith("$argon2id$")
    assert stored != hash_passphrase("four easy words here")
    assert is_right(stored, "four easy words here")
    assert not is_right(stored, "four easy words Here")
    assert not needs_rehash(stored)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_known_and_an_unknown_user_cost_the_same_hashes_also_the_first_time(
    monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    stored, calls = hash_passphrase("four easy words here") if is_known else "", []

    class Counting(PasswordHasher):
        def hash(self, *arguments: str) -> str:  # type: ignore[override]
            calls.append("hash")
            return super().hash(*arguments)

        def verify(self, *arguments: str) -> bool:  # type: ignore[override]
            calls.append("verify")
            return super().verify(*arguments)

    monkeypatch.setattr(passphrase, "_HASHER", Counting(time_cost=1, memory_cost=64))
    passphrase._hash_of_nothing.cache_clear()
    is_right(stored, "other words here")
    passphrase._hash_of_nothing.cache_clear()
    assert calls == ["hash", "verify"]


@pytest.mark.parametrize("stored", ["", "damaged", "$argon2id$v=19$"])
def test_no_passphrase_has_an_empty_or_damaged_hash(stored: str) -> None:
    assert not is_right(stored, "")
    assert not is_right(stored, "four easy words here")
