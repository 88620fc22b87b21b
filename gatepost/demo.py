"""`gatepost demo`: creates a ledger of its own with a realistic year, and serves the desk on it."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from capture.demo.fill import DemoFolder, DemoKeys, DemoUsers, fill
from capture.ledger.users import User
from capture.signed_links import LinkSigner, UserGrant, passphrase_path
from capture.site import Site
from capture.users.accounts import LINK_LIFE
from gatepost.agency import agency_of
from gatepost.settings import Settings, secret

_ADDRESS = "1 Main Street; New York, NY 10001; United States"
"""The agency's address on documents, if the settings have none."""


@click.command()
@click.option(
    "--leads",
    type=click.IntRange(1, 1_000_000),
    default=5000,
    show_default=True,
    help="The number of forms in the year.",
)
@click.option(
    "--seed", default=1, show_default=True, help="Another number gives other people and decisions."
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="The demonstration's folder, deleted and created again. Your own ledger is not touched.",
)
@click.option("--serve", is_flag=True, help="Then serve its desk on this machine.")
@click.pass_context
def demo(ctx: click.Context, leads: int, seed: int, folder: Path, serve: bool) -> None:
    """Create a demonstration: a year of leads, reviews, sales, statements and payments.

    It has a ledger, keys, campaigns and clients of its own, and sends nothing.

    \b
    Example:
      gatepost demo --leads 500 --serve
    """
    settings = _demo_settings(ctx.meta["gatepost.read_settings"]().settings, folder)
    if serve:
        Site.read(_site_file(settings))  # without a build, the server would fail after the work
    now = datetime.now(UTC)
    began = time.monotonic()
    demo_folder = DemoFolder(folder)
    demo_folder.create()
    with click.progressbar(length=100, label="A year") as bar:
        users = fill(
            demo_folder,
            DemoKeys(
                secret(settings, "duplicate_key"),
                secret(settings, "secret_key"),
                secret(settings, "webhook_key"),
            ),
            agency_of(settings),
            _articles(settings),
            now,
            leads=leads,
            seed=seed,
            report=lambda share: bar.update(int(share * 100) - bar.pos),
        )
    seconds = time.monotonic() - began
    click.echo(f"{leads:,} forms in {folder}, in {seconds:.0f} seconds.")
    _print_links(settings, users, now)
    if serve:
        from gatepost.server.serve import serve as run

        run(settings)
    else:
        click.echo(f"`gatepost demo --leads {leads} --serve` creates it again and serves the desk.")


def _demo_settings(settings: Settings, folder: Path) -> Settings:
    """The settings of the demonstration: on loopback, with files and keys of its own, silent."""
    demo_folder = DemoFolder(folder)
    return settings.model_copy(
        update={
            "host": "127.0.0.1",
            "site_url": "",
            "capture_url": "",
            "desk_url": "",
            "database_url": demo_folder.database_url,
            "var_dir": demo_folder.var,
            "campaigns_dir": demo_folder.campaigns,
            "clients_dir": demo_folder.clients,
            "secret_key": "",
            "duplicate_key": "",
            "webhook_key": "",
            "dispatch": "off",
            "smtp_url": "",
            "trusted_proxies": 0,
            "agency_address": settings.agency_address or _ADDRESS,
        }
    )


def _articles(settings: Settings) -> list[str]:
    """The paths of the site's articles; empty before the first build."""
    path = _site_file(settings)
    return list(Site.read(path).titles) if path.exists() else []


def _site_file(settings: Settings) -> Path:
    return settings.output_dir / "site.json"


def _print_links(settings: Settings, users: DemoUsers, now: datetime) -> None:
    signer = LinkSigner(secret(settings, "secret_key"), LINK_LIFE)

    def link(user: User) -> str:
        grant = UserGrant(user.id, user.link_number, now + LINK_LIFE)
        return f"{settings.desk_origin}{passphrase_path(signer.user(grant))}"

    click.echo("Choose a passphrase behind these links; each works once, for 24 hours.")
    click.echo(f"For the agency, as {users.agency.name}:\n  {link(users.agency)}")
    click.echo(f"For the client Harbor Cloud, as {users.client.name}:\n  {link(users.client)}")
