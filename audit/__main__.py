"""Releases the site into a folder of its own, serves it, and judges all that a visitor can reach.

make audit                     everything, in about five minutes
python -m audit --quick        all but Lighthouse
python -m audit --runs 1       Lighthouse once a page, in place of five times

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

from audit import data, lighthouse, pages

HERE = Path(__file__).parent
ROOT = HERE.parent
GATEPOST = Path(sys.executable).with_name("gatepost")
NEEDED = {"java": "default-jre-headless", "chromium": "chromium", "node": "nodejs"}
JUDGED = ("/", "/sample/", "/category/pricing/", "/f/acme-cloud-guide")
# An article with a form: what it may load, without pictures, and in how many requests altogether.
ARTICLE = "/four-numbers-that-matter/"
MOST_BYTES, MOST_REQUESTS = 50_000, 6
XML = {"application/xml", "text/xml", "application/atom+xml"}


@contextmanager
def released(folder: Path) -> Iterator[str]:
    """The site and a sample of all that an article may hold, released and served here."""
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
    ours = {k: v for k, v in os.environ.items() if not k.startswith("GATEPOST_")}
    ours |= {"GATEPOST_SITE_URL": origin, "GATEPOST_PORT": str(port)}
    build = [GATEPOST, "build", "--production", "--release"]
    subprocess.run(build, cwd=folder, env=ours, check=True)
    server = subprocess.Popen([GATEPOST, "serve"], cwd=folder, env=ours, start_new_session=True)
    try:
        _wait(f"{origin}/healthz")
        yield origin
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def _wait(address: str) -> None:
    ends = time.monotonic() + 30
    while True:
        try:
            urlopen(address, timeout=5).close()
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return


def faults(origin: str) -> Iterator[str]:
    """Everything that is wrong with the site, apart from Lighthouse."""
    site = pages.crawl(origin)
    kinds = [page.kind for page in site.values()]
    print(f"{len(site)} addresses, {kinds.count('text/html')} pages")
    yield from pages.dead_links(site)
    for address, page in site.items():
        messages: Iterator[str] = iter(())
        if page.kind == "text/html":
            messages = data.json_ld(page.data)
        elif b"/schemas/sitemap/" in page.body and page.kind in XML:
            messages = data.sitemap(page.body)
        elif page.kind in XML and page.body:
            messages = data.feed(page.body)
        yield from (f"{address}: {problem}" for problem in messages)
    with tempfile.TemporaryDirectory() as folder:
        yield from pages.nu_errors(site, Path(folder))


def lighthouse_faults(origin: str, runs: int) -> Iterator[str]:
    """Scores below 100, and an article that weighs too much."""
    for path in JUDGED:
        judged = lighthouse.judge(origin + path, runs)
        print(f"{path}: {judged}", flush=True)
        for name in judged.scores:
            if judged.best(name) < 100:
                yield f"{path}: {name} {judged.best(name)}"
    weight = lighthouse.judge(origin + ARTICLE, 1).weight
    lean = weight.bytes - weight.picture_bytes
    print(f"{ARTICLE}: {weight.requests} requests, {lean:,} bytes without pictures")
    if lean > MOST_BYTES or weight.requests > MOST_REQUESTS:
        yield f"{ARTICLE}: more than {MOST_BYTES:,} bytes or {MOST_REQUESTS} requests"


def main() -> int:
    """0 if nothing is wrong; else each fault on a line, and 1."""
    parser = argparse.ArgumentParser(prog="python -m audit")
    parser.add_argument("--quick", action="store_true", help="all but Lighthouse")
    parser.add_argument("--runs", type=int, default=5, help="of Lighthouse, on each page")
    value = parser.parse_args()
    for program, package in NEEDED.items():
        if shutil.which(program) is None:
            raise SystemExit(f"no {program} here: apt-get install {package}")
    with tempfile.TemporaryDirectory() as folder, released(Path(folder)) as origin:
        found = list(faults(origin))
        if not value.quick:
            found += lighthouse_faults(origin, value.runs)
    for problem in found:
        print(problem)
    print(f"{len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
