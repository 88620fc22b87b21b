"""The build worker: a user with few rights, limited in time, memory and disk."""

import os
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from capture.errors import FileErrors, Unavailable
from gatepost.releases.context import PublishContext
from gatepost.releases.kept_build import build_folder
from gatepost.releases.make_release import build_site
from gatepost.settings import SettingsWithSources
from tests.deploy.server import SERVICE_UID, publisher_command
from tests.needs import needs, skip_or_fail
from tests.service import ROOT
from tests.waiting import wait_until

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
        {statement}
    return _convert(self, text)
FrontMatterReader._convert = convert
"""
"""Code for the installed settings file. It makes the build of a post slow or large."""


class BuildServer:
    """Installed code, a release that is being made, and the settings."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.opt, self.making = folder, folder / "opt", folder / "making"
        self.temporary = folder / "tmp"
        for subfolder in (self.opt, self.making, self.temporary, folder / "cache"):
            subfolder.mkdir()
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
        settings = {f"GATEPOST_{name}": value for name, value in self.settings.items()}
        return {"PATH": os.environ["PATH"], "TMPDIR": str(self.temporary), **settings}

    def build(self, live: Path | None = None, **settings: str) -> None:
        self.settings |= settings
        context = PublishContext.from_settings(
            SettingsWithSources.read(self.environment(), self.opt).settings, self.opt, print
        )
        build_site(context, self.making, live)

    @contextmanager
    def building(self) -> Iterator[subprocess.Popen[bytes]]:
        """A process that makes the release, and a worker of its own."""
        code = (
            "from pathlib import Path; from gatepost.releases.context import PublishContext;"
            "from gatepost.releases.make_release import build_site;"
            "from gatepost.settings import SettingsWithSources;"
            f"opt = Path({str(self.opt)!r});"
            "settings = SettingsWithSources.read(root=opt).settings;"
            "context = PublishContext.from_settings(settings, opt, print);"
            f"build_site(context, Path({str(self.making)!r}), None)"
        )
        client = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=self.environment())
        try:
            yield client
        finally:
            client.wait()

    def next_release(self) -> Path:
        """Makes the release a live one, and begins another with the same files."""
        live = self.folder / f"live-{len(list(self.folder.glob('live-*')))}"
        self.making.rename(live)
        for name in ("content", "campaigns", "clients"):
            shutil.copytree(live / name, self.making / name)
        return live

    def check_clean_build(self, live: Path | None) -> None:
        """Compares the site with that of a worker that knows nothing."""
        made = files_of(self.making / "output")
        shutil.rmtree(self.making / "output")
        clean = self.folder / "clean"
        shutil.rmtree(clean, ignore_errors=True)
        cache = self.settings["CACHE_DIR"]
        self.build(live, CACHE_DIR=str(clean))
        self.settings["CACHE_DIR"] = cache
        assert files_of(self.making / "output") == made

    def run_in_build(self, statement: str) -> None:
        """Adds a statement to the settings file that runs when the post is read."""
        with (self.opt / "pelicanconf.py").open("a") as file:
            file.write(SLOW.format(statement=statement, began=str(self.began)))

    @property
    def began(self) -> Path:
        """A file that exists as soon as the post is read."""
        return self.folder / "began"

    @property
    def leftovers(self) -> list[Path]:
        return list(self.temporary.iterdir())

    @contextmanager
    def socket(self, *command_prefix: str) -> Iterator[None]:
        """Starts a worker for each connection, as systemd does for `gatepost-build.socket`."""
        environment = self.environment()

        class Handler(socketserver.BaseRequestHandler):
            def handle(handler) -> None:  # noqa: N805 - `self` is the server
                subprocess.run(
                    [*command_prefix, *COMMAND], cwd=self.opt, env=environment,
                    stdin=handler.request, stdout=handler.request, check=False,
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
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BuildServer]:
    """A server outside pytest's folders, which other users cannot enter."""
    with tempfile.TemporaryDirectory(prefix="gatepost-") as folder:
        Path(folder).chmod(0o711)
        server = BuildServer(Path(folder))
        monkeypatch.setenv("TMPDIR", str(server.temporary))
        yield server


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "sitemap.xml"
    }


def test_a_worker_without_rights_or_network_builds_the_same_site(
    server: BuildServer,
) -> None:
    """The worker cannot enter the release folder: it gets all files through the socket."""
    if os.geteuid():
        skip_or_fail("only root can be two users")
    restricted = [needs("unshare"), "--net", *publisher_command()]
    server.build()
    expected = files_of(server.making / "output")
    shutil.rmtree(server.making / "output")
    os.chown(server.making, SERVICE_UID, SERVICE_UID)
    server.making.chmod(0o700)
    list_files = [*restricted, "ls", str(server.making)]
    stderr = subprocess.run(list_files, capture_output=True, text=True, check=False).stderr
    assert "Permission denied" in stderr
    with server.socket(*restricted):
        server.build()
    assert files_of(server.making / "output") == expected
    assert "www/pushed/index.html" in expected
    assert "www/pushed/index.html.br" in expected
    assert server.leftovers == []


def test_a_worker_that_could_read_the_ledgers_folder_refuses_to_build(server: BuildServer) -> None:
    var, server.settings["VAR_DIR"] = server.settings["VAR_DIR"], str(server.temporary)
    with server.socket(), pytest.raises(Unavailable, match="must not be able to read it"):
        server.build(VAR_DIR=var)


def test_a_socket_without_a_worker_is_reported_with_the_command(server: BuildServer) -> None:
    with pytest.raises(
        Unavailable, match=r"no build service answers at /nowhere\.sock: `systemctl status"
    ):
        server.build(BUILD_SOCKET="/nowhere.sock")


def test_a_worker_that_gives_no_answer_is_reported(server: BuildServer) -> None:
    class SilentHandler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(10)

    path = str(server.folder / "build.sock")
    with socketserver.UnixStreamServer(path, SilentHandler) as listener:
        thread = threading.Thread(target=listener.handle_request)
        thread.start()
        with pytest.raises(Unavailable, match="the build gave no answer"):
            server.build(BUILD_SOCKET=path)
        thread.join()


def test_a_writers_mistake_is_reported_with_file_and_line(server: BuildServer) -> None:
    post = server.making / "content/posts/pushed.md"
    post.write_text(POST + "\n[Nowhere](#nowhere)\n")
    with pytest.raises(FileErrors) as error:
        server.build()
    assert str(error.value).startswith("content/posts/pushed.md:11: ")
    assert not (server.making / "output").exists()


def test_a_build_that_takes_too_long_is_stopped_and_its_file_is_reported(
    server: BuildServer,
) -> None:
    server.run_in_build("time.sleep(600)")
    for seconds in (4, 16, 64, 256):  # a busy machine needs longer to reach the post
        with pytest.raises(FileErrors) as error:
            server.build(BUILD_SECONDS=str(seconds))
        if server.began.exists():
            break
    assert str(error.value) == (
        "content/posts/pushed.md: the build was stopped while it read this file: it took "
        f"longer than {seconds} seconds (the limit is GATEPOST_BUILD_SECONDS); make your last "
        "change shorter or simpler"
    )
    assert server.leftovers == []


def test_a_build_that_needs_too_much_memory_is_stopped(server: BuildServer) -> None:
    server.run_in_build("bytearray(3_000_000_000)")
    with pytest.raises((Unavailable, FileErrors), match=r"BUILD_MEMORY_MB|MemoryError"):
        server.build()
    assert server.leftovers == []


def test_a_build_that_fills_the_disk_is_stopped_at_the_reserve(server: BuildServer) -> None:
    with pytest.raises(Unavailable, match="kept free for the ledger"):
        server.build(RESERVE_MB="1000000")
    assert server.leftovers == []


def test_a_push_makes_only_what_it_has_changed_and_the_site_of_a_clean_build(
    server: BuildServer,
) -> None:
    posts = server.making / "content/posts"
    for name in ("second", "third"):
        (posts / f"{name}.md").write_text(POST.replace("pushed", name))
    server.build()
    for edit in ("body", "title", "deletion", "addition"):
        live = server.next_release()
        post = posts / "second.md"
        match edit:
            case "body":
                post.write_text(f"{post.read_text()}\nOne more sentence.\n")
            case "title":
                post.write_text(post.read_text().replace("A post", "An edited post"))
            case "deletion":
                (posts / "third.md").unlink()
                post.write_text(post.read_text().replace("slug:", "aliases: third\nslug:"))
            case "addition":
                (posts / "fourth.md").write_text(POST.replace("pushed", "fourth"))
        server.build(live)
        page, same = "output/www/second/index.html", "output/www/pagefind/pagefind.js.gz"
        assert (server.making / same).samefile(live / same), edit
        assert edit != "body" or not (server.making / page).samefile(live / page)
        server.check_clean_build(live)


def test_after_a_killed_worker_a_push_makes_the_site_of_a_clean_build(server: BuildServer) -> None:
    server.build()
    live = server.next_release()
    post = server.making / "content/posts/pushed.md"
    post.write_text(POST + "\nOne more sentence.\n")
    staging = server.folder / "cache/pushed/output/.build"
    with server.building() as client:
        wait_until(lambda: staging.exists() or client.poll() is not None)
        for process in processes_of(server):
            with suppress(ProcessLookupError):
                os.kill(int(process.name), signal.SIGKILL)
    post.write_text(POST.replace("A post", "Another post"))
    (server.folder / "cache/pushed/.received/content").mkdir(parents=True, exist_ok=True)
    (server.folder / "cache/pushed/content/posts/left.md").write_text(POST)
    shutil.rmtree(server.making / "output", ignore_errors=True)
    server.build(live)
    server.check_clean_build(live)


def test_a_worker_builds_in_another_folder_while_the_last_one_is_in_use(
    server: BuildServer,
) -> None:
    with build_folder(server.folder / "cache"):
        server.build()
    assert (server.making / "output/www/pushed/index.html").is_file()
    assert not list((server.folder / "cache/pushed").iterdir())
    assert server.leftovers == []


def test_a_build_is_stopped_when_its_client_is_killed(server: BuildServer) -> None:
    """The worker of an interrupted push stops and deletes its files."""
    server.run_in_build("time.sleep(600)")
    with server.building() as client:
        wait_until(server.began.exists)
        client.kill()
    wait_until(lambda: not server.leftovers)
    wait_until(lambda: not list(processes_of(server)))


def processes_of(server: BuildServer) -> Iterator[Path]:
    """The processes that were started with this server's settings."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"TMPDIR={server.temporary}".encode() in (process / "environ").read_bytes():
                yield process
