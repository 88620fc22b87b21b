"""The command `build`, and what the writers' commands share.

Pelican takes 0.2 seconds to import, and the checks take as long, so only the functions that need
them import them: an unchanged site is answered without.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from capture.errors import short_path
from capture.text import count_noun
from publish.build.unchanged import Answer, CommandRun

if TYPE_CHECKING:
    from publish.build.site_folder import SiteFolder
    from publish.checks.summary import Summary

PRODUCTION = click.option("--production", is_flag=True, help="Use publishconf.py: absolute URLs.")


@click.command()
@PRODUCTION
@click.option("--release", is_flag=True, help="Add search, share pictures and compressed files.")
@click.option(
    "--if-due",
    is_flag=True,
    help="Build only if a post or a form is due to change now. For timers.",
)
@click.option("--clean", is_flag=True, help="Forget what earlier builds kept; build all anew.")
@click.option("--verify", is_flag=True, help="Compare the site with a clean build of it.")
@click.option("--explain", is_flag=True, help="Say of each page that was rendered, why.")
@click.pass_context
def build(  # noqa: PLR0913, PLR0917 - click hands each option over as a parameter
    ctx: click.Context,
    production: bool,
    release: bool,
    if_due: bool,
    clean: bool,
    verify: bool,
    explain: bool,
) -> None:
    """Build the site.

    Only texts that have changed are read, and only pages that have changed are rendered. The old
    site stays live until the new pages are complete.

    \b
    Example:
      gatepost build --production --release
    """
    command_run = CommandRun("build", (production, release), cache_of(ctx), datetime.now(UTC))
    if not (clean or if_due or verify) and (answer := command_run.known_answer()):
        answer.show(ctx)
        return
    with command_run.noted():
        from publish.build.cache_folder import forget_builds
        from publish.build.pelican_run import settings_from
        from publish.build.progress_bar import progress_bar
        from publish.build.site import build as run
        from publish.build.site import is_due

        config, overrides = config_of(production), setting_overrides(ctx)
        if if_due and not is_due(config, overrides, datetime.now(UTC)):
            return
        if clean:
            forget_builds(settings_from(config, overrides))
        with progress_bar():
            built = run(
                config,
                overrides,
                on_wait=_print_waiting,
                finish=_release_step() if release else None,
                on_replaced=command_run.note_output,
            )
    counts, site = format_counts(built.summary.content), short_path(built.site)
    lines = partial(_build_lines, built.summary)
    for line, is_error in lines(f"Built {counts} in {built.seconds:.1f} seconds, in {site}."):
        click.echo(line, err=is_error)
    work = built.summary.work
    if explain:
        _explain(work)
    click.echo(f"{_work_done(work)} in {built.seconds:.1f} s")
    if verify:
        _verify(ctx, config, overrides, built.settings, is_release=release)
    answer = Answer(tuple(lines(f"Nothing has changed: {counts}, in {site}.")))
    command_run.keep(answer, built.settings, built.summary.content.due_at)


def _build_lines(summary: Any, result: str) -> Iterator[tuple[str, bool]]:
    """What a build prints, and whether it goes to standard error."""
    for warning in summary.short_warnings:
        yield f"warning: {warning}", True
    yield result, False
    if summary.content.due is not None:
        yield f"The next post is due on {summary.content.due}.", False


def _release_step() -> "Callable[[SiteFolder, Path], None]":
    from publish.build.release import finish_release

    return finish_release


def _work_done(work: Any) -> str:
    numbers = {
        "read": work.texts_read,
        "rendered": len(work.rendered),
        "written": len(work.written),
        "removed": len(work.removed),
    }
    return ", ".join(f"{word} {number}" for word, number in numbers.items())


def _verify(
    ctx: click.Context,
    config: Path,
    overrides: Mapping[str, object],
    settings: Mapping[str, Any],
    *,
    is_release: bool,
) -> None:
    from publish.build.verify import differences

    found = differences(config, overrides, settings, is_release=is_release)
    for line in found:
        click.echo(line, err=True)
    if found:
        click.echo("Build with --clean. If a page differed, report what you had edited.", err=True)
        ctx.exit(1)
    click.echo("The site is what a clean build makes, byte for byte.")


def _explain(work: Any) -> None:
    if work.why_complete:
        click.echo(f"Everything was made again: {work.why_complete}.")
    if work.unnamed_warning:
        click.echo(
            "The next build makes everything again, because Pelican warns only of texts that it "
            f"reads, and this warning names none; correct its cause: {work.unnamed_warning}"
        )
    if not work.made_lists:
        click.echo("At most bodies of texts had changed: no list was made again.")
    for page in work.rendered:
        click.echo(f"{page.name}: {page.reason}")


def config_of(production: bool) -> Path:
    """The path of Pelican's settings file, in the current folder."""
    return Path("publishconf.py" if production else "pelicanconf.py")


def cache_of(ctx: click.Context) -> Path | None:
    """The cache folder of gatepost's settings, which need not be valid."""
    folder: Path | None = ctx.meta.get("gatepost.cache")
    return folder


def setting_overrides(ctx: click.Context) -> dict[str, str]:
    """Pelican settings taken from gatepost's settings. They override Pelican's settings file."""
    read_settings: Any = ctx.meta.get("gatepost.read_settings")
    if read_settings is None:
        return {}
    settings = read_settings().settings
    if settings.site_url:
        os.environ["GATEPOST_SITE_URL"] = settings.site_url  # publishconf.py reads it
    return {
        "CAPTURE_URL": settings.capture_url,
        "CAMPAIGNS_PATH": str(settings.campaigns_dir.absolute()),
        "CLIENTS_PATH": str(settings.clients_dir.absolute()),
        "GATED_PATH": str(settings.gated_dir.absolute()),
        "CACHE_PATH": str(settings.cache_dir.absolute()),
        "OUTPUT_PATH": str(settings.output_dir.absolute() / "www"),
        "THEME": str(settings.theme_dir.absolute()),
    }


def format_counts(summary: "Summary") -> str:
    """The counts of what readers can see, such as `7 articles, 3 pages and 3 forms`."""
    parts = ((summary.articles, "article"), (summary.pages, "page"), (summary.forms, "form"))
    articles, pages, forms = (count_noun(number, word) for number, word in parts)
    return f"{articles}, {pages} and {forms}"


def _print_waiting() -> None:
    click.echo("Another build is running; waiting for it to end.", err=True)
