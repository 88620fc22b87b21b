"""The settings: reads the environment and `.env` once, into one frozen object.

The environment overrides `.env`, which overrides the defaults. Secrets that are not set are made
on the first run, in the `var` folder; only their owner can read them.
"""

import contextlib
import difflib
import logging
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)

from capture.errors import Refused, Unavailable
from capture.files import make_private_folder
from gatepost.raw_settings import CACHE_DIR, PREFIX, read_raw_settings
from gatepost.setting_types import (
    LONGEST_RETENTION_DAYS,
    MIN_SECRET_LENGTH,
    SHORTEST_RETENTION_DAYS,
    Account,
    Bic,
    Chart,
    Country,
    DaysOrNever,
    DnsServer,
    ElectronicAddress,
    Iban,
    MailFrom,
    MonthDay,
    Name,
    Origin,
    RateLimit,
    Secret,
    SmtpUrl,
    TaxCodes,
    VatId,
    number_between,
)

_SECRET_BYTES = 32
GENERATED_SECRETS = ("duplicate_key", "secret_key", "webhook_key")
"""The secrets that are made if they are not set."""
SECRETS = (*GENERATED_SECRETS, "smtp_url")
"""The settings that are never shown."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts that only this machine can reach."""

log = logging.getLogger(__name__)


class Settings(BaseModel):
    """Every setting. The variable is the field's name in capitals after `GATEPOST_`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agency: Name = Field("Northgate Leads", description="your name in agreements and on statements")
    agency_address: str = Field("", description="your address on statements; a ; ends a line")
    agency_tax_id: str = Field("", description="your VAT or tax number on statements")
    agency_payment: str = Field("", description="where to pay you, on statements; a ; ends a line")
    revenue_account: Account = Field("", description="journal: account of your revenue")
    bank_account: Account = Field("", description="journal: account of payments received")
    receivables_account: Account = Field(
        "", description="journal: account of clients that have no debtor_account of their own"
    )
    tax_codes: TaxCodes = Field("", description='journal: tax code by VAT rate, such as "19=3; 0="')
    datev_adviser: Annotated[str, number_between(1001, 9_999_999)] = Field(
        "", description="DATEV: number of your tax adviser"
    )
    datev_client: Annotated[str, number_between(1, 99_999)] = Field(
        "", description="DATEV: your number at the tax adviser"
    )
    datev_account_length: Annotated[str, number_between(4, 8)] = Field(
        "", description="DATEV: digits of your general accounts"
    )
    datev_chart: Chart = Field("", description="DATEV: standard chart of accounts, such as 03")
    datev_year_starts: MonthDay = Field(
        "", description="DATEV: month and day on which your fiscal year starts, such as 01-01"
    )
    agency_country: Country = Field(
        "", description="your country on e-invoices: a code of ISO 3166"
    )
    agency_city: str = Field("", description="your city on e-invoices")
    agency_postcode: str = Field("", description="your postal code on e-invoices")
    agency_vat_id: VatId = Field(
        "", description="your VAT id on e-invoices, with its country code, without spaces"
    )
    agency_legal_id: str = Field("", description="your number in the register of companies")
    agency_electronic_address: ElectronicAddress = Field(
        "", description="your e-invoice address, as 9930:DE123456789; empty: AGENCY_EMAIL"
    )
    agency_email: str = Field(
        "", description="your e-mail address: on e-invoices, and for letters to you"
    )
    agency_phone: str = Field("", description="your phone number on e-invoices")
    agency_iban: Iban = Field("", description="your account on e-invoices, without spaces")
    agency_bic: Bic = Field("", description="the bank of that account on e-invoices")
    mail_from: MailFrom = Field("", description="the address that letters come from")
    smtp_url: SmtpUrl = Field(
        "", description="mail server, as smtp://user:password@host:587; empty: files in var/mail"
    )
    dispatch: Literal["inside", "off"] = Field(
        "inside", description="inside: serve sends letters; off: another process does"
    )
    mail_domain_check: Literal["on", "off"] = Field(
        "on", description="on: a lead whose e-mail domain takes no mail is quarantined"
    )
    dns_server: DnsServer = Field(
        "", description="DNS server for that, as 192.0.2.53:53; empty: the machine's configuration"
    )
    database_url: str = Field("sqlite:///var/gatepost.db", description="the ledger's database")
    host: str = Field("127.0.0.1", description="address that the service listens on")
    port: int = Field(8000, ge=1, le=65535, description="port that the service listens on")
    site_url: Origin = Field("", description="origin of the published site; empty: host and port")
    capture_url: Origin = Field(
        "", description="origin of the lead service, if it has its own host"
    )
    desk_url: Origin = Field(
        "", description="origin of the desk, a host of its own; empty: on this machine only"
    )
    desk_port: int = Field(8001, ge=1, le=65535, description="port of `serve --desk`")
    agency_logo: str = Field("", description="your logo at the desk: an SVG or PNG file")
    secret_key: Secret = Field("", description="signs links; made on the first run if empty")
    duplicate_key: Secret = Field("", description="recognises people; must never change")
    webhook_key: Secret = Field("", description="encrypts the secrets of webhooks")
    webhook_loopback: bool = Field(
        False, description="for tests only: webhooks may call this machine, also without TLS"
    )
    trusted_proxies: int = Field(0, ge=0, le=8, description="number of reverse proxies in front")
    rate_limit: RateLimit = Field(
        "10 per minute", description="posts from one address; empty: no limit"
    )
    api_rate_limit: RateLimit = Field(
        "120 per minute", description="requests of one API token; empty: no limit"
    )
    min_fill_seconds: float = Field(
        2.0, ge=0, le=60, description="a form sent faster looks like a robot; 0: off"
    )
    link_days: int = Field(7, ge=1, le=90, description="days that a download link is valid")
    retention_undelivered_days: int = Field(
        90,
        ge=SHORTEST_RETENTION_DAYS,
        le=LONGEST_RETENTION_DAYS,
        description="days after which leads that no client saw are erased",
    )
    retention_delivered_days: DaysOrNever = Field(
        0, description="days after which settled leads are erased; 0: never"
    )
    retention_letter_days: DaysOrNever = Field(
        90, description="days after which files in var/mail are deleted; 0: never"
    )
    retention_backup_days: int = Field(
        30,
        ge=0,
        le=LONGEST_RETENTION_DAYS,
        description="days that you keep backups, for certificates of erasure",
    )
    workers: int = Field(2, ge=1, le=64, description="number of server processes")
    campaigns_dir: Path = Field(Path("campaigns"), description="campaign files")
    clients_dir: Path = Field(Path("clients"), description="client files")
    gated_dir: Path = Field(Path("content/gated"), description="files that visitors get for a form")
    theme_dir: Path = Field(Path("theme"), description="templates and styles")
    output_dir: Path = Field(Path("output"), description="output of the build")
    cache_dir: Path = Field(Path(CACHE_DIR), description="cache of builds; safe to delete")
    var_dir: Path = Field(Path("var"), description="made at run time: database, keys")

    releases_dir: Path = Field(Path("releases"), description="where pushes are published, with git")
    keep_releases: int = Field(5, ge=2, le=100, description="releases that rollback can reach")
    largest_file_mb: int = Field(50, ge=1, le=2000, description="maximum size of one pushed file")
    most_files: int = Field(
        20_000, ge=1, le=100_000, description="maximum number of files of a push"
    )
    largest_push_mb: int = Field(
        200, ge=1, le=100_000, description="maximum total size of a push's files, unpacked"
    )
    largest_releases_mb: int = Field(
        2000, ge=1, le=1_000_000, description="maximum total size of all releases"
    )
    reserve_mb: int = Field(
        500, ge=0, le=1_000_000, description="free space that publishing never uses"
    )
    build_seconds: int = Field(300, ge=1, le=86_400, description="maximum seconds of one build")
    build_memory_mb: int = Field(
        1000, ge=100, le=1_000_000, description="maximum memory of one build"
    )
    push_backtests_per_day: int = Field(
        20, ge=0, le=1000, description="pushes a day that report counts of past leads"
    )
    build_socket: str = Field("", description="socket of the user who builds pushed sites")
    ledger_socket: str = Field("", description="socket of the ledger check for pushed campaigns")

    @property
    def site_origin(self) -> str:
        """The origin at which visitors reach the site."""
        return self.site_url or f"http://{url_host(self.host)}:{self.port}"

    @property
    def has_desk_inside(self) -> bool:
        """Whether `serve` has the desk: on a machine for development, on the site's own address.

        With a host name for the site, writers' files would share the desk's origin.
        """
        is_local = self.host in LOOPBACK and not self.site_url
        return is_local and not self.desk_url

    @property
    def desk_origin(self) -> str:
        """The origin of the desk, for links in letters and commands."""
        return self.desk_url or self.site_origin

    @property
    def sender_address(self) -> str:
        """The address that letters come from; without a mail server any one will do."""
        return self.mail_from or "letters@localhost"


def url_host(host: str) -> str:
    """The host as a URL writes it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True)
class SettingsWithSources:
    """The settings, and where the value of each comes from."""

    settings: Settings
    sources: Mapping[str, str]
    """By field name: `default`, `environment`, `.env`, or the setting that it is derived from."""

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ, root: Path = Path()) -> Self:
        """Reads and validates the settings. Raises `Refused` with one line for each error."""
        raw, origins = read_raw_settings(environment, root)
        sources = dict.fromkeys(Settings.model_fields, "default") | origins
        try:
            return cls(Settings.model_validate(raw), sources)
        except ValidationError as error:
            lines = [_error_line(problem, sources) for problem in error.errors()]
            raise Refused("\n".join(lines)) from None


def _error_line(problem: Any, sources: Mapping[str, str]) -> str:
    field = str(problem["loc"][0])
    name = PREFIX + field.upper()
    origin = sources.get(field, "environment")
    if problem["type"] == "extra_forbidden":
        matches = difflib.get_close_matches(field, Settings.model_fields, n=1)
        hint = (
            f"did you mean {PREFIX}{matches[0].upper()}?"
            if matches
            else "`gatepost settings` lists all"
        )
        return f"{name} ({origin}): no such setting; {hint}"
    reason = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    default = Settings.model_fields[field].default
    value = "" if field in SECRETS else f"={problem['input']!r}"
    return f"{name}{value} ({origin}): {reason}; the default is {default!r}"


def secret(settings: Settings, name: str) -> bytes:
    """The secret `name` (one of `SECRETS`): the setting, or the file in the var folder.

    The first run makes that file, with mode 0600. Raises `Unavailable` if it cannot be written or
    read, and if the duplicate key of an existing ledger is missing.
    """
    value: str = getattr(settings, name)
    if value:
        return value.encode()
    path = settings.var_dir / name
    try:
        _make_missing_secrets(settings)
        stored = path.read_bytes().strip()
    except OSError as error:
        raise Unavailable(
            f"{path}: {error.strerror}; let the service's user write there, "
            f"or set {PREFIX}{name.upper()}"
        ) from None
    if len(stored) < MIN_SECRET_LENGTH:
        raise Unavailable(
            f"{path}: too short for a secret; restore it, or set {PREFIX}{name.upper()}"
        )
    return stored


def _make_missing_secrets(settings: Settings) -> None:
    """Makes all secrets that are not set, at the same time: they always exist before a ledger."""
    # Check for the ledger first: another process may make secrets and ledger meanwhile.
    has_ledger = Path(settings.database_url.removeprefix("sqlite:///")).is_file()
    for name in GENERATED_SECRETS:
        path = settings.var_dir / name
        if getattr(settings, name) or path.exists():
            continue
        if has_ledger and name == "duplicate_key":
            raise Unavailable(
                f"{path}: missing, and the ledger was made with it; put it back from a backup, "
                f"or set {PREFIX}{name.upper()}"
            )
        _make_secret(path)
        if has_ledger and name == "secret_key":
            log.warning("%s: was missing, a new one was made; earlier links no longer work", path)


def _make_secret(path: Path) -> None:
    """Writes a complete draft, then links it to its final name.

    If several processes start at the same time, one file wins and all of them use it.
    """
    make_private_folder(path.parent)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # mode 0600
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(_SECRET_BYTES))
        file.flush()
        os.fsync(handle)
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    Path(draft).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)  # a power cut must not lose the key of a ledger that survives it
    os.close(folder)
