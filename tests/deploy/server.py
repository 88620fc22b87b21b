"""A server as deploy/README.md sets it up: installed code, a bare repository, its hooks, releases.

Where root runs the tests, `var/` belongs to another user, and pushes are taken without root's power
to read what others keep to themselves: so the kernel itself says no, as it does on a server.
"""

import json
import os
import shutil
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.service import GATEPOST, ROOT, Service

SERVICE = 61_001
"""A user id that nobody has: whose `var/` is."""
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
class Said:
    """What a writer's terminal showed."""

    taken: bool
    text: str

    @property
    def lines(self) -> list[str]:
        """What the server said, without git's own words."""
        messages = (line for line in self.text.splitlines() if line.startswith("remote: "))
        return [line.removeprefix("remote: ").rstrip() for line in messages]


class Server:
    """One folder: `opt` (installed), `site` (releases), `var`, `live.git`, and writers' clones."""

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
        for name in tracked_files():
            target = self.opt / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
        (self.opt / ".venv").symlink_to(sys.prefix)
        (self.opt / "var").symlink_to(self.var)  # where tests of the service look for it

    def _make_repository(self) -> None:
        for folder in (self.site, self.folder / "cache"):
            folder.mkdir()
        self.folder.chmod(0o755)
        self.var.mkdir(mode=0o700)
        if as_publisher():
            os.chown(self.var, SERVICE, SERVICE)
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
        """A clone of the whole repository, with one commit that was not pushed yet."""
        folder = self.folder / name
        for file in tracked_files():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, folder / file, follow_symlinks=False)
        writer = Writer(self, folder)
        writer.git("init", "--quiet", "--initial-branch=main")
        writer.git("remote", "add", "live", str(self.repository))
        writer.commit("All that there is")
        return writer

    def environment(self, **settings: str) -> dict[str, str]:
        kept = {name: v for name, v in os.environ.items() if not name.startswith("GATEPOST_")}
        ours = {f"GATEPOST_{name.upper()}": v for name, v in (self.settings | settings).items()}
        return kept | _GIT | ours | {"HOME": str(self.folder)}

    def git(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """As the publishing user: what is pushed from the same machine is taken by who pushes."""
        return subprocess.run(
            [*as_publisher(), "git", *command],
            cwd=cwd,
            env=self.environment(var_dir=self._unread_var()),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """`gatepost ...` as the publishing user."""
        return subprocess.run(
            [*as_publisher(), GATEPOST, *command],
            cwd=self.opt,
            env=self.environment(var_dir=self._unread_var()),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def _unread_var(self) -> str:
        """Who is not root cannot be two users: then the publisher knows no `var/` at all."""
        return str(self.var) if as_publisher() else str(self.folder / "none")

    def service_settings(self) -> dict[str, str]:
        """For the service: the same, and what it alone may read."""
        theirs = {"var_dir": str(self.var), "database_url": f"sqlite:///{self.var}/gatepost.db"}
        return self.settings | theirs

    def service(self, **settings: str) -> Service:
        """Not started."""
        return Service(self.opt, **self.service_settings() | settings)

    @property
    def live(self) -> str:
        """The release that readers see."""
        return (self.site / "current").readlink().name

    def page(self, path: str) -> str:
        """What readers see there."""
        return (self.site / "current/output/www" / path).read_text()

    def releases(self) -> list[dict[str, str]]:
        """As the command lists them, the newest first."""
        found: list[dict[str, str]] = json.loads(self.run("releases", "--json").stdout)
        return found

    @contextmanager
    def ledger_answers(self) -> Iterator[None]:
        """What systemd does for `gatepost-ledger.socket`: a process for each connection."""
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
    """A person with a clone."""

    server: Server
    folder: Path

    def git(self, *command: str) -> str:
        ran = self.server.git(*command, cwd=self.folder)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def post(self, slug: str, text: str = "Said in a few words.", **head: str) -> None:
        """Writes and commits a post."""
        facts = {
            "title": f"A post that is called {slug}",
            "slug": slug,
            "date": "2026-11-01",
            "category": "Pricing",
            "tags": "cpl",
            "author": "Marta Lindqvist",
            "summary": f"What a reader gets of the post called {slug}, in a few words, here.",
            **head,
        }
        lines = "".join(f"{key}: {value}\n" for key, value in facts.items())
        self.write(f"content/posts/{slug}.md", f"{lines}\n{text}\n")
        self.commit(f"Post {slug}")

    def push(self, *what: str) -> Said:
        """`git push live main`, or something else."""
        ran = self.server.git("push", "live", *(what or ("main",)), cwd=self.folder)
        return Said(ran.returncode == 0, ran.stderr)

    def undo(self) -> None:
        """Forgets what was not pushed."""
        self.git("reset", "--quiet", "--hard", "live/main")
        self.git("clean", "-ffdxq")


def tracked_files() -> list[str]:
    """What is in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name and os.path.lexists(ROOT / name)]


def as_publisher() -> list[str]:
    """The words before a command that take from it what makes root more than any user."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--"]
