"""A Pelican plugin, after all that change a text: reports `{...}` that is left in a finished page.

The checks find nearly every such mistake before a page is made. But an extension of Markdown can
make links that the checks do not see. So this plugin searches the finished HTML for links and tags
that nothing replaced. Before that it replaces the links of each `srcset`, which Pelican does not
read. Helpers that other plugins share are here too.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import unquote

from pelican import signals

from capture.errors import short_path
from capture.paths import name_below
from publish.checks.html_links import SOURCES, find_links, links_of, rewrite_links
from publish.checks.project import WRITING
from publish.checks.source_files import SUFFIXES
from publish.checks.tag_syntax import STRAY_TAG
from publish.plugins import problems
from publish.plugins.kept_files import KEPT_FILES
from publish.plugins.problems import get_report
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import new_texts
from publish.shared_work import share

Result = TypeVar("Result")
_UNRESOLVED_LINK: Final = re.compile(r"(?:\{\w+\}|\|\w+\|)\S*")
_FILE: Final = re.compile(r"[{|](?:static|attach|filename)[}|](?P<path>[^#?]+)")
_TEXT_END: Final = rf"""(?:{"|".join(map(re.escape, sorted(SUFFIXES)))})["'#?]"""
_NO_TEXT: Final = re.compile(
    rf"""[{{|](?:static|attach)[}}|]|[{{|]filename[}}|](?![^\s"'<>#?]*{_TEXT_END})"""
)
"""A quick test of a tag: most links in braces lead to other texts."""
_ATTACH: Final = re.compile(r"[{|]attach[}|]")
_CODE: Final = frozenset({"pre", "code", "script", "style", "textarea"})
_SUSPECT: Final = re.compile(rf"""["'=,\s][{{|]\w+[}}|]|{STRAY_TAG.pattern}""")
"""A quick test: only pages that match are parsed."""


def linked_files(content: Any) -> frozenset[str]:
    """The files below the content folder that a text links to, also in a `srcset`."""
    html = content._content or ""
    links = find_links(html, _NO_TEXT) if _NO_TEXT.search(html) else ()
    names = (_linked_file(content, link.target) for link in links)
    return frozenset(name for name in names if name)


def _linked_file(content: Any, link: str) -> str:
    """The name, below the content folder, of the file that a link in braces leads to."""
    match = _FILE.match(link)
    path = unquote(match["path"]) if match else ""
    if not path or posixpath.splitext(path)[1] in SUFFIXES:
        return ""
    folder = posixpath.dirname(str(content.get_relative_source_path()))
    return posixpath.normpath(name_below(path, folder))


def replace_links_of_sources(generators: Any) -> None:
    """Replaces the links in braces of each `srcset` with the addresses of the files."""
    context = generators[0].context
    static_files, url = context["static_content"], context["site"].url

    for content in new_texts(context):
        text = content._content or ""

        def address(link: str, content: Any = content) -> str:
            file = static_files.get(_linked_file(content, link))
            return f"{url}/{file.url}" if file else link

        if "srcset" in text.lower():
            content._content = rewrite_links(text, address, SOURCES)


def with_translations(items: Iterable[Any]) -> Iterator[Any]:
    """Each article or page, followed by its translations."""
    for content in items:
        yield from (content, *content.translations)


def line_of(content: Any, text: str) -> int | None:
    """The line of the content's file with this text; None if it is not certain."""
    post = content.settings[WRITING].text_at(Path(content.source_path).absolute())
    return post.line_of(text) if post else None


def line_of_key(content: Any, key: str) -> int | None:
    """The line of a key of the content's front matter; None for content without a file."""
    post = content.settings[WRITING].text_at(Path(content.source_path).absolute())
    return post.line(key) if post else None


def finished(contents: Sequence[Any], work: Callable[[Any], Result]) -> Iterator[Result]:
    """The result of `work` for each new text with its finished HTML; many on all processors.

    When Pelican finishes a text with a link in braces to a file, it notes that the file is linked,
    and then no text can attach it. So one process finishes all texts if one of them attaches files.
    Pelican would format the address of a text for each link to it; here it is formatted once.
    """
    to_format = [content for content in contents if not hasattr(content, "override_url")]
    addresses = {id(content): content.url for content in to_format}

    def work_on(content: Any) -> Result:
        address = addresses.get(id(content))
        if address is None:
            return work(content)
        del content.override_url  # `work` reads the text without it
        try:
            return work(content)
        finally:
            content.override_url = address

    for content in to_format:
        content.override_url = addresses[id(content)]
    try:
        attaches = any(map(_attaches, contents))
        yield from map(work_on, contents) if attaches else share(work_on, contents)
    finally:
        for content in to_format:
            vars(content).pop("override_url", None)


def _attaches(content: Any) -> bool:
    fields = (content.metadata.get(name) for name in content.settings["FORMATTED_FIELDS"])
    return any(_ATTACH.search(str(html)) for html in (content._content, *fields))


def check_finished_pages(generators: Any) -> None:
    """Reports each `{...}` in a finished article or page that should have been replaced."""
    settings = generators[0].settings
    refused = {problem.path for problem in get_report(settings).problems}
    contents = [
        content
        for content in new_texts(generators[0].context)
        # Nothing replaces a refused link out of the content folder.
        if short_path(Path(content.source_path)) not in refused
    ]
    if KEPT_FILES in settings and not any(map(_attaches, contents)):
        return  # the build finishes each text once, later, and searches it then
    for _ in finished_and_checked(contents, lambda _: None):
        pass


def finished_and_checked(
    contents: Sequence[Any], work: Callable[[Any], Result]
) -> Iterator[Result | None]:
    """Like `finished`. Reports each `{...}` that is left; the result of such a text is None."""

    def check(content: Any) -> tuple[list[str], Result | None]:
        left = unresolved(content.content)
        return left, None if left else work(content)

    for content, (left, result) in zip(contents, finished(contents, check), strict=True):
        for text in dict.fromkeys(left):
            message = (
                f"`{text}` would be shown to readers as it is: correct it, "
                "or put it between backticks to show it"
            )
            source = Path(content.source_path)
            get_report(content.settings).problem(source, line_of(content, text), message)
        yield result


def unresolved(html: str) -> list[str]:
    """Links in braces and form tags that are left in a page, outside code and comments."""
    if not ("{" in html or "|" in html) or not _SUSPECT.search(html):
        return []
    search = _Search()
    search.feed(html)
    search.close()
    return search.matches


class _Search(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)  # `&#123;` is a brace that shall be shown
        self.matches: list[str] = []
        self._code: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _CODE:
            self._code.append(tag)
        for name, value in attrs:
            matches = map(_UNRESOLVED_LINK.match, links_of(name, value or ""))
            self.matches += (match[0] for match in matches if match)

    def handle_endtag(self, tag: str) -> None:
        if self._code and self._code[-1] == tag:
            self._code.pop()

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.matches += (match[0].strip() for match in STRAY_TAG.finditer(data))


def register() -> None:
    """Called by Pelican."""
    problems.register()
    connect_last(signals.all_generators_finalized, replace_links_of_sources)
    connect_last(signals.all_generators_finalized, check_finished_pages)
