"""`gatepost serve`: site and lead service in one, under gunicorn."""

import errno
import gc
import logging
import os
import signal
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.systemd import listen_fds

from capture.errors import Refused
from capture.files import make_private
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.web.app import create_app
from capture.web.config import WebConfig
from capture.web.sender import without_messages
from gatepost.server.group_commit import GroupCommit
from gatepost.server.static_files import static_site
from gatepost.server.worker import Worker
from gatepost.settings import PREFIX, SECRETS, Settings, Sourced, secret, url_host

# What the service keeps is its user's alone: repaired at each start, or said.


log = logging.getLogger(__name__)

_OTHERS = 0o077


def make_files_private(settings: Settings) -> None:
    """Takes others' rights from `var/` and all in it, and from the database wherever it lies."""
    for line in make_private(_kept(settings)):
        log.warning("%s", line)


def warn_of_open_secrets(sourced: Sourced, root: Path = Path()) -> None:
    """Says so if others may read a `.env` that holds a secret. Never changed: it may be shared."""
    path = root / ".env"
    named = [name for name in SECRETS if sourced.sources.get(name) == ".env"]
    if named and path.stat().st_mode & _OTHERS:
        keys = " and ".join(PREFIX + name.upper() for name in named)
        log.warning("%s: others may read it, and it holds %s; run `chmod 600 %s`", path, keys, path)


def _kept(settings: Settings) -> Iterator[Path]:
    database = settings.database_url.removeprefix("sqlite:///")
    yield from (Path(f"{database}{part}") for part in ("", "-wal", "-shm", ".lock"))
    var = settings.var_dir
    if var.is_dir() and not _holds_more(settings):
        yield from (var, *var.rglob("*"))


def _holds_more(settings: Settings) -> bool:
    """Whether a folder that others must read lies in `var`: then its modes are the operator's."""
    var = settings.var_dir.resolve()
    shared = (
        settings.output_dir,
        settings.theme_dir,
        settings.campaigns_dir,
        settings.gated_dir,
        settings.releases_dir,
        Path(),
    )
    return any(folder.resolve().is_relative_to(var) for folder in shared)


if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CONNECTIONS = 400
"""Most connections that a process keeps open: with its files, well below the usual limit of 1,024
open files. More wait in the kernel's queue."""

IDLE_SECONDS = 5
"""How long a browser's connection may stay open without a request."""

GARBAGE = 10_000
"""New objects after which Python looks for circles: some ten leads, a megabyte or two."""

_UNPRIVILEGED = 1024
"""Below this a port is the system's, and not for the likes of us."""


def web_config(settings: Settings) -> WebConfig:
    """What the service is given, from the settings."""
    return WebConfig(
        database_url=settings.database_url,
        secret_key=secret(settings, "secret_key"),
        duplicate_key=secret(settings, "duplicate_key"),
        campaigns=settings.campaigns_dir,
        clients=settings.clients_dir,
        gated=settings.gated_dir,
        templates=settings.theme_dir / "templates",
        site_facts=settings.output_dir / "site.json",
        counters=settings.var_dir / "counters.db",
        site_origin=settings.site_origin,
        capture_url=settings.capture_url,
        trusted_proxies=settings.trusted_proxies,
        rate_limit=settings.rate_limit,
        api_rate_limit=settings.api_rate_limit,
        min_fill_seconds=settings.min_fill_seconds,
        link_life=timedelta(days=settings.link_days),
    )


def make_app(settings: Settings, ledger: Ledger | None = None) -> Flask:
    """Site and lead service on one address."""
    app = create_app(web_config(settings), ledger)
    app.register_blueprint(static_site(settings.output_dir / "www"))
    return app


def serve(settings: Settings) -> None:
    """Runs until stopped. Raises a `GatepostError` for whatever keeps it from starting."""
    if not listen_fds(unset_environment=False):  # else systemd listens, and holds on to who comes
        check_port(settings)
    os.umask(0o077)  # whatever is made from here on is the service's alone
    make_files_private(settings)
    # Made once, before the workers: what fails, fails here and in one line; and a worker that has
    # to be replaced needs no sound files and no free disk to begin.
    config = web_config(settings)
    ledger = GroupCommit(open_ledger(config.database_url, config.duplicate_key))
    app = make_app(settings, ledger)
    ledger.close()  # no connection may be carried into another process
    _Server(settings, app, ledger).run()


def check_port(settings: Settings, command: str = "make run") -> None:
    """Raises `Refused`, naming how to mend it, if nobody can listen where the settings say."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            fix = (
                f"stop what runs there, or take another port: {command} PORT={{}}"
                if error.errno in {errno.EADDRINUSE, errno.EACCES}
                else "set GATEPOST_HOST to an address of this machine"
            )
            raise Refused(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
                + fix.format(8000 if settings.port < _UNPRIVILEGED else settings.port + 1)
            ) from None


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with our settings in place of a file of its own."""

    def __init__(self, settings: Settings, app: Flask, ledger: GroupCommit) -> None:
        self._settings = settings
        self._app = app
        self._ledger = ledger
        super().__init__()

    def load_config(self) -> None:
        settings = self._settings
        options: dict[str, Any] = {
            "bind": f"{url_host(settings.host)}:{settings.port}",
            "workers": settings.workers,
            "worker_class": Worker,
            "worker_connections": CONNECTIONS,
            "keepalive": IDLE_SECONDS,
            "loglevel": "warning",
            "timeout": 30,
            "graceful_timeout": 10,
            "umask": 0o077,
            "control_socket_disable": True,  # it would be one file for all services of a user
            "forwarded_allow_ips": "",  # whom we believe of addresses and paths, ProxyFix says
            "forwarder_headers": "",
            "post_fork": _restore_signals,
            "when_ready": _say_ready,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> "WSGIApplication":
        logging.getLogger("gunicorn.error").addFilter(without_messages)
        gc.freeze()  # what lives as long as the worker is never looked through again
        gc.set_threshold(GARBAGE)
        self._ledger.start()
        return self._app


def _restore_signals(server: Any, worker: Any) -> None:
    """A new worker is told to end by the signals that its server was told by: until it listens to
    them itself, it would not hear, and serve on until it is killed with visitors waiting."""
    del server, worker
    for message in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(message, signal.SIG_DFL)


def _say_ready(server: Any) -> None:
    address = server.address[0]
    where = f"unix:{address}"
    if not isinstance(address, str | bytes):
        where = f"http://{url_host(address[0])}:{address[1]}"
    print(f"Gatepost on {where}", flush=True)  # noqa: T201
