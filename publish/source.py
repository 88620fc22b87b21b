"""Where in a file that a writer wrote something stands, so that an error can name the line.

Pelican and Markdown keep no line numbers, so we look the text up in the source again.
"""

import re
from pathlib import Path

_CODE = (
    re.compile(r"^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^(?P=fence)[ \t]*$", re.DOTALL | re.MULTILINE),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"<(?P<tag>pre|code|script|style)\b.*?</(?P=tag)>", re.DOTALL | re.IGNORECASE),
    re.compile(r"(?P<ticks>`+)[^\n]+?(?P=ticks)"),
)
_INDENTED = re.compile(r" {4}|\t")


def read(path: Path) -> str:
    """The file's text as Pelican sees it; whatever is no UTF-8 shows as a replacement character."""
    return path.read_text(encoding="utf-8-sig", errors="replace")


def line_of_text(path: Path, wanted: str, nth: int = 0) -> int | None:
    """The line on which the text stands outside code, for the n-th time counted from 0."""
    lines = [
        (bool(_INDENTED.match(line)), number)
        for number, line in enumerate(_without_code(read(path)).split("\n"), start=1)
        for _ in range(line.count(wanted))
    ]
    # An indented line is most likely code, so it comes into question last.
    return sorted(lines)[nth][1] if nth < len(lines) else None


def line_of_key(path: Path, key: str) -> int | None:
    """The line of `Key: value` at the head of the file."""
    start = f"{key.lower()}:"
    return next((n for n, line in _head(path) if line.lower().startswith(start)), None)


def _head(path: Path) -> list[tuple[int, str]]:
    """The lines of the metadata: up to the first empty one, or between lines of `---`."""
    text = read(path).replace("\r\n", "\n")
    head, _, _ = text.partition("\n---\n" if text.startswith("---\n") else "\n\n")
    return list(enumerate(head.split("\n"), start=1))


def _without_code(text: str) -> str:
    for pattern in _CODE:
        text = pattern.sub(lambda found: "\n" * found[0].count("\n"), text)
    return text
