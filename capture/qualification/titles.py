"""Compares job titles word by word; common abbreviations count as the full words.

The title must contain the words of the criterion next to each other and in the same order.
Assistants and former holders do not match: see `not_after` and `not_before` in `rule_data.toml`.
"""

from collections.abc import Callable, Iterable, Sequence

from capture.qualification.verdict import RULE_DATA, casefold_text, words

_DATA = RULE_DATA["titles"]
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_DROPPED = str.maketrans({".": "", "'": "", _APOSTROPHE: "", "&": " and ", "+": " "})
_IGNORED = frozenset(_DATA["ignored"])
_NOT_AFTER = frozenset(_DATA["not_after"])
_NOT_BEFORE = frozenset(_DATA["not_before"])
_NO_MATCH = "which is none of these"

Phrase = tuple[str, ...]
Phrases = dict[str, list[tuple[Phrase, Phrase]]]
"""First word to pairs of a phrase and its replacement, the longest phrase first."""


def _by_first_word(phrases: Iterable[tuple[Phrase, Phrase]]) -> Phrases:
    by_first_word: Phrases = {}
    for phrase, replacement in sorted(phrases, key=lambda pair: -len(pair[0])):
        by_first_word.setdefault(phrase[0], []).append((phrase, replacement))
    return by_first_word


def _replace_phrases(title: Sequence[str], phrases: Phrases) -> list[str]:
    replaced: list[str] = []
    index = 0
    while index < len(title):
        for phrase, replacement in phrases.get(title[index], ()):
            if len(phrase) == 1 or tuple(title[index : index + len(phrase)]) == phrase:
                replaced += replacement
                index += len(phrase)
                break
        else:
            replaced.append(title[index])
            index += 1
    return replaced


_WHOLE = _by_first_word((tuple(whole.split()), (whole,)) for whole in _DATA["whole"])
_SAME = _by_first_word(
    [
        (tuple(form.split()), tuple(_replace_phrases(full.split(), _WHOLE)))
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


def _normalize(title: str) -> list[str]:
    """The words with abbreviations written out, including ignored words."""
    return _replace_phrases(words(casefold_text(title).translate(_DROPPED)), _SAME)


def _join_words(title: Iterable[str]) -> str:
    """The words separated by bars, so that `find` matches only whole adjacent words."""
    return "|" + "".join(f"{word}|" for word in title)


def _significant_words(title: Iterable[str]) -> list[str]:
    return [word for word in title if word not in _IGNORED]


class _Patterns:
    """All ways to write a criterion's titles.

    Ignored words are removed, except in a title that ends with one, such as `Head of`.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        bare: set[str] = set()
        literal: set[str] = set()
        for pattern in patterns:
            title = _normalize(pattern)
            for variant in (
                title,
                _replace_phrases(title, _ABBREVIATED),
                _replace_phrases(title, _WRITTEN_OUT),
            ):
                if variant and variant[-1] in _IGNORED:
                    literal.add(_join_words(variant))
                elif variant:
                    bare.add(_join_words(_significant_words(variant)))
        self.bare = tuple(sorted(bare))
        self.literal = tuple(sorted(literal))


def title_test(patterns: Iterable[str]) -> Callable[[str], str]:
    """A test for job titles: returns "" if the title matches a pattern, else the reason."""
    accepted = _Patterns(patterns)

    def test(title: str) -> str:
        canonical = _normalize(title)
        problem = _mismatch(canonical, _join_words(_significant_words(canonical)), accepted.bare)
        if not problem or not accepted.literal:
            return problem
        other = _mismatch(canonical, _join_words(canonical), accepted.literal)
        return problem if other == _NO_MATCH else other

    return test


def _mismatch(canonical: Sequence[str], line: str, accepted: Iterable[str]) -> str:
    matches = [(at, variant) for variant in accepted if (at := line.find(variant)) >= 0]
    if not matches:
        return _NO_MATCH
    word_before, limit = _word_before(canonical, line)
    word_after = _word_after(canonical)
    if any(at <= limit and (not word_after or line.endswith(variant)) for at, variant in matches):
        return ""
    return f"where “{word_before or word_after}” makes it another post"


def _word_before(canonical: Sequence[str], line: str) -> tuple[str, int]:
    """The first word after which titles do not count, and its position in the line."""
    for word in canonical:
        if word in _NOT_AFTER:
            return word, line.find(f"|{word}|")
    return "", len(line)


def _word_after(canonical: Sequence[str]) -> str:
    """The last word if it changes the meaning of the title before it: CEO Assistant."""
    last = canonical[-1] if canonical else ""
    return last if last in _NOT_BEFORE and "and" not in canonical[-2:-1] else ""
