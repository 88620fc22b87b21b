"""Opens files as the type that their name says, and finds what is empty, cut off or mislabelled.

`content_problem` opens one file, `content_problems` many, in child processes and with a cache.
Writers' files are untrusted: each kind has limits of size, and the children one of time.
"""

from publish.file_types.content import content_problem, is_empty_text, is_openable
from publish.file_types.opened import content_problems

__all__ = ["content_problem", "content_problems", "is_empty_text", "is_openable"]
