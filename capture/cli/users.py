"""`gatepost users`: who may log in at the desk."""

from collections.abc import Callable
from datetime import UTC, datetime

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import own_name_option
from capture.cli.show import as_json_option, moment, show_rows
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.users import Role, User
from capture.signed_links import UserGrant, passphrase_path
from capture.users.accounts import (
    LINK_LIFE,
    add_user,
    deactivate_user,
    find_user,
    new_link,
    request_new_link,
    set_email,
)
from capture.users.sessions import end_session, end_sessions, open_sessions

COLUMNS = (
    "name",
    "role",
    "client",
    "email",
    "passphrase",
    "sessions",
    "created_at",
    "deactivated_at",
)
SESSION_COLUMNS = ("id", "name", "device", "network", "started_at", "last_used_at")


@click.group()
def users() -> None:
    """Add, list and deactivate the users of the desk.

    \b
    Example:
      gatepost users add Ada --role agency
      gatepost users add Carol --role client --client acme --email carol@acme.example
    """


@users.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="agency: everything. client: leads and statements of one client. viewer: figures only.",
)
@click.option("--client", metavar="CLIENT", default="", help="The client of a client's user.")
@click.option(
    "--email", metavar="ADDRESS", default="", help="Send the link there instead of printing it."
)
@own_name_option
@pass_context
def add(context: CommandContext, name: str, role: str, client: str, email: str, by: str) -> None:
    """Add a user, and print a one-time link to choose a passphrase.

    With --email the link is sent by letter, and so is a new one when the passphrase is forgotten.

    \b
    Example:
      gatepost users add Ada --role agency
    """
    now = datetime.now(UTC)
    if client:
        context.catalogue().client(client)

    def work(records: WriteTransaction) -> User:
        user = add_user(records, name, Role(role), now, client=client, email=email, by=by)
        return new_link(records, user, now, by)

    _store_and_invite(context, work, now)


@users.command()
@click.argument("name")
@click.option("--email", metavar="ADDRESS", default="", help="Store this address, and send it.")
@own_name_option
@pass_context
def link(context: CommandContext, name: str, email: str, by: str) -> None:
    """Print a new one-time link, such as for somebody who is locked out.

    Earlier links of the user stop working. The passphrase stays valid until another one is chosen.

    \b
    Example:
      gatepost users link Ada
    """
    now = datetime.now(UTC)

    def work(records: WriteTransaction) -> User:
        user = new_link(records, find_user(records, name), now, by)
        return set_email(records, user, email, now, by) if email else user

    _store_and_invite(context, work, now, sends_letter=bool(email))


def _store_and_invite(
    context: CommandContext,
    work: Callable[[WriteTransaction], User],
    now: datetime,
    *,
    sends_letter: bool = True,
) -> None:
    """Stores the user, and sends or prints the link."""

    def record(records: WriteTransaction) -> tuple[User, bool]:
        user = work(records)
        return user, sends_letter and request_new_link(records, user.name, now)

    with context.ledger() as ledger:
        user, is_queued = ledger.transact(record)
    if is_queued:
        click.echo(f"A letter with a link for {user.name} goes to {user.email}.")
        return
    token = context.link_signer().user(UserGrant(user.id, user.link_number, now + LINK_LIFE))
    click.echo(f"{context.desk_url}{passphrase_path(token)}")
    click.echo(
        f"Give this link to {user.name}. It works once, and for 24 hours.",
        err=True,
    )


@users.command("list")
@as_json_option
@pass_context
def list_(context: CommandContext, as_json: bool) -> None:
    """List all users, deactivated ones included.

    \b
    Example:
      gatepost users list
    """
    now = datetime.now(UTC)

    def read(reading: ReadTransaction) -> list[dict[str, object]]:
        return [
            {
                "name": user.name,
                "role": user.role.value,
                "client": user.client,
                "email": user.email,
                "passphrase": "set" if user.passphrase_hash else "not set",
                "sessions": len(open_sessions(reading, now, user.id)),
                "created_at": moment(user.created_at),
                "deactivated_at": moment(user.deactivated_at),
            }
            for user in reading.users.select()
        ]

    with context.ledger() as ledger:
        rows = ledger.read(read)
    if rows or as_json:
        show_rows(COLUMNS, rows, as_json=as_json)
    else:
        click.echo("There are no users yet. `gatepost users add NAME --role agency` adds one.")


@users.command()
@click.argument("name")
@own_name_option
@pass_context
def deactivate(context: CommandContext, name: str, by: str) -> None:
    """End a user's access immediately. What the user did stays recorded.

    \b
    Example:
      gatepost users deactivate Carol
    """
    now = datetime.now(UTC)

    def work(records: WriteTransaction) -> tuple[User, int]:
        user = find_user(records, name)
        return user, deactivate_user(records, user, now, by)

    with context.ledger() as ledger:
        user, ended = ledger.transact(work)
    click.echo(f"{user.name} is deactivated. Sessions ended: {ended}.")


@users.command()
@click.argument("name", required=False)
@click.option("--end", is_flag=True, help="End all sessions of this user, or one: --end ID.")
@click.argument("session_id", metavar="[ID]", required=False)
@own_name_option
@as_json_option
@pass_context
def sessions(
    context: CommandContext,
    name: str | None,
    end: bool,
    session_id: str | None,
    by: str,
    as_json: bool,
) -> None:
    """List who is logged in, or end the sessions of a user.

    The last use is exact to five minutes.

    \b
    Example:
      gatepost users sessions
      gatepost users sessions Ada --end
      gatepost users sessions Ada --end 5f0c1a2b
    """
    now = datetime.now(UTC)
    if end and name is None:
        raise click.UsageError("--end needs the name of a user.")
    if session_id is not None and not end:
        raise click.UsageError(f"To end the session {session_id}, add --end.")

    def read(reading: ReadTransaction) -> list[dict[str, object]]:
        user_id = None if name is None else find_user(reading, name).id
        names = {user.id: user.name for user in reading.users.select()}
        return [
            {
                "id": session.id,
                "name": names[session.user_id],
                "device": session.device,
                "network": session.network,
                "started_at": moment(session.started_at),
                "last_used_at": moment(session.last_used_at),
            }
            for session in open_sessions(reading, now, user_id)
        ]

    def end_them(records: WriteTransaction) -> tuple[User, int]:
        user = find_user(records, str(name))
        if session_id is None:
            return user, end_sessions(records, user, now, by)
        end_session(records, user, session_id, now, by)
        return user, 1

    with context.ledger() as ledger:
        if end:
            user, ended = ledger.transact(end_them)
            click.echo(f"Sessions of {user.name} ended: {ended}.")
            return
        rows = ledger.read(read)
    if rows or as_json:
        show_rows(SESSION_COLUMNS, rows, as_json=as_json)
    else:
        click.echo("Nobody is logged in.")
