"""The `gatepost` command. The module of a subcommand is loaded only when it runs."""

import atexit
import difflib
import errno
import gc
import importlib
import json
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from capture.cli.hints import in_words
from capture.cli.show import as_json_option, show_rows
from capture.errors import GatepostError
from gatepost.command_table import COMMANDS
from gatepost.raw_settings import CACHE_DIR, PREFIX, read_raw_settings

if TYPE_CHECKING:
    from capture.cli.context import CommandContext
    from capture.privacy.retention import RetentionPeriods
    from gatepost.settings import Settings, SettingsWithSources

_GARBAGE_THRESHOLD: Final = 50_000
"""New objects before a garbage collection. Most live until the command ends, and Python's default
of 700 makes a build 3 % slower."""

# Python searches all objects for garbage when it ends, which takes a command 0.1 seconds.
atexit.register(gc.freeze)

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Error numbers of a failed write, such as to standard output on a full disk."""

_MAYBE_UNCHANGED: Final = frozenset({"build", "check"})
"""Commands that read the settings only if something has changed since they last ran."""


class LazyGroup(click.Group):
    """A group that imports a command's module when that command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = _load(COMMANDS[cmd_name].path)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands as click does, without loading them."""
        names = self.list_commands(ctx)
        width = formatter.width - 6 - max(map(len, names))
        rows = [
            (name, click.Command(name, help=COMMANDS[name].summary).get_short_help_str(width))
            for name in names
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        matches = difflib.get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and matches:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {matches[0]!r}?")
        return super().resolve_command(ctx, args)


def _load(path: str) -> Any:
    """Imports an object by its path `package.module:name`."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


@click.group(cls=LazyGroup)
@click.version_option(package_name="gatepost")
@click.pass_context
def gatepost(ctx: click.Context) -> None:
    """Publish posts with git; capture leads on them; bill only the leads that qualify.

    \b
    Example:
      gatepost serve --live
      gatepost leads --help
    """
    if os.environ.get("NO_COLOR"):  # see no-color.org
        ctx.color = False
    read_settings = ctx.meta["gatepost.read_settings"] = cache(_read_settings)
    command = str(ctx.invoked_subcommand)
    if command in _MAYBE_UNCHANGED:
        raw, _ = read_raw_settings()
        ctx.meta["gatepost.cache"] = Path(raw.get("cache_dir", CACHE_DIR))
        return
    sourced = read_settings()
    if command in COMMANDS and COMMANDS[command].path.startswith("capture."):
        ctx.obj = _command_context(sourced.settings)


def _read_settings() -> "SettingsWithSources":
    from gatepost.settings import SettingsWithSources  # validates them, for which it loads much

    return SettingsWithSources.read()


def main() -> None:
    """Runs the command. Exit code: 0 done, 1 refused, 2 wrong use. Prints an error in one line."""
    gc.set_threshold(_GARBAGE_THRESHOLD)
    for argument in sys.argv[1:]:
        if not argument.isascii() and not _is_unicode(argument):
            shown = os.fsencode(argument).decode(errors="backslashreplace")
            _print_and_exit(f"the argument {shown} is not UTF-8; write it in UTF-8", 2)
    try:
        code = gatepost(prog_name="gatepost", standalone_mode=False)
    except GatepostError as error:
        _print_and_exit(in_words(error), 1)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "gatepost"
        _print_and_exit(f"{error.format_message()} (see `{command} --help`)", error.exit_code)
    except click.ClickException as error:
        _print_and_exit(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _print_and_exit("stopped", 130)
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        _discard_output()
    except OSError as error:
        if error.errno not in _NO_ROOM or error.filename is not None:
            raise
        _discard_output()
        done = "changes that the command made before are kept"
        _print_and_exit(f"the output could not be written: {error.strerror}; {done}", 1)
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _discard_output() -> None:
    """Discards buffered output, so that Python does not try to write it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _print_and_exit(line: str, code: int) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(code)


def _command_context(settings: "Settings") -> "CommandContext":
    """The context of the commands on leads and money: paths, the agency, secrets on demand."""
    # These imports load the ledger, which takes 0.2 seconds: the writers' commands do not need it.
    from capture.billing.journal import AccountCodes
    from capture.cli.context import Allowance, CommandContext
    from capture.documents.journal_export import DatevSettings
    from gatepost.agency import agency_of
    from gatepost.setting_types import read_dns_server, read_tax_codes
    from gatepost.settings import secret

    return CommandContext(
        database_url=settings.database_url,
        campaigns=settings.campaigns_dir,
        clients=settings.clients_dir,
        gated=settings.gated_dir,
        templates=settings.theme_dir / "templates",
        site_facts=settings.output_dir / "site.json",
        month_ends=settings.var_dir / "month-end",
        service_url=settings.capture_url or settings.site_origin,
        site_url=settings.site_origin,
        desk_url=settings.desk_origin,
        link_life=timedelta(days=settings.link_days),
        mail_from=settings.sender_address,
        smtp_url=settings.smtp_url,
        mail_folder=settings.var_dir / "mail",
        counters=settings.var_dir / "counters.db",
        jobs=settings.var_dir / "jobs",
        retention=_retention(settings),
        checks_mail_domains=settings.mail_domain_check == "on",
        dns_server=read_dns_server(settings.dns_server) if settings.dns_server else None,
        secret=lambda name: secret(settings, name),
        agency=agency_of(settings),
        accounts=AccountCodes(
            settings.revenue_account,
            settings.bank_account,
            settings.receivables_account,
            read_tax_codes(settings.tax_codes),
        ),
        datev=DatevSettings(
            settings.datev_adviser,
            settings.datev_client,
            settings.datev_account_length,
            settings.datev_chart,
            settings.datev_year_starts,
        ),
        webhook_loopback=settings.webhook_loopback,
        push_backtests=Allowance(
            settings.var_dir / "push-backtests", settings.push_backtests_per_day
        ),
    )


def _retention(settings: "Settings") -> "RetentionPeriods":
    from capture.privacy.retention import RetentionPeriods

    return RetentionPeriods(
        undelivered=timedelta(days=settings.retention_undelivered_days),
        delivered=timedelta(days=settings.retention_delivered_days) or None,
        letters=timedelta(days=settings.retention_letter_days) or None,
        backups=timedelta(days=settings.retention_backup_days),
    )


# The commands of this package: `schema`, `serve` and `settings`.

_SCHEMAS: Final[Mapping[str, str]] = {
    "campaign": "capture.campaign.schema:campaign_schema",
    "client": "capture.campaign.schema:client_schema",
    "costs": "capture.campaign.schema:costs_schema",
    "page": "publish.checks.model:page_schema",
    "post": "publish.checks.model:post_schema",
}


@click.command()
@click.option(
    "--live", is_flag=True, help="For writers: build on every save and reload the browser."
)
@click.option("--desk", is_flag=True, help="The desk alone, on GATEPOST_DESK_PORT.")
@click.pass_context
def serve(ctx: click.Context, live: bool, desk: bool) -> None:
    """Serve the built site and the lead service, or the desk.

    \b
    Example:
      gatepost serve --live
    """
    sourced = ctx.meta["gatepost.read_settings"]()
    settings = sourced.settings
    if live and desk:
        raise click.UsageError("--live and --desk exclude each other.")
    if live:
        from gatepost.preview.live import run_preview
        from publish.cli import setting_overrides

        run_preview(settings, setting_overrides(ctx))
        return
    # Only this command needs Flask and gunicorn.
    from gatepost.server.private_files import warn_of_open_secrets
    from gatepost.server.serve import serve as serve_site
    from gatepost.server.serve import serve_desk

    warn_of_open_secrets(sourced)
    run = serve_desk if desk else serve_site
    run(settings)


@click.command()
@click.argument("kind", type=click.Choice(sorted(_SCHEMAS)))
def schema(kind: str) -> None:
    """Print the JSON Schema of a kind of file, for editors that check TOML and YAML.

    \b
    Example:
      gatepost schema campaign > campaign.schema.json
    """
    click.echo(json.dumps(_load(_SCHEMAS[kind])(), indent=2, ensure_ascii=False))


@click.command()
@as_json_option
@click.pass_context
def settings(ctx: click.Context, as_json: bool) -> None:
    """Show each setting, its value and its source.

    \b
    Example:
      gatepost settings
    """
    from gatepost.settings import Settings

    sourced: SettingsWithSources = ctx.meta["gatepost.read_settings"]()
    rows = [
        {
            "name": PREFIX + name.upper(),
            "value": _display_value(sourced.settings, name),
            "from": _source(sourced, name),
            "what": field.description or "",
        }
        for name, field in Settings.model_fields.items()
    ]
    show_rows(("name", "value", "from", "what"), rows, as_json=as_json)


def _display_value(settings: "Settings", name: str) -> str:
    from gatepost.settings import SECRETS

    value = str(getattr(settings, name))
    return "********" if name in SECRETS and value else value


def _source(sourced: "SettingsWithSources", name: str) -> str:
    from gatepost.settings import GENERATED_SECRETS

    if name in GENERATED_SECRETS and not getattr(sourced.settings, name):
        path = sourced.settings.var_dir / name
        return str(path) if path.exists() else f"{path}, made on the first run"
    return sourced.sources[name]
