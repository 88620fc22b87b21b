"""Job titles compared word by word, with the usual abbreviations taken as the same.

The words of a criterion must stand next to each other in the title, in that order. Who assists
someone, or was someone, does not match: see `not_after` and `not_before` in `rule_data.toml`.
"""

from collections.abc import Callable, Iterable, Sequence

from capture.qualification.verdict import RULE_DATA, casefold_text, words

_DATA = RULE_DATA["titles"]
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_DROPPED = str.maketrans({".": "", "'": "", _APOSTROPHE: "", "&": " and ", "+": " "})
_IGNORED = frozenset(_DATA["ignored"])
_NOT_AFTER = frozenset(_DATA["not_after"])
_NOT_BEFORE = frozenset(_DATA["not_before"])
_UNLIKE = "which is none of these"

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


def _normalized(title: str) -> list[str]:
    """Words with abbreviations written out; ignored words are still there."""
    return _replaced(words(casefold_text(title).translate(_DROPPED)), _SAME)


def _line(title: Iterable[str]) -> str:
    """The words between bars, so that `find` finds whole words that stand next to each other."""
    return "|" + "".join(f"{word}|" for word in title)


def _significant_words(title: Iterable[str]) -> list[str]:
    return [word for word in title if word not in _IGNORED]


class _Ways:
    """The ways of writing a criterion's titles; one that ends like `Head of` asks for the `of`."""

    def __init__(self, patterns: Iterable[str]) -> None:
        bare: set[str] = set()
        literal: set[str] = set()
        for pattern in patterns:
            title = _normalized(pattern)
            for way in (title, _replaced(title, _ABBREVIATED), _replaced(title, _WRITTEN_OUT)):
                if way and way[-1] in _IGNORED:
                    literal.add(_line(way))
                elif way:
                    bare.add(_line(_significant_words(way)))
        self.bare = tuple(sorted(bare))
        self.literal = tuple(sorted(literal))


def title_test(patterns: Iterable[str]) -> Callable[[str], str]:
    """A test for job titles: gives "" for one that matches any pattern, else why it does not."""
    ways = _Ways(patterns)

    def test(title: str) -> str:
        canonical = _normalized(title)
        problem = _fault(canonical, _line(_significant_words(canonical)), ways.bare)
        if not problem or not ways.literal:
            return problem
        other = _fault(canonical, _line(canonical), ways.literal)
        return problem if other == _UNLIKE else other

    return test


def _fault(canonical: Sequence[str], line: str, ways: Iterable[str]) -> str:
    found = [(at, way) for way in ways if (at := line.find(way)) >= 0]
    if not found:
        return _UNLIKE
    before, barred_from = _word_before(canonical, line)
    after = _word_after(canonical)
    if any(at <= barred_from and (not after or line.endswith(way)) for at, way in found):
        return ""
    return f"where “{before or after}” makes it another post"


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
