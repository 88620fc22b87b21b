"""A server as deploy/README.md sets it up: installed code, a bare repository, its hooks, releases.

If root runs the tests, `var/` belongs to another user, and git runs without root's capabilities.
So the kernel denies access to private files, as it does on a server.
"""

import json
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.service import GATEPOST, ROOT, Service
from tests.waiting import HANG_SECONDS

SERVICE_UID = 61_001
"""The owner of `var/`: a user id that no user has."""
SITE_URL = "https://journal.example"
_GIT: Mapping[str, str] = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@writers.example",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@writers.example",
    "LC_ALL": "C.UTF-8",
}


@dataclass(frozen=True)
class PushResult:
    """The result of `git push`."""

    accepted: bool
    text: str
    """What the writer's terminal shows."""

    @property
    def lines(self) -> list[str]:
        """The lines from the server, without git's own lines."""
        messages = (line for line in self.text.splitlines() if line.startswith("remote: "))
        return [line.removeprefix("remote: ").rstrip() for line in messages]


class Server:
    """A folder with `opt` (installed code), `site` (releases), `var`, `live.git`, and clones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opt, self.site, self.var = folder / "opt", folder / "site", folder / "var"
        self.repository = folder / "live.git"
        self.settings = {
            "site_url": SITE_URL,
            "releases_dir": str(self.site),
            "cache_dir": str(folder / "cache"),
            "ledger_socket": str(folder / "ledger.sock"),
        }
        self._install()
        self._make_repository()

    def _install(self) -> None:
        for name in list_tracked_files():
            target = self.opt / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
        (self.opt / ".venv").symlink_to(sys.prefix)
        (self.opt / "var").symlink_to(self.var)  # tests of the service look for it there

    def _make_repository(self) -> None:
        for folder in (self.site, self.folder / "cache"):
            folder.mkdir()
        self.folder.chmod(0o755)
        self.var.mkdir(mode=0o700)
        if publisher_command():
            os.chown(self.var, SERVICE_UID, SERVICE_UID)
        self.repository.mkdir()
        self.git("init", "--quiet", "--bare", "--initial-branch=main", ".", cwd=self.repository)
        for name in ("pre-receive", "post-receive"):
            hook = (
                (ROOT / "deploy/hooks" / name).read_text().replace("/opt/gatepost", str(self.opt))
            )
            path = self.repository / "hooks" / name
            path.write_text(hook)
            path.chmod(0o755)

    def writer(self, name: str) -> "Writer":
        """A clone of the complete repository, with one commit that is not pushed yet."""
        folder = self.folder / name
        for file in list_tracked_files():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, folder / file, follow_symlinks=False)
        writer = Writer(self, folder)
        writer.git("init", "--quiet", "--initial-branch=main")
        writer.git("remote", "add", "live", str(self.repository))
        writer.commit("The complete repository")
        return writer

    def environment(self, **settings: str) -> dict[str, str]:
        others = {name: v for name, v in os.environ.items() if not name.startswith("GATEPOST_")}
        own = {f"GATEPOST_{name.upper()}": v for name, v in (self.settings | settings).items()}
        return others | _GIT | own | {"HOME": str(self.folder)}

    def git(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Runs git as the publishing user: on one machine, the hooks run as the user who pushes."""
        return subprocess.run(
            [*publisher_command(), "git", *command],
            cwd=cwd,
            env=self.environment(var_dir=self._publishers_var()),
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
            check=False,
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs `gatepost ...` as the publishing user."""
        return subprocess.run(
            [*publisher_command(), GATEPOST, *command],
            cwd=self.opt,
            env=self.environment(var_dir=self._publishers_var()),
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
            check=False,
        )

    def _publishers_var(self) -> str:
        """The publisher's setting. Without root there is one user, so it names no folder."""
        return str(self.var) if publisher_command() else str(self.folder / "none")

    def service_settings(self) -> dict[str, str]:
        """The settings of the service, with the paths that it alone may read."""
        private = {"var_dir": str(self.var), "database_url": f"sqlite:///{self.var}/gatepost.db"}
        return self.settings | private

    def service(self, **settings: str) -> Service:
        """A service that is not started."""
        service = Service(self.opt, **self.service_settings() | settings)
        service.is_forked = False
        return service

    @property
    def live(self) -> str:
        """The name of the live release."""
        return (self.site / "current").readlink().name

    def page(self, path: str) -> str:
        """The text of a file of the live site."""
        return (self.site / "current/output/www" / path).read_text()

    def releases(self) -> list[dict[str, str]]:
        """The releases as the command lists them, the newest first."""
        rows: list[dict[str, str]] = json.loads(self.run("releases", "--json").stdout)
        return rows

    @contextmanager
    def answering_ledger(self) -> Iterator[None]:
        """Starts a process for each connection, as systemd does for `gatepost-ledger.socket`."""
        environment = self.environment(**self.service_settings())

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                subprocess.run(
                    [GATEPOST, "campaigns", "answer"],
                    cwd=ROOT,
                    env=environment,
                    stdin=self.request,
                    stdout=self.request,
                    check=False,
                )

        path = self.settings["ledger_socket"]
        Path(path).unlink(missing_ok=True)
        with socketserver.UnixStreamServer(path, Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()


@dataclass(frozen=True)
class Writer:
    """A writer with a clone."""

    server: Server
    folder: Path

    def git(self, *command: str) -> str:
        result = self.server.git(*command, cwd=self.folder)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def post(self, slug: str, text: str = "Said in a few words.", **front_matter: str) -> None:
        """Writes and commits a post."""
        fields = {
            "title": f"A post that is called {slug}",
            "slug": slug,
            "date": "2026-11-01",
            "category": "Pricing",
            "tags": "cpl",
            "author": "Marta Lindqvist",
            "summary": f"What a reader gets of the post called {slug}, in a few words, here.",
            **front_matter,
        }
        lines = "".join(f"{key}: {value}\n" for key, value in fields.items())
        self.write(f"content/posts/{slug}.md", f"{lines}\n{text}\n")
        self.commit(f"Post {slug}")

    def push(self, *refs: str) -> PushResult:
        """Runs `git push live main`, or pushes other refs."""
        result = self.server.git("push", "live", *(refs or ("main",)), cwd=self.folder)
        return PushResult(result.returncode == 0, result.stderr)

    def reset_to_live(self) -> None:
        """Discards everything that is not pushed."""
        self.git("reset", "--quiet", "--hard", "live/main")
        self.git("clean", "-ffdxq")


def push_first(writer: Writer, known_cache: Path) -> None:
    """The first push to a server. It takes the cache from `known_cache`, or makes it."""
    cache = Path(writer.server.settings["cache_dir"])
    if known_cache.exists():
        shutil.copytree(known_cache, cache, dirs_exist_ok=True)
    result = writer.push()
    assert result.accepted, result.text
    if not known_cache.exists():
        copy = Path(tempfile.mkdtemp(dir=known_cache.parent)) / "cache"
        shutil.copytree(cache, copy)
        with suppress(OSError):  # another process was faster
            copy.rename(known_cache)


def list_tracked_files() -> list[str]:
    """The files of this repository, without the tests: half of its bytes, which no push reads."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--", ":!tests"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listing.stdout.split("\0") if name and os.path.lexists(ROOT / name)]


def publisher_command() -> list[str]:
    """The start of a command line that runs a command without root's capabilities."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--"]
