"""Which pictures are published as they were put down: those that are not shown in smaller files."""

import html
import re
from collections.abc import Container, Iterator, MutableMapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from publish.links import contents, linked_files
from publish.picture_files import tells_place
from publish.problems import Report

KINDS: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff"})
_LINKED: Final = re.compile(r"""=\s*["']/(?P<path>[^"'#?]+)""")


def leave_out(generator: Any, shown: Container[str], report: Report) -> None:
    """Keeps originals off the site that are only shown; refuses those that tell a place."""
    linked = set(_still_linked(generator.context))
    kept = []
    for static in generator.staticfiles:
        path = static.relative_source_path
        if path in shown and path not in linked:
            continue
        kept.append(static)
        _check_place(Path(static.source_path), report)
    generator.context["staticfiles"] = generator.staticfiles = kept


def _still_linked(context: MutableMapping[str, Any]) -> Iterator[str]:
    for content in contents(context):
        yield from linked_files(content)
        for link in _LINKED.finditer(content._content or ""):
            yield unquote(html.unescape(link["path"]))


def _check_place(source: Path, report: Report) -> None:
    if source.suffix.lower() not in KINDS or not source.is_file():
        return
    try:
        if tells_place(source):
            message = "tells where it was taken, and would be published: save it without the place"
            report.problem(source, None, message)
    except ValueError as error:
        report.warn(source, None, str(error))
