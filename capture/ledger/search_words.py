"""Words by which leads are found: name, e-mail address, company, phone number, URL.

The table has no text, only keyed hashes of the beginnings of words. An index of texts could not be
erased (rule 31 of docs/rules.md): SQLite moves the entries of an index between pages, and bytes of
earlier places remain in unused parts of a page, even with `PRAGMA secure_delete` (see
`capture.ledger.erasure`). A full-text index (FTS5) keeps deleted words until its parts are merged,
and SQLite 3.40 cannot overwrite them. A hash that remains reveals nothing without the key.

For each word there are the hashes of its first 3, 5 and 8 characters. A search reads the longest of
them that its word has, and then compares the whole word with the lead's answers.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from capture.campaign.model import Answer, Campaign, FieldType
from capture.form.contact import phone_in_groups
from capture.lead.events import parse_time
from capture.ledger.campaigns import SqlCampaigns, parse_version
from capture.ledger.dialect import Connection, placeholders
from capture.ledger.people import KeyedHash
from capture.ledger.types import PersonalData
from capture.text import fold_case

TABLE: Final = """
    CREATE TABLE search_words (
        word INTEGER NOT NULL,  -- keyed hash of the beginning of a word
        received INTEGER NOT NULL,  -- microseconds since 1970
        lead_id TEXT NOT NULL,
        PRIMARY KEY (word, received, lead_id)
    ) STRICT, WITHOUT ROWID;
"""

SEARCHABLE: Final = frozenset({FieldType.TEXT, FieldType.EMAIL, FieldType.PHONE, FieldType.URL})
"""The types of the fields whose answers are searched."""
MOST_WORDS: Final = 40
"""Words of a lead that are stored; a person has fewer."""
_LENGTHS: Final = (3, 5, 8)
_CJK: Final = "\u2e80"
"""The first of the scripts in which one or two characters are a word."""
_WORD: Final = re.compile(r"[^\W_]+")
_PHONE: Final = re.compile(r"[+(]?\d[\d\s().+/-]*")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def words_of_search(text: str) -> list[str]:
    """The words of a text to search for, each once, the longest first. A phone number is one."""
    text = text.strip()
    if _PHONE.fullmatch(text):
        return ["".join(re.findall(r"\d+", text))]
    return sorted(dict.fromkeys(_WORD.findall(fold_case(text))), key=len, reverse=True)


def searchable_answers(terms: Campaign, data: PersonalData) -> Mapping[str, str]:
    """The answers that are searched, by field, also those that could not be verified."""
    answers: Mapping[str, Answer] = {**data.unverified, **data.answers}
    return {
        name: str(answers[name])
        for name, field in terms.fields.items()
        if field.type in SEARCHABLE and answers.get(name)
    }


def matches(words: Iterable[str], answers: Iterable[str]) -> bool:
    """Whether each word is the beginning of a word in the answers."""
    found = {word for answer in answers for word in _words_of_answer(answer)}
    return all(any(each.startswith(word) for each in found) for word in words)


def is_exact(word: str) -> bool:
    """Whether the table says alone if a lead has a word that begins with this one."""
    return _stored_beginning(word) == word


def microseconds(moment: datetime) -> int:
    """The time as the table stores it."""
    return (moment - _EPOCH) // _MICROSECOND


def search_keys(keyed_hash: KeyedHash, terms: Campaign, data: PersonalData) -> Sequence[int]:
    """The hashes for one lead, each once."""
    answers = searchable_answers(terms, data).values()
    words = dict.fromkeys(word for answer in answers for word in _words_of_answer(answer))
    beginnings = (each for word in list(words)[:MOST_WORDS] for each in _beginnings(word))
    return [_hash(keyed_hash, each) for each in dict.fromkeys(beginnings)]


@dataclass(frozen=True, slots=True)
class SearchWords:
    """Writes the words of leads, and gives the hash of a word."""

    connection: Connection
    keyed_hash: KeyedHash
    campaigns: SqlCampaigns

    def key(self, word: str) -> int:
        """The hash to look for."""
        return _hash(self.keyed_hash, _stored_beginning(word))

    def save(self, lead_id: str, data: PersonalData) -> None:
        """Adds the words of a lead; none if the ledger does not have its campaign version."""
        self.connection.executemany(
            "INSERT INTO search_words (word, received, lead_id) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            self._rows(lead_id, data),
        )

    def delete(self, lead_id: str, data: PersonalData) -> None:
        """Removes the words of a lead; `data` is as it was when they were added."""
        self.connection.executemany(
            "DELETE FROM search_words WHERE word = ? AND received = ? AND lead_id = ?",
            self._rows(lead_id, data),
        )

    def compare(self, lead_id: str, data: PersonalData) -> tuple[int, int]:
        """How many words the lead should have, and how many of them are stored; for `verify`."""
        rows = self._rows(lead_id, data)
        if not rows:
            return 0, 0
        _, received, _ = rows[0]
        words = [word for word, *_ in rows]
        (found,) = self.connection.execute(
            "SELECT count(*) FROM search_words WHERE received = ? AND lead_id = ?"
            f" AND word IN ({placeholders(words)})",
            (received, lead_id, *words),
        ).fetchone()
        return len(words), int(found)

    def count(self) -> int:
        """The number of all stored words; for `verify`."""
        return int(self.connection.execute("SELECT count(*) FROM search_words").fetchone()[0])

    def _rows(self, lead_id: str, data: PersonalData) -> list[tuple[int, int, str]]:
        row = self.connection.execute(
            "SELECT received_at, campaign, version FROM leads WHERE lead_id = ?", (lead_id,)
        ).fetchone()
        if row is None:
            return []
        received_at, campaign, version = row
        text = self.campaigns.version_text(campaign, version)
        if text is None:
            return []
        terms = parse_version(campaign, version, text)
        received = microseconds(parse_time(received_at))
        return [(word, received, lead_id) for word in search_keys(self.keyed_hash, terms, data)]


def _hash(keyed_hash: KeyedHash, beginning: str) -> int:
    return int.from_bytes(keyed_hash.of("word", beginning)[:8], "big", signed=True)


def _beginnings(word: str) -> Iterator[str]:
    """The beginnings that are stored for a word."""
    lengths = (1, 2, *_LENGTHS) if word[0] >= _CJK else _LENGTHS
    if len(word) < lengths[0]:
        yield word
    yield from (word[:length] for length in lengths if length <= len(word))


def _stored_beginning(word: str) -> str:
    """The longest beginning of a word that is stored; a short word is stored itself."""
    *_, longest = _beginnings(word)
    return longest


def _words_of_answer(answer: str) -> Iterator[str]:
    yield from _WORD.findall(fold_case(answer))
    if answer.startswith("+") and _PHONE.fullmatch(answer):
        yield from _national_number(answer)


def _national_number(phone: str) -> Iterator[str]:
    """The digits of a phone number without the country's code, for people who leave it out."""
    grouped = phone_in_groups(phone)
    if grouped is not None:
        yield "".join(re.findall(r"\d", grouped.partition(" ")[2]))
