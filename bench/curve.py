"""Draws how the time of a build after one edit grows with the number of posts.

`python -m bench.rebuilding --posts 100 1000 10000 30000 --builders Gatepost Hugo --plot FILE.svg`
measures and draws; the figures are in FILE.json beside the picture.
"""

import json
from collections.abc import Mapping
from math import log10
from pathlib import Path
from typing import Any, Final

import pygal
from pygal.style import Style

Figures = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By builder and edit: seconds by number of posts."""
LINES: Final = (
    ("Gatepost", "nothing", "Gatepost, nothing edited"),
    ("Gatepost", "a body", "Gatepost, a body edited"),
    ("Gatepost", "a title", "Gatepost, a title edited"),
    ("Hugo", "a body", "Hugo, a body edited"),
)
"""Builder, edit, and name of each line. Hugo takes as long whatever was edited."""
_GREY: Final = "#808080"
"""Can be read on light and on dark pages."""
_STYLE: Final = Style(
    background="transparent",
    plot_background="transparent",
    foreground=_GREY,
    foreground_strong=_GREY,
    foreground_subtle=_GREY,
    guide_stroke_color=_GREY,
    major_guide_stroke_color=_GREY,
    colors=("#2f9e6e", "#3b82d6", "#9a6bd6", "#d9822b"),
    font_family="system-ui, sans-serif",
    label_font_size=15,
    major_label_font_size=15,
    legend_font_size=15,
    title_font_size=15,
    stroke_width="3",
)


def draw(figures: Figures) -> bytes:
    """The picture as SVG without script. Both axes are logarithmic."""
    counts = sorted({int(count) for edits in figures.values() for count in edits["a body"]})
    chart = pygal.XY(
        style=_STYLE,
        js=[],
        width=800,
        height=460,
        title=None,
        x_title="posts",
        y_title="seconds from command to end",
        logarithmic=False,
        show_x_guides=False,
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        truncate_legend=-1,
        dots_size=4,
        stroke_style={"width": 3},
        print_values=False,
        pretty_print=True,
    )
    chart.add_xml_filter(_without_scripts)
    chart.x_labels = [{"value": log10(count), "label": f"{count:,}"} for count in counts]
    seconds = [
        value for edits in figures.values() for line in edits.values() for value in line.values()
    ]
    chart.y_labels = [
        {"value": log10(tick), "label": f"{tick:g}"}
        for tick in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
        if min(seconds) / 2 < tick < max(seconds) * 2
    ]
    for builder, edit, name in LINES:
        if line := figures.get(builder, {}).get(edit):
            chart.add(name, [(log10(int(count)), log10(line[count])) for count in line])
    svg: bytes = chart.render()
    return svg


def _without_scripts(root: Any) -> Any:
    for parent in root.iter():
        for child in list(parent):
            if str(child.tag).endswith("script"):
                parent.remove(child)
    return root


def write(picture: Path, figures: Figures) -> None:
    """Writes the picture, and the figures beside it."""
    picture.with_suffix(".json").write_text(f"{json.dumps(figures, indent=1)}\n", "utf-8")
    picture.write_bytes(draw(figures))
