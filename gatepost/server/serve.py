"""`gatepost serve`: the site and the lead service on one address, under gunicorn."""

import errno
import gc
import logging
import mimetypes
import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import gevent
from flask import Blueprint, Flask, Response, current_app, redirect, request, send_from_directory
from flask.typing import ResponseReturnValue
from gunicorn.app.base import BaseApplication
from gunicorn.systemd import listen_fds
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from capture.errors import Refused
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.signed_links import LinkSigner
from capture.site_policy import DRAWING_POLICY, POLICY_HEADER, search_policy
from capture.users.passphrase import HashRunner, hash_here
from capture.web.app import create_app, create_desk_app
from capture.web.config import DeskConfig, WebConfig
from capture.web.sender import without_messages
from capture.web.services import EXTENSION, Services, run_now
from capture.web.view_counter import FLUSH_SECONDS, ViewCounter
from gatepost.agency import agency_of
from gatepost.server.dispatcher import start_dispatcher
from gatepost.server.first_user import first_user_link
from gatepost.server.group_commit import GroupCommit
from gatepost.server.hash_thread import HashThread
from gatepost.server.http_worker import Worker
from gatepost.server.job_processes import LOOK_SECONDS, JobProcesses
from gatepost.server.private_files import make_files_private
from gatepost.settings import Settings, secret, url_host

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger(__name__)

CONNECTIONS = 400
"""Maximum of open connections of a process. With other files, that is well below the usual limit of
1,024 open files. Further connections wait in the kernel's queue."""

IDLE_SECONDS = 5
"""How long a browser's connection may stay open without a request."""

GARBAGE_THRESHOLD = 10_000
"""New objects before a garbage collection: about ten leads, or one to two megabytes."""

_FIRST_UNPRIVILEGED_PORT = 1024
"""Only privileged processes may listen on a lower port."""


def serve(settings: Settings) -> None:
    """Serves site and leads until it is stopped. Raises a `GatepostError` if it cannot start."""
    _serve(
        settings,
        make_app,
        has_desk=settings.has_desk_inside,
        has_dispatcher=settings.dispatch == "inside",
    )


def serve_desk(settings: Settings) -> None:
    """Serves the desk until it is stopped. Raises a `GatepostError` if it cannot start."""
    _serve(
        settings.model_copy(update={"port": settings.desk_port}),
        make_desk_app,
        has_desk=True,
        has_dispatcher=False,
    )


def _serve(
    settings: Settings, make: Callable[..., Flask], *, has_desk: bool, has_dispatcher: bool
) -> None:
    if not listen_fds(unset_environment=False):  # with socket activation, systemd has the port
        check_port(settings)
    os.umask(0o077)  # only the service's user may read new files
    make_files_private(settings)
    # The app is made once, before the workers start. So an error is reported once, in one line,
    # and a replacement worker starts even if a file has a mistake or the disk is full.
    config = web_config(settings)
    ledger = GroupCommit(open_ledger(config.database_url, config.duplicate_key))
    app = make(settings, ledger, gevent.spawn, HashThread())
    invitation = _invite_first_user(settings, ledger)
    ledger.close()  # a database connection must not be carried over a fork
    dispatcher = start_dispatcher() if has_dispatcher else None
    let_no_fork_miss_a_signal()
    try:
        _Server(settings, app, ledger, invitation, has_desk=has_desk).run()
    finally:
        if dispatcher is not None:
            dispatcher.terminate()  # nobody waits for it


def check_port(settings: Settings, command: str = "make run") -> None:
    """Raises `Refused` if no server can listen on the host and port of the settings.

    `command` starts the same server; the message recommends it with another port.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            other_port = 8000 if settings.port < _FIRST_UNPRIVILEGED_PORT else settings.port + 1
            fix = (
                f"stop what runs there, or take another port: {command} PORT={other_port}"
                if error.errno in {errno.EADDRINUSE, errno.EACCES}
                else "set GATEPOST_HOST to an address of this machine"
            )
            raise Refused(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; {fix}"
            ) from None


def web_config(settings: Settings) -> WebConfig:
    """The configuration of the lead service, from the settings."""
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
        jobs=settings.var_dir / "jobs",
        site_origin=settings.site_origin,
        capture_url=settings.capture_url,
        trusted_proxies=settings.trusted_proxies,
        rate_limit=settings.rate_limit,
        api_rate_limit=settings.api_rate_limit,
        min_fill_seconds=settings.min_fill_seconds,
        link_life=timedelta(days=settings.link_days),
        desk=desk_config(settings) if settings.has_desk_inside else None,
    )


def desk_config(settings: Settings) -> DeskConfig:
    """The configuration of the desk, from the settings."""
    return DeskConfig(
        agency=settings.agency,
        logo=Path(settings.agency_logo) if settings.agency_logo else None,
        url=settings.desk_url,
        supplier=agency_of(settings),
        start_jobs=JobProcesses(settings).start,
    )


def make_app(
    settings: Settings,
    ledger: Ledger | None = None,
    run_later: Callable[[Callable[[], None]], object] = run_now,
    run_hash: HashRunner = hash_here,
) -> Flask:
    """The Flask app that serves the site and the lead service. See `create_app`."""
    app = create_app(web_config(settings), ledger, run_later, run_hash)
    app.register_blueprint(static_site(settings.output_dir / "www"))
    return app


def make_desk_app(
    settings: Settings,
    ledger: Ledger | None = None,
    run_later: Callable[[Callable[[], None]], object] = run_now,
    run_hash: HashRunner = hash_here,
) -> Flask:
    """The Flask app of the desk alone. See `create_desk_app`."""
    config = replace(web_config(settings), desk=desk_config(settings))
    return create_desk_app(config, ledger, run_later, run_hash)


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn, configured by Gatepost's settings instead of a configuration file."""

    def __init__(
        self,
        settings: Settings,
        app: Flask,
        ledger: GroupCommit,
        invitation: str,
        *,
        has_desk: bool,
    ) -> None:
        """`invitation`: lines to print once the server listens; empty: none."""
        self._has_desk = has_desk
        self._settings = settings
        self._invitation = invitation
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
            "control_socket_disable": True,  # all services of a user would share one socket file
            "forwarded_allow_ips": "",  # ProxyFix decides which proxy headers are trusted
            "forwarder_headers": "",
            "when_ready": self._print_address,
            "worker_exit": self._write_last_views,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def _print_address(self, server: Any) -> None:
        # When its terminal is closed, gunicorn would only replace its workers.
        if sys.stdout.isatty():
            signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        address = server.address[0]
        url = f"unix:{address}"
        if not isinstance(address, str | bytes):
            url = f"http://{url_host(address[0])}:{address[1]}"
        print(f"Gatepost on {url}", flush=True)  # noqa: T201
        if self._invitation:
            print(self._invitation, flush=True)  # noqa: T201

    def load(self) -> "WSGIApplication":
        logging.getLogger("gunicorn.error").addFilter(without_messages)
        gc.freeze()  # objects that live as long as the worker are never collected
        gc.set_threshold(GARBAGE_THRESHOLD)
        self._ledger.start()
        gevent.spawn(self._write_views)
        if self._has_desk:
            gevent.spawn(self._start_waiting_jobs)
        return self._app

    def _write_views(self) -> None:
        """Writes the views of pages that this worker has counted, again and again."""
        while True:
            gevent.sleep(FLUSH_SECONDS)
            self._views.flush()

    def _start_waiting_jobs(self) -> None:
        """Starts work that waits, such as after a restart of the machine, again and again."""
        processes = JobProcesses(self._settings)
        while True:
            processes.start_waiting()
            gevent.sleep(LOOK_SECONDS)

    def _write_last_views(self, _server: Any, _worker: Any) -> None:
        """Writes what is left when a worker stops. gunicorn's `worker_exit`."""
        self._views.flush()

    @property
    def _views(self) -> ViewCounter:
        services: Services = self._app.extensions[EXTENSION]
        return services.views


_STOP_SIGNALS: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})


def let_no_fork_miss_a_signal() -> None:
    """Makes a signal to stop, sent to a worker that was just forked, stop it.

    A fork inherits the server's handlers, which only note the signal for the server. The worker
    would serve on until gunicorn kills it, and the visitors of that moment would get no answer. So
    signals wait while the server forks, and then end a worker that has no handlers of its own yet.
    """

    def unblock_signals() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)

    def restore_signals() -> None:
        for signal_number in _STOP_SIGNALS:
            signal.signal(signal_number, signal.SIG_DFL)
        unblock_signals()

    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS),
        after_in_parent=unblock_signals,
        after_in_child=restore_signals,
    )


def _invite_first_user(settings: Settings, ledger: Ledger) -> str:
    """What the first user of the desk must know, for a person who started a development server."""
    if not (settings.has_desk_inside and sys.stdout.isatty()):
        return ""
    signer = LinkSigner(secret(settings, "secret_key"), timedelta(days=settings.link_days))
    invitation = first_user_link(ledger, signer, datetime.now(UTC))
    if invitation is None:
        return f"The desk is at {settings.desk_origin}/desk/"
    name, path = invitation
    return (
        f"The desk is at {settings.desk_origin}/desk/. To log in as {name}, choose a passphrase "
        f"here; the link works once, within an hour:\n{settings.desk_origin}{path}"
    )


# --- the files of the built site, for local work and small machines ---
# On a busy site nginx serves the same folder; see docs/operator.md.

_ONE_YEAR: Final = 365 * 24 * 3600
"""In seconds."""
_IMMUTABLE: Final = re.compile(
    r"(theme|pictures|share|pagefind/(fragment|index))/|pagefind/\w+\.\w+\.pf_meta$"
)
"""Paths whose file names contain a hash of the content."""
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""Content encodings and the suffixes of their files, the smallest first."""


def static_site(folder: Path) -> Blueprint:
    """Routes for every file of the built site. The folder may be replaced while the app runs."""
    blueprint = Blueprint("static_site", __name__)
    root = str(folder.absolute())

    @blueprint.get("/", defaults={"path": ""})
    @blueprint.get("/<path:path>")
    def serve_file(path: str) -> ResponseReturnValue:
        file_path = safe_join(root, path)
        # `os.path.isdir` raises for no name, unlike `Path.is_dir`.
        if file_path is not None and os.path.isdir(file_path):  # noqa: PTH112
            if path and not path.endswith("/"):
                query = f"?{request.query_string.decode()}" if request.query_string else ""
                return redirect(f"/{path}/{query}", 308)
            path += "index.html"
        try:
            response = _file_response(root, path)
        except NotFound:
            return _not_found_page(root)
        response.headers["Cache-Control"] = (
            f"public, max-age={_ONE_YEAR}, immutable" if _IMMUTABLE.match(path) else "no-cache"
        )
        if path == "search/index.html":
            policy = search_policy(current_app.config["PAGE_POLICY"])
            response.headers[POLICY_HEADER] = str(policy)
        elif path.lower().endswith(".svg"):
            response.headers[POLICY_HEADER] = str(DRAWING_POLICY)
        return response

    return blueprint


def _file_response(root: str, path: str) -> Response:
    """The file, in the smallest encoding that exists and that the browser accepts."""
    for encoding, suffix in _ENCODINGS:
        if request.accept_encodings.quality(encoding) > 0:
            try:
                media_type, _ = mimetypes.guess_type(path)
                response = send_from_directory(root, path + suffix, mimetype=media_type)
            except NotFound:
                continue
            response.headers["Content-Encoding"] = encoding
            response.vary.add("Accept-Encoding")
            return response
    response = send_from_directory(root, path)
    response.vary.add("Accept-Encoding")
    return response


def _not_found_page(root: str) -> tuple[Response, int]:
    response = send_from_directory(root, "404.html")
    response.headers["Cache-Control"] = "no-cache"
    return response, 404
