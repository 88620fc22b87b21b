"""`gatepost serve --live`: a writer's preview, from start to end."""

import ipaddress
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from werkzeug.serving import make_server

from capture.errors import Refused
from gatepost.preview.builder import Builder
from gatepost.preview.doorway import Doorway, Quiet
from gatepost.preview.live_routes import PREFIX, live_routes
from gatepost.preview.rounds import Rounds
from gatepost.preview.showing import Showing
from gatepost.preview.trial import Trial
from gatepost.preview.words import Words
from gatepost.serve import check_port
from gatepost.settings import Settings, url_host
from publish.writing.layout import PUBLISHED

_CONFIG: Final = Path("pelicanconf.py")


def live(settings: Settings, given: Mapping[str, str]) -> None:
    """Runs until Ctrl-C. `given` is what our settings say to Pelican.

    Raises a `GatepostError` for whatever keeps it from starting.
    """
    _check_host(settings.host)
    if not _CONFIG.is_file():
        raise Refused(f"{_CONFIG}: no such file; run this in the project's folder")
    check_port(settings, "make write")
    host = url_host(settings.host)
    showing, words = Showing(), Words(f"http://{host}:{settings.port}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), Builder() as builder, _own_folder() as folder:
        rounds = Rounds(
            config=_CONFIG,
            given={
                **given,
                "CAPTURE_URL": "",
                PUBLISHED: str(settings.output_dir.absolute() / "published.json"),
            },
            folder=folder,
            folders=_usual_folders(settings),
            seconds=settings.build_seconds,
            builder=builder,
            trial=Trial(settings, folder),
            showing=showing,
            words=words,
        )
        with _serving(settings, showing):
            words.ready(PREFIX)
            rounds.run()


def _check_host(host: str) -> None:
    """What a visitor sent here would be lost, and drafts are nobody's business."""
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return
    if host != "localhost":
        raise Refused(
            f"GATEPOST_HOST={host}: the preview is for this machine alone; "
            "leave the setting out, or serve without --live"
        )


def _usual_folders(settings: Settings) -> tuple[Path, ...]:
    """Where files mostly lie, until a build has told where they do."""
    return (
        Path("content"),
        settings.theme_dir,
        settings.campaigns_dir,
        settings.clients_dir,
        settings.gated_dir,
    )


@contextmanager
def _own_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gatepost-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _serving(settings: Settings, showing: Showing) -> Iterator[None]:
    """Answers browsers while the block runs."""
    door = Doorway(showing, live_routes(showing), settings.host)
    server = make_server(settings.host, settings.port, door, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends already
        showing.close()
        server.shutdown()
        server.server_close()
