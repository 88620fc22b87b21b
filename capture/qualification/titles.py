"""Job titles compared word by word, with the usual abbreviations taken as the same.

The words of a criterion must stand next to each other in the title, in that order. Who assists
someone, or was someone, does not match: see `not_after` and `not_before` in `rule_data.toml`.
"""

from collections.abc import Callable, Iterable, Sequence

from capture.qualification.rule_data import RULE_DATA
from capture.qualification.text import folded, words

_DATA = RULE_DATA["titles"]
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_DROPPED = str.maketrans({".": "", "'": "", _APOSTROPHE: "", "&": " and ", "+": " "})
_IGNORED = frozenset(_DATA["ignored"])
_NOT_AFTER = frozenset(_DATA["not_after"])
_NOT_BEFORE = frozenset(_DATA["not_before"])

Phrase = tuple[str, ...]
Phrases = dict[str, list[tuple[Phrase, Phrase]]]
"""A phrase and what it becomes, found by the phrase's first word, the longest first."""


def _by_first_word(phrases: Iterable[tuple[Phrase, Phrase]]) -> Phrases:
    found: Phrases = {}
    for phrase, becomes in sorted(phrases, key=lambda pair: -len(pair[0])):
        found.setdefault(phrase[0], []).append((phrase, becomes))
    return found


def _replaced(title: Sequence[str], phrases: Phrases) -> list[str]:
    out: list[str] = []
    at = 0
    while at < len(title):
        for phrase, becomes in phrases.get(title[at], ()):
            if len(phrase) == 1 or tuple(title[at : at + len(phrase)]) == phrase:
                out += becomes
                at += len(phrase)
                break
        else:
            out.append(title[at])
            at += 1
    return out


_WHOLE = _by_first_word((tuple(whole.split()), (whole,)) for whole in _DATA["whole"])
_SAME = _by_first_word(
    [
        (tuple(form.split()), tuple(_replaced(full.split(), _WHOLE)))
        for full, forms in _DATA["same"].items()
        for form in (full, *forms)
    ]
    + [(tuple(whole.split()), (whole,)) for whole in _DATA["whole"] if whole not in _DATA["same"]]
)
_ABBREVIATED = _by_first_word(
    (tuple(full.split()), (short,)) for short, fulls in _DATA["several"].items() for full in fulls
)
_WRITTEN_OUT = _by_first_word(
    ((short,), tuple(fulls[0].split())) for short, fulls in _DATA["several"].items()
)


def _canonical(title: str) -> list[str]:
    """Words with abbreviations written out; ignored words are still there."""
    return _replaced(words(folded(title).translate(_DROPPED)), _SAME)


def _line(title: Iterable[str]) -> str:
    """The words between bars, so that `in` finds whole words that stand next to each other."""
    return "|" + "".join(f"{word}|" for word in title if word not in _IGNORED)


def _needles(pattern: str) -> set[str]:
    """The ways of writing one title of a criterion, leaving out one that has no words."""
    title = _canonical(pattern)
    ways = (title, _replaced(title, _ABBREVIATED), _replaced(title, _WRITTEN_OUT))
    return {_line(way) for way in ways} - {"|"}


def title_test(patterns: Iterable[str]) -> Callable[[str], str]:
    """A test for job titles: gives "" for one that matches any pattern, else why it does not."""
    needles = tuple(sorted({needle for pattern in patterns for needle in _needles(pattern)}))

    def test(title: str) -> str:
        canonical = _canonical(title)
        line = _line(canonical)
        found = [(at, needle) for needle in needles if (at := line.find(needle)) >= 0]
        if not found:
            return "which is none of these"
        before, barred_from = _word_before(canonical, line)
        after = _word_after(canonical)
        if any(at <= barred_from and (not after or line.endswith(way)) for at, way in found):
            return ""
        return f"where “{before or after}” makes it another post"

    return test


def _word_before(canonical: Sequence[str], line: str) -> tuple[str, int]:
    """The first word after which no title counts, and where it stands in the line."""
    for word in canonical:
        if word in _NOT_AFTER:
            return word, line.find(f"|{word}|")
    return "", len(line)


def _word_after(canonical: Sequence[str]) -> str:
    """The last word, if it makes the titles before it someone else's: CEO Assistant."""
    last = canonical[-1] if canonical else ""
    return last if last in _NOT_BEFORE and "and" not in canonical[-2:-1] else ""
