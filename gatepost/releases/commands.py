"""The commands of publishing with git: `hook`, `publish`, `releases` and `rollback`."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from capture.cli.show import as_json_option, moment, plain, show_rows
from capture.errors import GatepostError, Unavailable
from gatepost.releases.store import ReleaseStore
from gatepost.settings import Settings, SettingsWithSources


@click.command()
@click.argument("hook_name", type=click.Choice(["pre-receive", "post-receive"]))
@click.pass_context
def hook(ctx: click.Context, hook_name: str) -> None:
    """Handle a push. The git hooks in deploy/ call this command.

    \b
    Example:
      gatepost hook pre-receive
    """
    # These imports load the writing rules and Markdown, which is slow: `releases` needs neither.
    from gatepost.releases.context import PublishContext
    from gatepost.releases.git import Repository
    from gatepost.releases.receive import after_push, before_push

    settings, now = _settings(ctx), datetime.now(UTC)
    repository = Repository(Path(os.environ.get("GIT_DIR", "")).absolute())
    with _errors_shown_to_writer(settings, hook_name):
        context = PublishContext.from_settings(settings, Path.cwd(), _print_to_writer)
        if hook_name == "pre-receive":
            before_push(context, repository, sys.stdin, now)
        else:
            release = after_push(context, repository, now)
            if release is not None:
                _print_to_writer(f"Published as {release.name}.")


@click.command("publish")
@click.option(
    "--if-due", is_flag=True, help="Only if a post or form is due, or a push was interrupted."
)
@click.pass_context
def publish_again(ctx: click.Context, if_due: bool) -> None:
    """Build and publish the live commit again, after an upgrade or by a timer.

    \b
    Example:
      gatepost publish --if-due
    """
    # Imported here for the same reason as in `hook`.
    from gatepost.releases.context import PublishContext
    from gatepost.releases.receive import republish

    _make_readable()
    context = PublishContext.from_settings(_settings(ctx), Path.cwd(), click.echo)
    release = republish(context, datetime.now(UTC), if_due=if_due)
    if release is not None:
        click.echo(f"Published as {release.name}.")


@click.command()
@as_json_option
@click.pass_context
def releases(ctx: click.Context, as_json: bool) -> None:
    """List the stored releases, newest first.

    \b
    Example:
      gatepost releases
    """
    store = _store(ctx)
    live_release = store.live_release()
    rows = [
        {
            "release": release.name,
            # "now" marks the live release: the one that readers see.
            "shown": "now" if live_release and release.name == live_release.name else "",
            "since": moment(release.live_at) if release.live_at else "never",
            "commit": release.commit[:12],
            "subject": release.subject,
        }
        for release in reversed(store.all())
    ]
    if not rows and not as_json:
        click.echo("Nothing has been published with git yet.")
        return
    show_rows(("release", "shown", "since", "commit", "subject"), rows, as_json=as_json)


@click.command()
@click.pass_context
def rollback(ctx: click.Context) -> None:
    """Go back to the release before the live one.

    \b
    Example:
      gatepost rollback
    """
    from gatepost.releases.make_release import changed_campaigns, check_with_ledger

    store = _store(ctx)
    with store.locked():
        replaced = store.live_release()
        release = store.roll_back(datetime.now(UTC))
        changed = changed_campaigns(
            store.path(release.name), store.path(replaced.name) if replaced else None
        )
    try:  # after the swap: a rollback is urgent, and the service still checks its own rules
        check_with_ledger(_settings(ctx).ledger_socket, changed, click.echo)
    except GatepostError as error:
        click.echo(f"warning: the service keeps its last good campaign files: {error}", err=True)
    click.echo(f"Readers see {release.name} again: {plain(release.subject).plain}")


def _store(ctx: click.Context) -> ReleaseStore:
    return ReleaseStore(_settings(ctx).releases_dir.absolute())


def _settings(ctx: click.Context) -> Settings:
    sourced: SettingsWithSources = ctx.meta["gatepost.read_settings"]()
    return sourced.settings


def _print_to_writer(line: str) -> None:
    """Prints a line on the writer's terminal; git prefixes it with `remote:`."""
    printable = "".join(char if char.isprintable() else "?" for char in line)
    print(printable, file=sys.stderr, flush=True)  # noqa: T201


def _make_readable() -> None:
    os.umask(0o022)  # the web server must read the site, whatever umask the login has


@contextmanager
def _errors_shown_to_writer(settings: Settings, hook_name: str) -> Iterator[None]:
    """Prints an error in lines for the writer and exits with 1, so that git refuses the push."""
    _make_readable()
    try:
        yield
    except GatepostError as error:
        for line in str(error).splitlines():
            _print_to_writer(line)
        if isinstance(error, Unavailable):
            _print_to_writer("This is not your mistake: please tell the operator.")
    except BrokenPipeError:  # the writer has closed the connection
        sys.exit(1)
    except Exception:
        _log(settings, traceback.format_exc())
        _print_to_writer(
            "Publishing failed. This is not your mistake: please tell the operator (publish.log)."
        )
    else:
        return
    if hook_name == "pre-receive":
        _print_to_writer("Nothing was published; the site is unchanged.")
    sys.exit(1)


def _log(settings: Settings, text: str) -> None:
    with (settings.releases_dir / "publish.log").open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(UTC).isoformat()}\n{text}\n")
