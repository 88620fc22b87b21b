"""Texts made comparable: without case, width variants and stray spaces."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+[+#]*")


def folded(text: str) -> str:
    """The text for comparison: NFKC, case folded, spaces trimmed and made single."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def words(text: str) -> list[str]:
    """The words of a text for comparison; C++ and C# stay what they are."""
    return _WORD.findall(folded(text))
