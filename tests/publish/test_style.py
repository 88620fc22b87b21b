"""The theme's files: their size, the requests they cause, and the contrast of their colours."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "theme" / "static"


@pytest.mark.parametrize(
    ("name", "bytes_at_most"),
    [
        ("touch.js", 2700),
        ("form.js", 3000),
        ("search.js", 3500),
        ("style.css", 16_384),
        ("desk.css", 6000),
        ("person.css", 1000),
    ],
)
def test_the_files_of_the_theme_stay_small(name: str, bytes_at_most: int) -> None:
    assert (STATIC / name).stat().st_size <= bytes_at_most


@pytest.mark.parametrize("name", ["style.css", "desk.css", "person.css"])
def test_a_style_sheet_loads_nothing_from_other_hosts(name: str) -> None:
    css = (STATIC / name).read_text()
    assert not re.search(r"@import|@font-face|url\(", css)


def colours(scheme: str) -> dict[str, str]:
    """The style sheet's colours by name; the dark ones stand in the media block of their own."""
    css = (STATIC / "style.css").read_text()
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    block = (light if scheme == "light" else dark).split(":root {")[1].split("}")[0]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


TEXT = [
    *(
        (ink, ground)
        for ink in ("ink", "soft", "accent", "accent-deep")
        for ground in ("paper", "card")
    ),
    *((ink, "card") for ink in ("word", "text", "note", "number", "wrong", "info")),
    ("ink", "field"),
    ("ink", "line"),
    ("wrong", "field"),
    ("wrong", "paper"),
    ("on-accent", "accent"),
    ("on-accent", "accent-deep"),
]
EDGES = [("edge", "field"), ("edge", "card"), ("edge", "paper"), ("accent", "field")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_a_contrast_of_at_least_4_5_and_edges_of_3(scheme: str) -> None:
    palette = colours(scheme)
    faint = [
        (front, ground, round(contrast(palette[front], palette[ground]), 2))
        for pairs, least in ((TEXT, 4.5), (EDGES, 3.0))
        for front, ground in pairs
        if contrast(palette[front], palette[ground]) < least
    ]
    assert faint == []


def test_contrast_is_computed_as_in_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
