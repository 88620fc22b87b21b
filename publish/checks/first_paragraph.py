"""The first paragraph of a text in plain words, as a draft of its summary."""

import re
from typing import Final

from publish.checks.commonmark import NO_DEFINITION, read_blocks, split_event

_MARKUP: Final = re.compile(r"[<>*_`\[\]\\{}|&~^$]|https?:")
"""Characters that Markdown may read as marks in a summary."""
_BLOCK_START: Final = re.compile(r"[-+#=!:]|\d+[.)]")
"""What may begin a list, a heading or a note in a summary."""
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s)|[\u3002\uff01\uff1f]")
_SKIPPED: Final = frozenset({"Image", "FootnoteReference", "InlineHtml"})
_ELLIPSIS: Final = "…"


def first_paragraph(text: str, shortest: int, longest: int) -> str:
    """The first paragraph, cut at the end of a sentence, else of a word.

    Empty if it is too short, or has marks or HTML that a summary would show in another way.
    """
    words = _words_of_first_paragraph(text)
    if len(words) < shortest or _MARKUP.search(words) or _BLOCK_START.match(words):
        return ""
    if len(words) <= longest:
        return words
    ends = [found.end() for found in _SENTENCE_END.finditer(words, 0, longest + 1)]
    if ends and shortest <= ends[-1] <= longest:
        return words[: ends[-1]]
    start, blank, _ = words[:longest].rpartition(" ")
    start = start.rstrip(" ,;:-\u2013\u2014")
    return f"{start}{_ELLIPSIS}" if blank and len(start) + 1 >= shortest else ""


def _words_of_first_paragraph(text: str) -> str:
    """The words of the first block that is a paragraph with words; empty if it has other parts."""
    depth = 0
    words: list[str] | None = None
    for event, _ in read_blocks(text).events:
        kind, name, data = split_event(event)
        if kind == "Start" and name == "Paragraph" and depth == 0:
            words = []
        elif words is not None and name in _SKIPPED:
            return ""
        elif words is not None and name in {"Text", "Code"}:
            words.append(data.replace(NO_DEFINITION, ""))
        elif words is not None and name in {"SoftBreak", "HardBreak"}:
            words.append(" ")
        depth += (kind == "Start") - (kind == "End")
        if kind == "End" and name == "Paragraph" and words is not None:
            return " ".join("".join(words).split())
    return ""
