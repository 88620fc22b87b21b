"""A Pelican plugin, the last in PLUGINS: no file of `content/gated/` or of a campaign is published.

A link to it is a problem, and so is a copy or a symbolic link of it among the published files.
When all is written, every file of the site is compared with every gated one, whatever put it there.
"""

import html
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pelican import signals

from publish import problems
from publish.links import contents, linked_files
from publish.problems import report_of
from publish.rules import folders_of
from publish.source import line_of_key, line_of_text
from publish.wiring import listen
from publish.writing.gated import TELL, GatedFiles, inside

_LINK: Final = re.compile(
    r"\b(?:href|src|srcset|poster|data|cite|action|formaction)\s*=\s*"
    r"""(?P<quote>["'])(?P<links>.*?)(?P=quote)""",
    re.DOTALL,
)


def gated_files(settings: Mapping[str, Any]) -> GatedFiles:
    """Those of the project that has these Pelican settings, and what else is kept back."""
    campaigns, clients, gated = folders_of(settings)
    return GatedFiles(gated, (campaigns, clients))


def check_all(generators: Any) -> None:
    """Reports every link to a gated file, and every file to be published that is one."""
    context, settings = generators[0].context, generators[0].settings
    report, gated = report_of(settings), gated_files(settings)
    linked: set[str] = set()
    for content in contents(context):
        source = Path(content.source_path)
        for link in _links_to_gated(content, gated.folder):
            line = line_of_text(source, link)
            report.problem(source, line, f"links to the gated file `{link}`: {TELL}")
        for name in _metadata_to_gated(content, gated.folder):
            line = line_of_key(source, name)
            report.problem(source, line, f"`{name}` names a gated file: {TELL}")
        linked |= linked_files(content)
        _check_file(source, gated, report)
    for path, static in context["static_content"].items():
        if static is not None and path not in linked:
            _check_file(Path(static.source_path), gated, report)


def _check_file(path: Path, gated: GatedFiles, report: problems.Report) -> None:
    same = gated.same_as(path)
    if same is not None:
        report.problem(path, None, gated.refusal(same))


def _links_to_gated(content: Any, folder: Path) -> Iterator[str]:
    """What stands in the source, as far as we can tell, of each link to a gated file."""
    root = Path(content.settings["PATH"])
    seen = set()
    for path in sorted(linked_files(content)):
        if inside(root / path, folder):
            seen.add(Path(path).name)
            yield Path(path).name
    text: str = content.content
    if folder.name not in (unquote(text) if "%" in text else text):
        return
    for found in _LINK.finditer(text):
        for link in html.unescape(found["links"]).split():
            if _leads_to(link, content, folder) and posixpath.basename(link) not in seen:
                yield link


def _metadata_to_gated(content: Any, folder: Path) -> Iterator[str]:
    for name, value in content.metadata.items():
        if isinstance(value, str) and folder.name in value and _leads_to(value, content, folder):
            yield name


def _leads_to(link: str, content: Any, folder: Path) -> bool:
    """Whether a link, read as a file's place or as an address, leads into the gated folder."""
    url = urlsplit(re.sub(r"^[{|]\w+[}|]", "", link))
    if url.netloc and url.netloc != urlsplit(content.settings["SITEURL"]).netloc:
        return False
    path = unquote(url.path)
    root = Path(content.settings["PATH"])
    if path.startswith("/"):
        return inside(root / path.lstrip("/"), folder)
    return inside(root / content.relative_dir / path, folder) or inside(
        root / content.url / path, folder
    )


def check_output(pelican: Any) -> None:
    """Takes every gated file out of the finished site and reports it."""
    gated, report = gated_files(pelican.settings), report_of(pelican.settings)
    output, sources = Path(pelican.output_path).resolve(), Path(pelican.path).resolve()
    for path in sorted(output.rglob("*")):
        same = gated.same_content_as(path)
        if same is not None and not (path.is_relative_to(sources) or gated.holds(path)):
            path.unlink()
            message = f"was about to be published as /{path.relative_to(output)}: {gated.why(same)}"
            report.problem(same, None, message)


def register() -> None:
    """Called by Pelican."""
    problems.register()
    listen(signals.all_generators_finalized, check_all)
    listen(signals.finalized, check_output)
