"""Measures how long a build takes to make the files of large pictures, on one processor and on all.

    python -m bench.pictures [--pictures 24] [--rounds 3]

The two kinds of build run in turn. Each begins without a cache, and both must make the same files.
"""

import argparse
import hashlib
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

from PIL import Image

from bench.quiet import wait_for_quiet

ROOT = Path(__file__).parents[1]
SIZE = (4000, 3000)
OCTAVES = (8, 64, 400, 1500)  # the width in pixels of each layer of noise, coarse to fine


def photo(number: int) -> Image.Image:
    """Layers of noise: as hard to encode as a photo, and the same on every machine."""
    chance = random.Random(number)
    image = Image.new("RGB", SIZE)
    for layer, width in enumerate(OCTAVES):
        height = width * SIZE[1] // SIZE[0]
        noise = Image.frombytes("RGB", (width, height), chance.randbytes(width * height * 3))
        image = Image.blend(image, noise.resize(SIZE, Image.Resampling.BICUBIC), 0.5**layer)
    return image


def make_project(folder: Path, count: int) -> None:
    """This project with posts that show the pictures."""
    for name in ("posts", "pages", "images"):
        (folder / "content" / name).mkdir(parents=True)
    for name in ("campaigns", "clients", "theme", "pelicanconf.py"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "content" / "gated", folder / "content" / "gated")
    for number in range(count):
        photo(number).save(folder / f"content/images/{number}.jpg", quality=88)
        (folder / f"content/posts/{number}.md").write_text(
            f"Title: Post {number}\nDate: 2026-01-01\nSlug: post-{number}\n"
            f"Summary: A post with a picture, whose summary is as long as it must be.\n\n"
            f"![A picture]({{static}}/images/{number}.jpg)\n"
        )


def build(folder: Path, processors: Collection[int]) -> tuple[float, str]:
    """Seconds of one build, and a hash of the pictures that it has made."""
    for name in ("output", ".cache"):
        shutil.rmtree(folder / name, ignore_errors=True)
    wait_for_quiet(5)
    started = time.monotonic()
    subprocess.run(
        [Path(sys.executable).parent / "gatepost", "build"],
        cwd=folder,
        check=True,
        capture_output=True,
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
    )
    seconds = time.monotonic() - started
    digest = hashlib.sha256()
    for path in sorted((folder / "output/www/pictures").iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return seconds, digest.hexdigest()


def main() -> None:
    """Prints the medians, their ratio, and the peak memory of the largest process."""
    parser = argparse.ArgumentParser(prog="python -m bench.pictures")
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    value = parser.parse_args()
    every = os.sched_getaffinity(0)
    seconds: dict[int, list[float]] = {1: [], len(every): []}
    with tempfile.TemporaryDirectory() as name:
        make_project(Path(name), value.pictures)
        digests = set()
        for _ in range(value.rounds):
            for count, taken in seconds.items():
                spent, digest = build(Path(name), sorted(every)[:count])
                taken.append(spent)
                digests.add(digest)
    if len(digests) != 1:
        sys.exit("the builds made different files")
    for count, taken in seconds.items():
        ratio = statistics.median(seconds[1][n] / taken[n] for n in range(value.rounds))
        print(f"| {count} | {statistics.median(taken):.1f} | {ratio:.2f} |")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{value.pictures} pictures of {SIZE[0]} x {SIZE[1]}; peak of one process {peak:.0f} MB")


if __name__ == "__main__":
    main()
