"""Measures a push of one edited post, from `git push` to the visible page.

    python -m bench.pushing [--posts 1000] [--rounds 5] [--folder /dev/shm]

The server is set up as deploy/README.md says, on one machine and with one user: a bare repository
with our hooks, releases, a cache, and a worker for each push. The network is not measured.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.building import ROOT, our_project
from bench.quiet import wait_for_quiet

_STEPS = ("Built ", "Published ")
_GIT = ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")


@dataclass(frozen=True)
class Pushed:
    """Seconds from the start of a push. The processor's are those of all its processes."""

    built: float
    visible: float
    end: float
    build: str
    """What the server says of the build."""
    cpu: float


class Server:
    """Installed code, a repository with our hooks, and a clone with generated posts."""

    def __init__(self, folder: Path, count: int) -> None:
        self._clone, self._releases = folder / "clone", folder / "releases"
        opt, repository = folder / "opt", folder / "live.git"
        for place in (self._clone, self._releases, opt):
            place.mkdir()
        for name in ("theme", "pelicanconf.py", "publishconf.py"):
            (opt / name).symlink_to(ROOT / name)
        (opt / ".venv").symlink_to(sys.prefix)
        own = {
            "GATEPOST_RELEASES_DIR": str(self._releases),
            "GATEPOST_CACHE_DIR": str(folder / "cache"),
            "GATEPOST_VAR_DIR": str(folder / "none"),
            "GATEPOST_SITE_URL": "https://bench.example",
            "GATEPOST_BUILD_SECONDS": "3000",
            "GATEPOST_BUILD_MEMORY_MB": "4000",
            **dict.fromkeys(_GIT, "bench@example.org"),
        }
        others = {name: v for name, v in os.environ.items() if not name.startswith("GATEPOST_")}
        self._environment: Mapping[str, str] = others | own
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(repository))
        for hook in ("pre-receive", "post-receive"):
            text = (ROOT / "deploy/hooks" / hook).read_text().replace("/opt/gatepost", str(opt))
            (repository / "hooks" / hook).write_text(text)
            (repository / "hooks" / hook).chmod(0o755)
        our_project(count, self._clone)
        for name in ("campaigns", "clients"):  # git would keep the links
            link = self._clone / name
            files = {path.name: path.read_bytes() for path in link.iterdir() if path.is_file()}
            link.unlink()
            link.mkdir()
            for file, content in files.items():
                (link / file).write_bytes(content)
        for name in ("theme", "pelicanconf.py", "publishconf.py"):
            (self._clone / name).unlink()
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("remote", "add", "live", str(repository))

    def _git(self, *command: str) -> None:
        subprocess.run(["git", *command], cwd=self._clone, env=self._environment, check=True)

    def edit(self, number: int, time_of_edit: int) -> str:
        """Adds a sentence to a post, commits it, and returns the sentence."""
        sentence = f"Edited {time_of_edit} times."
        post = self._clone / f"content/posts/{number}.md"
        post.write_text(f"{post.read_text()}\n{sentence}\n")
        return sentence

    def push(self, number: int, sentence: str) -> Pushed:
        """Commits all, pushes it, and waits for the sentence on the page of a post."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", "Edit")
        page = self._releases / f"current/output/www/post-{number}/index.html"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        process = subprocess.Popen(
            ["git", "push", "live", "main"],
            cwd=self._clone,
            env=self._environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines, times = list[str](), dict[str, float]()
        for line in process.stderr or ():
            lines.append(line)
            for step in _STEPS:
                if step in line:
                    times[step] = time.monotonic() - began
        if process.wait():
            raise SystemExit("".join(lines))
        end = time.monotonic() - began
        if sentence not in page.read_text():
            raise SystemExit(f"{page} does not show: {sentence}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        build = next(line.removeprefix("remote: ").strip() for line in lines if "Built " in line)
        return Pushed(times["Built "], times["Published "], end, build, cpu)


def main() -> None:
    """Prints a line for each push, and the medians."""
    parser = argparse.ArgumentParser(prog="python -m bench.pushing")
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to work")
    value = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=value.folder) as name:
        server, number = Server(Path(name), value.posts), value.posts // 2
        pushes = list[Pushed]()
        for time_of_edit in range(value.rounds + 1):
            sentence = server.edit(number, time_of_edit)
            wait_for_quiet(5)
            pushed = server.push(number, sentence)
            print(pushed, flush=True)
            pushes.append(pushed)
    print("| posts | built, s | visible, s | push ends, s | CPU s |\n|--:|--:|--:|--:|--:|")
    figures = [(push.built, push.visible, push.end, push.cpu) for push in pushes[1:]]
    row = " | ".join(f"{statistics.median(column):.2f}" for column in zip(*figures, strict=True))
    print(f"| {value.posts:,} | {row} |")


if __name__ == "__main__":
    main()
