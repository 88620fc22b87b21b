"""Finds all files on which the result of a build or a check depends, after it has run."""

import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from publish.build.opened_files import OpenedFiles, RunRecord, absolute, module_files
from publish.checks.nginx import nginx_places
from publish.file_facts import (
    Inputs,
    Tree,
    current_tick,
    is_older,
    outermost,
    read_facts,
    read_tree,
    tree_facts,
    uptime,
    visible_names,
)
from publish.plugins.markdown_cache import depends_on_text_alone
from publish.plugins.project_settings import folders_of

_OF_THE_KERNEL: Final = ("/dev/null/", "/dev/tty/", "/dev/urandom/", "/proc/", "/sys/")
_SECOND: Final = 1_000_000_000
_MAX_TICK: Final = _SECOND // 50
"""The clock that stamps files lags behind by at most so many nanoseconds."""


def find_inputs(
    run: RunRecord, settings: Mapping[str, Any], known: Mapping[str, Tree]
) -> Inputs | None:
    """The inputs of a run with these Pelican settings.

    `known` has the trees of an earlier run. Returns None if an input cannot be known, or has
    changed since the run started. Raises `HasLinksError`, `OSError`.
    """
    roots = {folder: os.path.realpath(folder) for folder in _input_folders(settings)}
    trees = {place: read_tree(place, known.get(place, {})) for place in outermost(roots.values())}
    cache = Path(settings["CACHE_PATH"]).absolute()
    covered = (*(f"{folder}/" for folder in (*roots, *trees, cache)), *run.written)
    databases = map(absolute, run.opened.databases)
    if (
        _was_clock_set_back(run, cache)
        or run.opened.asks_others
        or not depends_on_text_alone(settings["MARKDOWN"])
        or not all(database.startswith(covered) for database in databases)
    ):
        return None
    loaded = read_facts({*run.loaded, *_library_folders()})
    opened, listed = _other_inputs(run.opened, covered)
    found = opened | module_files() | nginx_places()
    files = read_facts(found - {*loaded, *run.output.files})
    in_trees = (facts for tree in trees.values() for facts in tree_facts(tree))
    if not (
        is_older((*files.values(), *in_trees, *read_facts(listed).values()), run.tick)
        and is_older(loaded.values(), run.tick - _age_of_process())
    ):
        return None
    names = {folder: visible_names(folder) for folder in listed}
    return Inputs(roots, trees, loaded | files, names)


def _input_folders(settings: Mapping[str, Any]) -> list[str]:
    """The folders in which a new file may change the result."""
    names = (
        *(settings["PATH"], settings["THEME"], *folders_of(settings)),
        *(*settings["THEME_TEMPLATES_OVERRIDES"], *settings["PLUGIN_PATHS"]),
    )
    return [str(Path(name).absolute()) for name in names]


def _other_inputs(opened: OpenedFiles, covered: tuple[str, ...]) -> tuple[set[str], list[str]]:
    """The other files that the run opened, and the other folders that it listed.

    Modules are found by their own files, not by their compiled ones and the folders of `sys.path`.
    """
    ignored = (*covered, *(f"{folder}/" for folder in _library_folders()), *_OF_THE_KERNEL)

    def others(paths: Iterable[str]) -> set[str]:
        named = (f"{absolute(path)}/" for path in paths)
        return {
            path[:-1]
            for path in named
            if not path.startswith(ignored) and "/__pycache__/" not in path
        }

    return others(opened.files), sorted(others(opened.folders) - {*map(absolute, sys.path)})


def _library_folders() -> set[str]:
    """The folders of Python and of installed libraries. A library's other version has another name.

    Each has a folder of its own for its name and version, so the folder around them changes.
    """
    return {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}


def _age_of_process() -> int:
    """Nanoseconds since this process started, and so at most since it loaded its first module."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return uptime() - int(fields[19]) * _SECOND // os.sysconf("SC_CLK_TCK")
    except OSError:  # not Linux: a command has not run for a minute yet
        return 60 * _SECOND


def _was_clock_set_back(run: RunRecord, cache: Path) -> bool:
    """Whether the clock was set back since a run started: then an edit may look older than it is.

    A clock that is slightly wrong is corrected by less than a thousandth of the time.
    """
    elapsed = uptime() - run.uptime
    return current_tick(cache) - run.tick < elapsed - elapsed // 1000 - _MAX_TICK
