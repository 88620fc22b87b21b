"""Releases the site into a temporary folder, serves it, and checks all that a visitor can reach.

On a demonstration, it also checks the HTML of every page of the desk and behind links of letters.

make audit                     everything, in about five minutes
python -m audit --quick        everything except Lighthouse
python -m audit --runs 1       Lighthouse once per page instead of five times

It needs Chromium, Java and node 20 or newer:
apt-get install chromium default-jre-headless nodejs npm
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from PIL import Image, ImageOps

from audit import data, desk, letters, lighthouse, pages

HERE = Path(__file__).parent
ROOT = HERE.parent
GATEPOST = Path(sys.executable).with_name("gatepost")
PACKAGES = {"java": "default-jre-headless", "chromium": "chromium", "node": "nodejs"}
GUIDE = "acme-cloud-guide"
"""A campaign whose visitors get a file."""
LIGHTHOUSE_PATHS = ("/", "/sample/", "/category/pricing/", f"/f/{GUIDE}")
# An article with a form: the limits of what it loads, in bytes without pictures and in requests,
# including the one that counts the view.
ARTICLE = "/four-numbers-that-matter/"
MAX_BYTES, MAX_REQUESTS = 50_000, 7
XML_TYPES = {"application/xml", "text/xml", "application/atom+xml"}


@contextmanager
def serve_release(folder: Path) -> Iterator[str]:
    """Releases and serves the site, with a sample of everything that an article may have.

    The value of the context is the origin, such as `http://127.0.0.1:8123`.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    for entry in ROOT.iterdir():
        if entry.name not in {".git", ".env", ".cache", "content", "output", "var"}:
            (folder / entry.name).symlink_to(entry)
    shutil.copytree(ROOT / "content", folder / "content")
    shutil.copyfile(HERE / "sample.md", folder / "content" / "posts" / "sample.md")
    photo = Image.radial_gradient("L").resize((2400, 1600))
    ImageOps.colorize(photo, "#f2c14e", "#0b3d4b").save(folder / "content/images/sample.jpg")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GATEPOST_")}
    environment |= {"GATEPOST_SITE_URL": origin, "GATEPOST_PORT": str(port)}
    build = [GATEPOST, "build", "--production", "--release"]
    subprocess.run(build, cwd=folder, env=environment, check=True)
    server = subprocess.Popen(
        [GATEPOST, "serve"], cwd=folder, env=environment, start_new_session=True
    )
    try:
        _wait(f"{origin}/healthz")
        yield origin
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def _wait(address: str) -> None:
    """Waits until the address answers, at most 30 seconds."""
    deadline = time.monotonic() + 30
    while True:
        try:
            urlopen(address, timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def faults(origin: str, project: Path) -> Iterator[str]:
    """Every fault of the site of `project` that is found without Lighthouse."""
    key = (project / "var" / "secret_key").read_bytes().strip()
    site = pages.crawl(origin, *letters.guide_paths(key, GUIDE))
    kinds = [page.kind for page in site.values()]
    print(f"{len(site)} addresses, {kinds.count('text/html')} pages")
    yield from pages.dead_links(site)
    for address, page in site.items():
        messages: Iterator[str] = iter(())
        if page.kind == "text/html":
            messages = data.json_ld(page.data)
        elif b"/schemas/sitemap/" in page.body and page.kind in XML_TYPES:
            messages = data.sitemap(page.body)
        elif page.kind in XML_TYPES and page.body:
            messages = data.feed(page.body)
        yield from (f"{address}: {problem}" for problem in messages)
    with tempfile.TemporaryDirectory() as folder:
        yield from pages.nu_errors(site, Path(folder))


def lighthouse_faults(origin: str, runs: int) -> Iterator[str]:
    """Scores below 100, and an article that loads too much."""
    for path in LIGHTHOUSE_PATHS:
        result = lighthouse.measure(origin + path, runs)
        print(f"{path}: {result}", flush=True)
        for name in result.scores:
            if result.best(name) < 100:
                yield f"{path}: {name} {result.best(name)}"
    weight = lighthouse.measure(origin + ARTICLE, 1).weight
    size = weight.bytes - weight.picture_bytes
    print(f"{ARTICLE}: {weight.requests} requests, {size:,} bytes without pictures")
    if size > MAX_BYTES or weight.requests > MAX_REQUESTS:
        yield f"{ARTICLE}: more than {MAX_BYTES:,} bytes or {MAX_REQUESTS} requests"


def main() -> int:
    """Prints each fault on a line; returns 0 if there is none, else 1."""
    parser = argparse.ArgumentParser(prog="python -m audit")
    parser.add_argument("--quick", action="store_true", help="everything except Lighthouse")
    parser.add_argument("--runs", type=int, default=5, help="number of Lighthouse runs per page")
    options = parser.parse_args()
    for program, package in PACKAGES.items():
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed: apt-get install {package}")
    with tempfile.TemporaryDirectory() as folder, serve_release(Path(folder)) as origin:
        messages = list(faults(origin, Path(folder)))
        if not options.quick:
            messages += lighthouse_faults(origin, options.runs)
        messages += desk.faults(Path(folder))
    for message in messages:
        print(message)
    print(f"{len(messages)} faults")
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main())
