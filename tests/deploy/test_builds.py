"""A push's site is built by one who may do little, in bounds of time, memory and disk."""

import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from capture.errors import FileErrors, Unavailable
from gatepost.releases.context import PublishContext
from gatepost.releases.make_release import build_site
from gatepost.settings import SettingsWithSources
from tests.deploy.server import SERVICE, as_publisher
from tests.needs import needs, skip_or_fail
from tests.service import ROOT

COMMAND = [sys.executable, "-P", "-m", "gatepost.releases.worker"]
POST = """\
title: A post that was pushed
slug: pushed
date: 2026-11-01
category: Pricing
tags: cpl
author: Marta Lindqvist
summary: What a reader gets of the post that was pushed, in a few words, here.

Said in a few words.
"""
SLOW = """
import time
from publish.plugins.front_matter import FrontMatterReader
_convert = FrontMatterReader._convert
def convert(self, text):
    if "few words" in text:
        open({began!r}, "w").close()
        {do}
    return _convert(self, text)
FrontMatterReader._convert = convert
"""
"""What an installed settings file may do: here it makes a post slower or greedier than any text."""


class Server:
    """Installed code, a release that is being made, and what the setting says."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.opt, self.making = folder, folder / "opt", folder / "making"
        self.temporary = folder / "tmp"
        for created in (self.opt, self.making, self.temporary, folder / "cache"):
            created.mkdir()
        (self.opt / "theme").symlink_to(ROOT / "theme")
        for name in ("pelicanconf.py", "publishconf.py"):
            shutil.copy2(ROOT / name, self.opt)
        for name in ("content/posts", "content/pages", "content/images", "campaigns", "clients"):
            (self.making / name).mkdir(parents=True)
        (self.making / "content/posts/pushed.md").write_text(POST)
        self.settings = {
            "SITE_URL": "https://journal.example",
            "RELEASES_DIR": str(folder),
            "CACHE_DIR": str(folder / "cache"),
            "VAR_DIR": str(folder / "none"),
        }

    def environment(self) -> dict[str, str]:
        ours = {f"GATEPOST_{name}": value for name, value in self.settings.items()}
        return {"PATH": os.environ["PATH"], "TMPDIR": str(self.temporary), **ours}

    def build(self, **settings: str) -> None:
        self.settings |= settings
        desk = PublishContext.from_settings(
            SettingsWithSources.read(self.environment(), self.opt).settings, self.opt, print
        )
        build_site(desk, self.making, None)

    def does(self, what: str) -> None:
        """The settings file does so when the post is read."""
        with (self.opt / "pelicanconf.py").open("a") as file:
            file.write(SLOW.format(do=what, began=str(self.began)))

    @property
    def began(self) -> Path:
        """Is there once the post is read."""
        return self.folder / "began"

    @property
    def leftovers(self) -> list[Path]:
        return list(self.temporary.iterdir())

    @contextmanager
    def socket(self, *before: str) -> Iterator[None]:
        """What systemd does for `gatepost-build.socket`: a process for each connection."""
        environment = self.environment()

        class Handler(socketserver.BaseRequestHandler):
            def handle(inside) -> None:  # noqa: N805 - `self` is the server
                subprocess.run(
                    [*before, *COMMAND], cwd=self.opt, env=environment, stdin=inside.request,
                    stdout=inside.request, check=False,
                )  # fmt: skip

        self.settings["BUILD_SOCKET"] = str(self.folder / "build.sock")
        with socketserver.UnixStreamServer(self.settings["BUILD_SOCKET"], Handler) as listener:
            thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield
            finally:
                listener.shutdown()
                thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Not in pytest's folders, which are shut to others."""
    with tempfile.TemporaryDirectory(prefix="gatepost-") as folder:
        Path(folder).chmod(0o711)
        created = Server(Path(folder))
        monkeypatch.setenv("TMPDIR", str(created.temporary))
        yield created


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "sitemap.xml"
    }


def test_behind_the_socket_one_without_rights_or_network_builds_the_same_site(
    server: Server,
) -> None:
    """The release that is being made is shut to who builds, who is given all that it needs."""
    if os.geteuid():
        skip_or_fail("only root can be two users")
    builder = [needs("unshare"), "--net", *as_publisher()]
    server.build()
    ours = files_of(server.making / "output")
    shutil.rmtree(server.making / "output")
    os.chown(server.making, SERVICE, SERVICE)
    server.making.chmod(0o700)
    reads = [*builder, "ls", str(server.making)]
    text = subprocess.run(reads, capture_output=True, text=True, check=False).stderr
    assert "Permission denied" in text
    with server.socket(*builder):
        server.build()
    assert files_of(server.making / "output") == ours
    assert "www/pushed/index.html" in ours
    assert "www/pushed/index.html.br" in ours
    assert server.leftovers == []


def test_a_builder_who_could_read_the_ledgers_folder_is_refused(server: Server) -> None:
    var, server.settings["VAR_DIR"] = server.settings["VAR_DIR"], str(server.temporary)
    with server.socket(), pytest.raises(Unavailable, match="must not be able to read it"):
        server.build(VAR_DIR=var)


def test_nobody_behind_the_socket_is_told_in_a_line(server: Server) -> None:
    with pytest.raises(
        Unavailable, match=r"no build service answers at /nowhere\.sock: `systemctl status"
    ):
        server.build(BUILD_SOCKET="/nowhere.sock")


def test_one_who_says_nothing_is_told_in_a_line(server: Server) -> None:
    class Silent(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(10)

    path = str(server.folder / "build.sock")
    with socketserver.UnixStreamServer(path, Silent) as listener:
        thread = threading.Thread(target=listener.handle_request)
        thread.start()
        with pytest.raises(Unavailable, match="the build gave no answer"):
            server.build(BUILD_SOCKET=path)
        thread.join()


def test_mistakes_of_writers_come_back_with_file_and_line(server: Server) -> None:
    post = server.making / "content/posts/pushed.md"
    post.write_text(POST + "\n[Nowhere](#nowhere)\n")
    with pytest.raises(FileErrors) as message:
        server.build()
    assert str(message.value).startswith("content/posts/pushed.md:11: ")
    assert not (server.making / "output").exists()


def test_a_build_that_takes_too_long_is_ended_and_says_what_it_was_reading(
    server: Server,
) -> None:
    server.does("time.sleep(600)")
    for seconds in (4, 16, 64, 256):  # a busy machine needs some to come so far
        with pytest.raises(FileErrors) as message:
            server.build(BUILD_SECONDS=str(seconds))
        if server.began.exists():
            break
    assert str(message.value) == (
        "content/posts/pushed.md: the build was stopped while it read this file: it took "
        f"longer than {seconds} seconds (the limit is GATEPOST_BUILD_SECONDS); make your last "
        "change shorter or simpler"
    )
    assert server.leftovers == []


def test_a_build_that_needs_too_much_memory_is_ended(server: Server) -> None:
    server.does("bytearray(3_000_000_000)")
    with pytest.raises((Unavailable, FileErrors), match=r"BUILD_MEMORY_MB|MemoryError"):
        server.build()
    assert server.leftovers == []


def test_a_build_that_fills_the_disk_is_ended_at_the_reserve(server: Server) -> None:
    with pytest.raises(Unavailable, match="kept free for the ledger"):
        server.build(RESERVE_MB="1000000")
    assert server.leftovers == []


def test_a_build_that_nobody_waits_for_any_more_is_ended(server: Server) -> None:
    """A push was cut off: who builds notices, and takes its files away."""
    server.does("time.sleep(600)")
    code = (
        "from pathlib import Path; from gatepost.releases.context import PublishContext;"
        "from gatepost.releases.make_release import build_site;"
        "from gatepost.settings import SettingsWithSources;"
        f"opt = Path({str(server.opt)!r});"
        "settings = SettingsWithSources.read(root=opt).settings;"
        "context = PublishContext.from_settings(settings, opt, print);"
        f"build_site(context, Path({str(server.making)!r}), None)"
    )
    hook = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=server.environment())
    _until(server.began.exists)
    hook.kill()
    hook.wait()
    _until(lambda: not server.leftovers)
    _until(lambda: not list(processes_of(server)))


def processes_of(server: Server) -> Iterator[Path]:
    """Those that were started with this server's settings."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"TMPDIR={server.temporary}".encode() in (process / "environ").read_bytes():
                yield process


def _until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.05)
    raise TimeoutError
