"""The rule `control-character` for what is no plain text: references in HTML, and file names.

`publish.checks.post` finds the characters themselves, in text and front matter.
"""

from collections.abc import Iterator
from typing import Final

from capture.errors import short_path
from publish.checks.control_characters import (
    control_problem,
    control_references_outside_code,
    reference_problem,
)
from publish.checks.finding import Finding
from publish.checks.project import Writing

RULE: Final = "control-character"


def control_findings(writing: Writing) -> Iterator[Finding]:
    """References to control characters, such as `&#7;`, and files with one in their name."""
    for post in writing.posts:
        front_matter = post.front_matter
        for line, reference in control_references_outside_code(front_matter.body):
            message = f"`{reference}` is {reference_problem(reference)}"
            yield post.finding(RULE, front_matter.body_line + line, message)
    files = writing.content_files
    for path in (*files.regular, *files.links):
        if message := control_problem(path.relative_to(writing.layout.content).as_posix()):
            yield Finding(short_path(path), None, f"its name {message}", RULE)
