"""A Pelican plugin, the last in PLUGINS: keeps gated files, campaigns and clients off the site.

Gated files are downloads that a visitor gets for a filled-in form. The checks refuse links to such
files and copies of them; when the site is written, this plugin also compares each of its files.
A file that the last build has made is compared again only if a gated file has changed.
"""

from pathlib import Path
from typing import Any

from pelican import signals

from publish.checks.gated import GatedFiles
from publish.plugins import problems
from publish.plugins.kept_files import files_not_compared
from publish.plugins.problems import get_report
from publish.plugins.project_settings import folders_of
from publish.plugins.signals import connect_last


def remove_gated_files(pelican: Any) -> None:
    """Removes every gated file from the new files of the site, and reports it and kept ones."""
    campaigns, clients, folder = folders_of(pelican.settings)
    gated, report = GatedFiles(folder, (campaigns, clients)), get_report(pelican.settings)
    output, sources = Path(pelican.output_path).resolve(), Path(pelican.path).resolve()
    new = [(path.relative_to(output).as_posix(), path) for path in sorted(output.rglob("*"))]
    for name, path in (*new, *files_not_compared(pelican.settings)):
        same = gated.find_same_content(path)
        if same is not None and not (path.is_relative_to(sources) or gated.holds(path)):
            if path.is_relative_to(output):
                path.unlink()
            message = f"would have been published as /{name}: {gated.reason(same)}"
            report.problem(same, None, message)


def register() -> None:
    """Called by Pelican."""
    problems.register()
    connect_last(signals.finalized, remove_gated_files)
