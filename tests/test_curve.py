"""The picture of `docs/performance.md` is drawn from its figures, without script."""

import json
from xml.etree import ElementTree

from bench.curve import LINES, draw
from tests.service import ROOT

PICTURE = ROOT / "docs/pictures/rebuilding.svg"


def test_the_picture_is_drawn_from_the_figures() -> None:
    svg = draw(json.loads(PICTURE.with_suffix(".json").read_text("utf-8")))
    root = ElementTree.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    texts = {"".join(element.itertext()).strip() for element in root.iter()}
    assert "script" not in tags
    assert {name for _, _, name in LINES} <= texts
    assert {"100", "1,000", "10,000", "30,000"} <= texts


def test_the_picture_of_the_docs_has_no_script() -> None:
    assert "<script" not in PICTURE.read_text("utf-8")
