"""Mistakes in a file as sentences: which key, what it holds, and the mend."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from capture.campaign.keypath import KeyPath, holds, value_at


@dataclass(frozen=True)
class Finding:
    """A mistake before its line is known: the key's path in the file, and what to say of it."""

    path: KeyPath
    message: str

    def told(self, data: Mapping[str, Any]) -> str:
        """The whole sentence, with the key and what it holds now."""
        held = value_at(data, self.path) if holds(data, self.path) else None
        key = dotted(self.path)
        if held is None or isinstance(held, Mapping):
            return f"{key}: {self.message}" if key else self.message
        verb = "holds" if isinstance(self.path[-1], int) else "="
        return f"{key} {verb} {shown(held)}: {self.message}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """What is known and spelt nearly like the word, upper or lower case aside."""
    names = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?` if something known is spelt nearly like the word, else nothing."""
    name = nearest(word, known)
    return f"; did you mean `{name}`?" if name else ""


def listed(words: Iterable[Any], last: str = ", ") -> str:
    """Words in quotes, as they stand in a file: "a", "b"."""
    quoted = [shown(word) for word in words]
    return last.join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def shown(value: Any) -> str:
    """A value as a file would hold it, on one line and not too long to read."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, list | tuple):
        text = f"[{', '.join('[...]' if isinstance(v, list) else shown(v) for v in value)}]"
    elif isinstance(value, Mapping):
        text = "a table"
    else:
        text = str(value)
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return text if len(text) <= 80 else text[:77] + "..."


def dotted(path: KeyPath) -> str:
    """The key as TOML would spell it: `fields.email.type`."""
    parts = []
    for step in path:
        if isinstance(step, int):
            continue
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", step)
        parts.append(step if bare else shown(step))
    return ".".join(parts)
