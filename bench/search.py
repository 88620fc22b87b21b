"""Measures search on a large site: bytes before the first result, and the time until it.

    python -m bench.search [--posts 1000]

In the system's Chromium, from an empty cache each time. A reader comes to the search page, the box
takes the focus, and the first two letters of a word are typed: they bring results.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from bench.building import BIN, our_project
from bench.contenders import free_port
from bench.posts import posts

ROUNDS = 5
TO_THE_KEYS_MS = 600  # time that a reader needs from the pointer to the keyboard
# Waits for the first result after the first key, inside the page, so that we add nothing to it.
WATCH = """() => {
  const box = document.querySelector("#search-words"), list = document.querySelector(".results");
  box.addEventListener("input", () => { window.typed ??= performance.now(); });
  new MutationObserver(() => { if (list.children.length) window.shown ??= performance.now(); })
    .observe(list, { childList: true });
}"""

# Bytes on the wire, headers included, of all that had arrived when the first result was shown.
LOADED = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
  .filter((entry) => entry.responseEnd <= (window.shown ?? Infinity))
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""


def main() -> None:
    """Prints medians."""
    parser = argparse.ArgumentParser(prog="python -m bench.search")
    parser.add_argument("--posts", type=int, default=1000)
    count = parser.parse_args().posts
    words = [post.title.split()[-1] for post in posts(ROUNDS)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        our_project(count, folder)
        subprocess.run([BIN / "gatepost", "build", "--release"], cwd=folder, check=True)
        port = free_port()
        environment = {**os.environ, "GATEPOST_PORT": str(port), "GATEPOST_WORKERS": "1"}
        server = subprocess.Popen(
            [BIN / "gatepost", "serve"], cwd=folder, env=environment, start_new_session=True
        )
        try:
            _wait(f"http://127.0.0.1:{port}/healthz")
            figures_by_name = _measure(f"http://127.0.0.1:{port}", words)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)
    for name, figures in figures_by_name.items():
        print(f"{name}: {statistics.median(figures):,.0f} (most {max(figures):,.0f})")


def _wait(address: str) -> None:
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        try:
            urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the service did not start")


def _measure(origin: str, words: list[str]) -> dict[str, list[float]]:
    figures_by_name: dict[str, list[float]] = {
        "bytes of the search page itself": [],
        "bytes of search before the first result": [],
        "ms from the second key to the first result": [],
        "ms from the second key of a later word to its first result": [],
    }
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for word in words:
            for figures, figure in zip(
                figures_by_name.values(), _measure_word(browser, origin, word), strict=True
            ):
                figures.append(figure)
        browser.close()
    return figures_by_name


def _measure_word(browser: Browser, origin: str, word: str) -> tuple[float, float, float, float]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{origin}/search/", wait_until="networkidle")
    page.evaluate(WATCH)
    own: float = page.evaluate(LOADED)
    box = page.get_by_label("Words to look for")
    box.focus()
    page.wait_for_timeout(TO_THE_KEYS_MS)
    first = _typed(page, word)
    weight: float = page.evaluate(LOADED) - own
    box.fill("")
    page.wait_for_timeout(TO_THE_KEYS_MS)
    later = _typed(page, "mi" if word[0] != "m" else "se")
    context.close()
    return own, weight, first, later


def _typed(page: Page, word: str) -> float:
    """Milliseconds from the key that makes the word long enough to the first result."""
    page.keyboard.type(word[0])
    page.evaluate("() => { delete window.typed; delete window.shown; }")
    page.keyboard.type(word[1])
    page.wait_for_function("() => window.shown !== undefined", timeout=10_000)
    elapsed: float = page.evaluate("() => window.shown - window.typed")
    return elapsed


if __name__ == "__main__":
    main()
