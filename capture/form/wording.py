"""What a field says to a visitor who has to mend an answer: it names the field and the mend."""

import re
from typing import Final

_TRAILING: Final = re.compile(r"\s*(\((optional|required)\)|[:*])\s*$", re.IGNORECASE)
_OWNERS: Final = frozenset({"a", "an", "my", "our", "the", "your"})
_QUESTIONS: Final = frozenset(
    "are can do does have how i is what when where which who why will".split()  # noqa: SIM905 # reads
)
_LONGEST_PHRASE: Final = 50


def request(verb: str, label: str, rest: str = "") -> str:
    """A sentence that asks for the field, such as "Enter your work e-mail as name@company.com."

    A label that is a question or a long sentence stands by itself, before what is asked.
    """
    label = _TRAILING.sub("", label).strip() or label
    first = label.split(" ", 1)[0]
    ends = label.endswith(("?", ".", "!"))
    if ends or len(label) > _LONGEST_PHRASE or first.casefold() in _QUESTIONS:
        return (
            f"{label} {verb} an answer{rest}."
            if ends
            else f"{label}: {verb.lower()} an answer{rest}."
        )
    if first[1:].islower() or len(first) == 1:
        label = label[0].lower() + label[1:]
    return f"{verb} {label if first.casefold() in _OWNERS else f'your {label}'}{rest}."
