"""The rule `control-character` for what is no plain text: references in HTML, and file names.

`publish.checks.post` finds the characters themselves, in text and front matter.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from capture.errors import short_path
from publish.checks.control_characters import (
    control_problem,
    control_references_outside_code,
    meant_letter,
    reference_problem,
)
from publish.checks.edit import replacement
from publish.checks.finding import Finding
from publish.checks.post import Post
from publish.checks.project import Writing

RULE: Final = "control-character"


def control_findings(post: Post) -> Iterator[Finding]:
    """References to control characters in a text, such as `&#7;`."""
    front_matter = post.front_matter
    found = Counter(control_references_outside_code(front_matter.body))
    for (below, reference), number in found.items():
        line = front_matter.body_line + below
        message = f"`{reference}` is {reference_problem(reference)}"
        edits = replacement(post.lines, [line], reference, meant_letter(reference), times=number)
        yield post.finding(RULE, line, message, edits)


def file_name_findings(writing: Writing) -> Iterator[Finding]:
    """Files with a control character in their name."""
    files, content = writing.content_files, writing.layout.content
    links = (path.relative_to(content).as_posix() for path in files.links)
    for name in (*files.names, *links):
        if message := control_problem(name):
            yield Finding(short_path(content / name), None, f"its name {message}", RULE)
