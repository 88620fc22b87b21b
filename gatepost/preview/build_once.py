"""One build of the preview, in a process that ends with it.

Pelican keeps state in its modules, and the project's plugins and settings are code that may change
between two builds. Each build therefore starts with modules that no build has used, and imports
the project's own code again. The imports are inside functions, so that an error in our code is
caught and reported like a mistake in a post.
"""

import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from capture.errors import FileErrors, GatepostError, short_path
from gatepost.preview.state import BuildProblem, BuildReport, HeldBackPost, PreviewOrder


def problems_of(error: BaseException) -> Iterator[BuildProblem]:
    """The problems that an error reports. A crash is one problem, with its place in the code."""
    if isinstance(error, FileErrors):
        yield from (BuildProblem(item.path, item.line, item.message) for item in error.problems)
    elif isinstance(error, GatepostError):
        yield from (BuildProblem("", None, line) for line in str(error).splitlines())
    else:
        yield _crash_problem(error)


def _crash_problem(error: BaseException) -> BuildProblem:
    """One problem at the last line of the project's own code in the traceback."""
    message = f"{type(error).__name__}: {' '.join(str(error).split())}"
    if isinstance(error, SyntaxError) and error.filename:
        return BuildProblem(short_path(Path(error.filename)), error.lineno, message)
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        frame
        for frame in frames
        if Path(frame.filename).is_relative_to(Path.cwd())
        and not Path(frame.filename).is_relative_to(sys.prefix)
        and "preview" not in Path(frame.filename).parts
    ]
    frame = (own or frames)[-1]
    return BuildProblem(short_path(Path(frame.filename)), frame.lineno, message)


def build_once(order: PreviewOrder) -> BuildReport:
    """Builds the site and reports the result. Never raises."""
    try:
        return _build(order)
    except BaseException as error:
        folders = set(_code_folders())
        with suppress(BaseException):  # perhaps the settings are what is wrong
            from publish.build.pelican_run import settings_from  # noqa: PLC0415

            folders.update(_source_folders(settings_from(order.config, order.overrides)))
        return BuildReport(problems=tuple(problems_of(error)), sources=tuple(folders))


def _build(order: PreviewOrder) -> BuildReport:
    from publish.build.site import build  # noqa: PLC0415
    from publish.cli import format_counts  # noqa: PLC0415

    built = build(order.config, order.overrides)
    summary = built.summary
    return BuildReport(
        summary=format_counts(summary.content),
        seconds=built.seconds,
        warnings=summary.warnings,
        rule_warnings=summary.rule_warnings,
        held_back=tuple(
            HeldBackPost(post.where, post.title, post.address, post.due)
            for post in summary.content.held_back
        ),
        next_due=summary.content.due_at,
        sources=tuple({*_source_folders(built.settings), *_code_folders()}),
    )


def _source_folders(settings: Mapping[str, Any]) -> Iterator[Path]:
    from publish.plugins.project_settings import folders_of  # noqa: PLC0415

    yield Path(settings["PATH"]).absolute()
    yield Path(settings["THEME"]).absolute()
    yield from (path.absolute() for path in folders_of(settings))
    yield from (Path(path).absolute() for path in settings.get("PLUGIN_PATHS", ()))


def _code_folders() -> Iterator[Path]:
    """The top folders of the project that hold imported code: plugins, or packages."""
    root, libraries = f"{Path.cwd()}/", f"{sys.prefix}/"
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) or ""
        if file.startswith(root) and not file.startswith(libraries):
            folder, _, name = file.removeprefix(root).partition("/")
            if name:
                yield Path(root, folder)
