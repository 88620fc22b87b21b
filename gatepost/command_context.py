"""What the lead service's commands are given, from the settings."""

from capture.billing.statement import Agency, Party
from capture.cli.context import Allowance, CommandContext
from gatepost.settings import Settings, secret


def command_context(settings: Settings) -> CommandContext:
    """Where things are, who we are, and the secrets when they are asked for."""
    return CommandContext(
        database_url=settings.database_url,
        campaigns=settings.campaigns_dir,
        clients=settings.clients_dir,
        gated=settings.gated_dir,
        site_facts=settings.output_dir / "site.json",
        service_url=settings.capture_url or settings.site_origin,
        secret=lambda name: secret(settings, name),
        agency=Agency(
            Party(settings.agency, _lines(settings.agency_address), settings.agency_tax_id),
            _lines(settings.agency_payment),
        ),
        push_backtests=Allowance(
            settings.var_dir / "push-backtests", settings.push_backtests_per_day
        ),
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.split(";") if line.strip())
