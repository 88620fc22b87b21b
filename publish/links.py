"""A Pelican plugin that follows every link into the site's own files, and compares addresses.

Pelican warns of a `{filename}` link that leads nowhere, a few times, and publishes it as it stands;
a missing `{static}` file it does not miss at all. Two files with one address it finds too late.
"""

import difflib
import html
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, MutableMapping
from pathlib import Path
from typing import Any, Final

from pelican import signals
from pelican.contents import Article, Page

from capture.paths import ConfinedFolder
from publish import problems
from publish.problems import Report, report_of
from publish.source import line_of_key, line_of_text
from publish.wiring import listen

# What is left in an attribute after Pelican has put addresses in the place of what it could find.
_LEFT: Final = re.compile(
    r"\b(?:href|src|srcset|poster|data|cite|action|formaction)\s*=\s*"
    r"""(?P<quote>["'])(?P<link>(?:\{(?P<what>\w+)\}|\|(?P<old>\w+)\|).*?)(?P=quote)"""
)
_BRACED: Final = re.compile(r"""["'][{|]""")
_PLACES: Final = ("filename", "static", "attach", "category", "tag", "author", "index")


def check_all(generators: Any) -> None:
    """Reports every link that leads nowhere and every address that two files claim."""
    context, settings = generators[0].context, generators[0].settings
    report = report_of(settings)
    for content in contents(context):
        _check_links(content, context, report)
    for static in context["static_content"].values():
        path = Path(static.source_path)
        if path.is_symlink() and not path.exists():
            report.problem(path, None, f"leads to {path.readlink()}, which is not there")
    _check_addresses(context, settings, report)


def contents(context: MutableMapping[str, Any]) -> Iterator[Any]:
    """The articles and pages that could be read, drafts included."""
    return (content for content in context["generated_content"].values() if content is not None)


def linked_files(content: Any) -> frozenset[str]:
    """The files below the content folder that a text links to.

    Pelican goes through the whole text for them: once is enough, until a plugin changes it.
    """
    text, files = getattr(content, "files_of_text", (None, frozenset()))
    if text is not content._content:
        files = frozenset(content.get_static_links())
        content.files_of_text = content._content, files
    return files


def with_translations(found: Iterable[Any]) -> Iterator[Any]:
    """Each of them, followed by the same in other languages."""
    for content in found:
        yield from (content, *content.translations)


def _check_links(content: Any, context: MutableMapping[str, Any], report: Report) -> None:
    source = Path(content.source_path)
    seen: Counter[str] = Counter()
    for link, message in (*_missing_files(content, context), *_left_over(content, context)):
        line = line_of_text(source, link, seen[link])
        seen[link] += 1
        report.problem(source, line, message)


def _missing_files(content: Any, context: MutableMapping[str, Any]) -> Iterator[tuple[str, str]]:
    root = Path(content.settings["PATH"])
    folder = ConfinedFolder(root)
    for path in sorted(linked_files(content)):
        if not folder.why_no_file(path) and folder.find_file(path) is None:
            there = [known for known in context["static_content"] if folder.find_file(known)]
            near = _near(path, there, "")
            message = f"links to `{path}`, but there is no such file in {root.name}/{near}"
            yield Path(path).name, message


def _left_over(content: Any, context: MutableMapping[str, Any]) -> Iterator[tuple[str, str]]:
    text: str = content.content
    if not _BRACED.search(text):  # ten times as quick
        return
    for found in _LEFT.finditer(text):
        what = found["what"] or found["old"]
        link = re.split("[?#]", html.unescape(found["link"]))[0]
        if what == "filename":
            path = posixpath.normpath(
                posixpath.join(content.relative_dir, link[len("{filename}") :])
            )
            near = _near(path.lstrip("/"), contents_by_path(context), "{filename}/")
            yield link, f"`{link}` leads to no article or page{near}"
        elif what not in _PLACES:
            near = _near(what, _PLACES, "")
            yield link, f"`{link}` begins with an unknown word in braces{near}"


def contents_by_path(context: MutableMapping[str, Any]) -> list[str]:
    """Where articles and pages lie in the content folder, as `{filename}` names them."""
    return [path for path, content in context["generated_content"].items() if content is not None]


def _near(word: str, known: Iterable[str], prefix: str) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.75)
    return f"; did you mean `{prefix}{close[0]}`?" if close else ": mend the link or add the file"


def _check_addresses(
    context: MutableMapping[str, Any], settings: MutableMapping[str, Any], report: Report
) -> None:
    taken = {
        str(settings.get(f"{name.upper()}_SAVE_AS", f"{name}.html")): f"the site's own {name} page"
        for name in settings["DIRECT_TEMPLATES"]
    }
    for content in sorted(contents(context), key=lambda content: str(content.source_path)):
        overrides = isinstance(content, Page | Article) and hasattr(content, "override_save_as")
        holder = taken.get(content.save_as)
        source = Path(content.source_path)
        if holder is not None and not (overrides and "own" in holder):
            line = line_of_key(source, "slug") or line_of_key(source, "title")
            message = f"has the same address as {holder}, /{content.url}: give it another `Slug:`"
            report.problem(source, line, message)
        taken[content.save_as] = content.relative_source_path


def register() -> None:
    """Called by Pelican."""
    problems.register()
    listen(signals.all_generators_finalized, check_all)
