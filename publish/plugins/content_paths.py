"""A Pelican plugin that lets a build read only below PATH and write only below OUTPUT_PATH.

`publish.checks` refuses most paths outside these folders before anything is read. This plugin
refuses those that only the finished HTML shows, before Pelican opens or writes a file.
"""

import posixpath
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pelican import signals

from capture.paths import ConfinedFolder
from publish.plugins import problems
from publish.plugins.links import line_of, linked_files
from publish.plugins.problems import get_report
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import facts_of, new_texts

HOW_TO_FIX: Final = "put a copy into the content folder, and use the path of the copy"


def check_linked_files(generator: Any) -> None:
    """Called when all texts are read: lets Pelican publish the linked files, but none outside PATH.

    Pelican itself has found no file of a `srcset`, and has decoded some names only in part.
    """
    settings, context = generator.settings, generator.context
    folder, report = ConfinedFolder(Path(settings["PATH"])), get_report(settings)
    names = set(context["static_links"])
    for content in new_texts(context):
        facts, linked = facts_of(content), linked_files(content)
        facts.linked_files |= linked | content.get_static_links() | _main_picture(content)
        names |= facts.linked_files
        for name in sorted(linked):
            if problem := folder.why_no_file(name):
                source = Path(content.source_path)
                line = line_of(content, posixpath.basename(name))
                report.problem(source, line, f"links to `{name}`, which {problem}: {HOW_TO_FIX}")
    context["static_links"] = {name for name in names if folder.find_file(name)}


def _main_picture(content: Any) -> frozenset[str]:
    """The picture of the front matter, which may be beside the text."""
    path = unquote(urlsplit(getattr(content, "image", "")).path)
    return frozenset([path.lstrip("/")] if path else ())


def misplaced_outputs(
    context: MutableMapping[str, Any], settings: MutableMapping[str, Any]
) -> Iterator[Any]:
    """Path and message of each file that Pelican would read or write outside its folders."""
    content = ConfinedFolder(Path(settings["PATH"]))
    output = ConfinedFolder(Path(settings["OUTPUT_PATH"]))
    for static in context["staticfiles"]:
        source = Path(static.source_path)
        if not content.holds(source) or (source.exists() and not source.is_file()):
            yield source, f"is not a file in {content.folder.name}/: {HOW_TO_FIX}"
    for item in (*new_texts(context), *context["staticfiles"]):
        if problem := output.why_outside(item.save_as):
            message = f"would be written to `{item.save_as}`, which {problem}: "
            yield Path(item.source_path), f"{message}correct its `slug`, `save_as` or `lang`"
    for kind in ("categories", "tags", "authors"):
        for item, _ in context.get(kind, ()):
            if item.save_as and (problem := output.why_outside(item.save_as)):
                message = f"`{item.name}` would be written to `{item.save_as}`, which {problem}"
                yield content.folder, f"{message}: give it another name ({kind})"


def check_output_paths(generators: Any) -> None:
    """Reports misplaced files, after all other plugins that change what was read."""
    report = get_report(generators[0].settings)
    for path, message in misplaced_outputs(generators[0].context, generators[0].settings):
        report.problem(path, None, message)


def register() -> None:
    """Called by Pelican."""
    problems.register()
    problems.add_final_check(check_output_paths)
    connect_last(signals.page_generator_finalized, check_linked_files)
