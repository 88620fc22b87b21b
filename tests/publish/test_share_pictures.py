"""The share pictures of many articles."""

from pathlib import Path

from PIL import Image

from publish.plugins.share_pictures import draw_pictures

WIDTHS = """\
#for article in json(bytes(sys.inputs.articles)) {
  page(width: int(article.title) * 1pt, height: 10pt, margin: 0pt)[]
}
"""
"""A template whose pictures are as wide as their title says."""


def test_each_of_many_articles_gets_its_own_picture(tmp_path: Path) -> None:
    template = tmp_path / "share.typ"
    template.write_text(WIDTHS)
    pictures = {tmp_path / f"cache/{width}.png": {"title": str(width)} for width in range(20, 145)}
    draw_pictures(pictures, template)
    for path in pictures:
        with Image.open(path) as picture:
            assert picture.width == int(path.stem)
