"""What the web part is given by whoever starts it."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True)
class WebConfig:
    """All that the service needs to know; no setting is read anywhere else."""

    database_url: str
    secret_key: bytes
    duplicate_key: bytes
    campaigns: Path
    clients: Path
    gated: Path
    templates: Path
    site_facts: Path
    """The `site.json` that the last build wrote."""
    counters: Path
    """A small database in which all processes count posts; may be lost at any time."""
    site_origin: str
    capture_url: str = ""
    trusted_proxies: int = 0
    rate_limit: str = "10 per minute"
    api_rate_limit: str = "120 per minute"
    min_fill_seconds: float = 2.0
    link_life: timedelta = timedelta(days=7)

    @property
    def template_folder(self) -> str:
        """As Flask wants it."""
        return str(self.templates.resolve())
