"""A finding as GitHub shows it beside the line of a pull request.

The format is that of workflow commands: `::error file=...,line=...,title=...::message`.
"""

from typing import Final

from publish.writing.finding import Finding

_IN_MESSAGE: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY: Final = _IN_MESSAGE | str.maketrans({":": "%3A", ",": "%2C"})


def annotation(level: str, finding: Finding) -> str:
    """One line for the log of a workflow; `level` is error or warning."""
    said = {"file": finding.path, "line": str(finding.line or 1), "title": finding.rule}
    properties = ",".join(f"{name}={text.translate(_IN_PROPERTY)}" for name, text in said.items())
    return f"::{level} {properties}::{finding.message.translate(_IN_MESSAGE)}"
