"""Pictures on a page: sizes, small files made once, no metadata of the camera."""

import random
import re
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from publish.file_types.pictures import has_location
from publish.plugins.picture_files import (
    WIDTHS,
    Animation,
    PictureFiles,
    make_picture_files,
    svg_size,
)
from tests.publish.test_theme import Page
from tests.samples import GUIDE

ORIENTATION, ARTIST, GPS = 0x0112, 0x013B, 0x8825


def photo(path: Path, size: tuple[int, int] = (1600, 1200), *, place: bool = False) -> Path:
    """A photo held sideways, with its maker's name in it."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[ARTIST] = 6, "Ann Private"
    if place:
        exif.get_ifd(GPS)[1] = "N"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.radial_gradient("L").resize(size).convert("RGB").save(path, exif=exif)
    return path


def write_files(source: Path, cache: Path) -> tuple[PictureFiles, Path]:
    """Makes the files of a photo; they and their folder."""
    files, folder = make_picture_files(source, cache)
    assert isinstance(files, PictureFiles)
    return files, folder


def showing(site: Any, body: str) -> Page:
    site.set('PLUGINS.insert(1, "publish.plugins.pictures")')
    site.post(body)
    site.build()
    return Page(site.page())


@pytest.fixture
def shot(site: Any) -> Path:
    return photo(site.root / "content/images/my shot.jpg")


def test_a_photo_has_avif_and_webp_files_in_every_useful_width(site: Any, shot: Path) -> None:
    page = showing(site, "![Sky]({static}/images/my%20shot.jpg)")
    avif, webp = page.all("source")
    assert (avif["type"], webp["type"]) == ("image/avif", "image/webp")
    widths = [int(width) for width in re.findall(r" (\d+)w", avif["srcset"])]
    assert widths == [400, 700, 1000, 1200]  # 1200: it was held sideways
    for address in re.findall(r"/pictures/\S+", f"{avif['srcset']} {webp['srcset']}"):
        with Image.open(site.site / address.lstrip("/")) as image:
            assert image.width in widths
    assert shot.exists()


def test_each_picture_has_the_size_of_the_upright_image(site: Any, shot: Path) -> None:
    (image,) = showing(site, "![Sky]({static}/images/my%20shot.jpg)").all("img")
    assert (image["width"], image["height"], image["alt"]) == ("1200", "1600", "Sky")
    with Image.open(site.site / image["src"].lstrip("/")) as plain:
        assert plain.size == (700, 933)
    assert shot.exists()


def test_the_first_picture_loads_early_and_the_others_lazily(site: Any, shot: Path) -> None:
    text = "![Sky]({static}/images/my%20shot.jpg)\n\n"
    first, second = showing(site, text * 2).all("img")
    assert first["fetchpriority"] == "high"
    assert "loading" not in first
    assert second["loading"] == "lazy"
    assert shot.exists()


def test_no_published_file_contains_metadata_of_the_camera(site: Any) -> None:
    photo(site.root / "content/images/shot.jpg", place=True)
    showing(site, "![Sky]({static}/images/shot.jpg)")
    assert "images/shot.jpg" not in site.files()
    assert not any(b"Ann Private" in content for content in site.files().values())
    for path in (site.site / "pictures").iterdir():
        with Image.open(path) as image:
            assert not dict(image.getexif()), path


def test_a_linked_original_is_published_unless_it_contains_its_location(site: Any) -> None:
    site.set('PLUGINS.insert(1, "publish.plugins.pictures")')
    shot = photo(site.root / "content/images/shot.jpg")
    site.post("![Sky]({static}/images/shot.jpg) and [large](/images/shot.jpg)")
    site.build()
    assert site.files()["images/shot.jpg"] == shot.read_bytes()
    photo(shot, place=True)
    (message,) = site.mistakes()
    assert message == (
        "content/posts/post.md:4: content/images/shot.jpg contains the location of the photo: "
        "save it without the location"
    )
    site.post("No picture.")
    (message,) = site.mistakes()
    assert message.startswith("content/images/shot.jpg: contains the location of the photo")
    site.post("![Sky]({static}/images/shot.jpg)")
    site.build()
    assert "images/shot.jpg" not in site.files()


@pytest.mark.parametrize(
    "text",
    [
        '<img srcset="/images/shot.jpg 2x" src="/images/dot.svg" alt="Sky">',
        '<img srcset="/images/dot.svg 2x" src="/images/shot.jpg" alt="Sky">',
        '<picture><source srcset="/images/shot.jpg"><img src="/images/dot.svg" alt=""></picture>',
    ],
)
def test_a_photo_in_sizes_of_the_writer_must_not_contain_its_location(site: Any, text: str) -> None:
    photo(site.root / "content/images/shot.jpg", place=True)
    site.post(f"Text.\n\n{text}")
    assert site.mistakes() == [
        "content/posts/post.md:6: content/images/shot.jpg contains the location of the photo: "
        "save it without the location"
    ]


def test_pictures_are_made_once_and_cached_by_their_content(site: Any, shot: Path) -> None:
    showing(site, "![Sky]({static}/images/my%20shot.jpg)")
    times = {path: path.stat().st_mtime_ns for path in (site.root / "cache").rglob("*.avif")}
    assert len(times) == len(WIDTHS)
    old_files = site.files()
    shot.rename(shot.with_name("same.jpg"))
    site.post("![Sky]({static}/images/same.jpg)")
    site.build()
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert {name for name in site.files() if "pictures/" in name} == {
        name for name in old_files if "pictures/" in name
    }


def test_an_svg_stays_an_svg_and_gets_its_size(site: Any) -> None:
    site.write(
        "content/images/a.svg", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 20"/>'
    )
    (image,) = showing(site, '![A]({static}/images/a.svg){: width="15" }').all("img")
    assert (image["src"], image["width"], image["height"]) == ("/images/a.svg", "15", "10")


@pytest.mark.parametrize(
    ("svg", "size"),
    [
        ('<svg width="640" height="49.6px"/>', (640, 50)),
        ('<svg width="100%" height="2em" viewBox="0,0 3 2"/>', (3, 2)),
        ('<svg width="100%"/>', None),
        ('<svg viewBox="0 0 0 0"/>', None),
    ],
)
def test_the_size_of_an_svg_comes_from_its_attributes_or_viewbox(
    tmp_path: Path, svg: str, size: tuple[int, int] | None
) -> None:
    drawing = tmp_path / "a.svg"
    drawing.write_text(svg)
    assert svg_size(drawing) == size


def test_a_transparent_picture_stays_transparent(tmp_path: Path) -> None:
    Image.new("RGBA", (50, 40), (10, 20, 30, 0)).save(tmp_path / "clear.png")
    files, folder = write_files(tmp_path / "clear.png", tmp_path / "cache")
    assert files.plain.name.endswith(".50.png")
    for name in files.names:
        with Image.open(folder / name) as image:
            assert image.convert("RGBA").getpixel((5, 5))[3] == 0, name


def test_an_animation_stays_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moves.gif", save_all=True, append_images=frames[1:])
    for _ in range(2):  # the second one is from the cache
        made, _ = make_picture_files(tmp_path / "moves.gif", tmp_path / "cache")
        assert made == Animation(9, 9)


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_an_animation_gets_its_size(site: Any, kind: str) -> None:
    path = site.root / f"content/images/moves.{kind}"
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    (image,) = showing(site, f"![Moves]({{static}}/images/moves.{kind})").all("img")
    assert (image["src"], image["width"], image["height"]) == (f"/images/moves.{kind}", "30", "20")


@pytest.mark.parametrize("kind", ["MPO", "TIFF"])
def test_a_jpeg_file_with_two_photos_is_treated_as_a_photo(tmp_path: Path, kind: str) -> None:
    """Phones put a map of brightness behind the photo; scanners, pages."""
    first, second = Image.new("RGB", (90, 60), "red"), Image.new("RGB", (45, 30), "blue")
    first.save(tmp_path / "a.jpg", format=kind, save_all=True, append_images=[second])
    files, folder = write_files(tmp_path / "a.jpg", tmp_path / "cache")
    with Image.open(folder / files.plain.name) as plain:
        assert plain.size == (90, 60)
        assert plain.getpixel((5, 5))[0] > 200


def test_a_grey_picture_of_16_bits_keeps_its_shades(tmp_path: Path) -> None:
    Image.linear_gradient("L").convert("I;16").point(lambda grey: grey * 257).save(
        tmp_path / "grey.png"
    )
    files, folder = write_files(tmp_path / "grey.png", tmp_path / "cache")
    with Image.open(folder / files.plain.name) as plain:
        shades = [plain.convert("L").getpixel((9, line)) for line in (0, 128, 255)]
    assert shades == pytest.approx([0, 128, 255], abs=3)


def test_a_cmyk_photo_is_converted_to_srgb(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), (200, 30, 40)).convert("CMYK").save(tmp_path / "ink.jpg")
    files, folder = write_files(tmp_path / "ink.jpg", tmp_path / "cache")
    for name in files.names:
        with Image.open(folder / name) as image:
            assert image.convert("RGB").getpixel((9, 9)) == pytest.approx((200, 30, 40), abs=12)


def test_an_svg_may_have_any_file_name(site: Any) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>'
    site.write("content/images/it's & é.svg", svg)
    (image,) = showing(site, "![A]({static}/images/it%27s%20%26%20%C3%A9.svg)").all("img")
    assert image["src"] == "/images/it%27s%20%26%20%C3%A9.svg"
    assert image["width"] == "30"
    assert "images/it's & é.svg" in site.files()


def test_a_location_is_found(tmp_path: Path) -> None:
    assert has_location(photo(tmp_path / "a.jpg", (8, 8), place=True))
    assert not has_location(photo(tmp_path / "b.jpg", (8, 8)))


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut off"])
def test_a_broken_picture_stops_the_build_with_its_line(site: Any, content: bytes) -> None:
    (site.root / "content/images/bad.png").write_bytes(content)
    site.set('PLUGINS.insert(1, "publish.plugins.pictures")')
    site.post("Text.\n\n![Bad]({static}/images/bad.png)")
    (message,) = site.mistakes()
    problem = r"content/images/bad.png (cannot be read as a picture|is empty)"
    assert re.match(rf"content/posts/post.md:6: {problem}", message)
    site.set("WRITING_RULES['file-content'] = 'off'")
    (message,) = site.mistakes_of_build()
    assert re.match(
        r"content/posts/post.md:6: content/images/bad.png cannot be read as a picture", message
    )


def test_a_broken_picture_of_the_front_matter_is_as_wrong_as_one_in_the_text(site: Any) -> None:
    (site.root / "content/images/bad.png").write_bytes(b"no picture")
    site.set('PLUGINS.insert(1, "publish.plugins.pictures")')
    site.post("Text.", front_matter="Image: /images/bad.png\nImage_alt: Bad\n")
    (message,) = site.mistakes()
    assert message.startswith(
        "content/posts/post.md:3: content/images/bad.png cannot be read as a picture"
    )
    site.set("WRITING_RULES['file-content'] = 'off'")
    (message,) = site.mistakes_of_build()
    assert message.startswith(
        "content/posts/post.md:3: content/images/bad.png cannot be read as a picture"
    )


@pytest.mark.parametrize("name", ["terms.pdf", "favicon.ico", "notes.txt"])
def test_an_image_of_the_front_matter_is_a_picture(site: Any, name: str) -> None:
    site.write(f"content/images/{name}", f"{GUIDE} ")  # not the gated file itself
    site.set("WRITING_RULES['file-content'] = 'off'")
    site.post("Text.", front_matter=f"Image: /images/{name}\nImage_alt: Bad\n")
    (message,) = site.mistakes()
    assert message.startswith(
        f"content/posts/post.md:3: `image` names `/images/{name}`, which is not a picture: use one"
    )


@pytest.mark.parametrize(("size", "width"), [((3000, 40), 3000), ((3200, 2400), 2828)])
def test_a_wide_picture_is_a_link_to_its_full_size(
    site: Any, size: tuple[int, int], width: int
) -> None:
    path = site.root / "content/images/wide.png"
    Image.linear_gradient("L").resize(size).save(path)
    page = showing(site, "![Wide]({static}/images/wide.png)")
    (link,) = page.all("a")
    assert link["class"] == "full-size"
    with Image.open(site.site / link["href"].lstrip("/")) as full:
        assert full.width == width


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("![Wide](/images/wide.png)", ["full-size"]),
        ("![](/images/wide.png)", []),
        ("![Wide](/images/wide.png){: width=200 }", []),
        ("![Small](/images/small.png)", []),
        ("[![Wide](/images/wide.png) more](https://other.example/)", [None]),
        ("![Drawing](/images/wide.svg)", ["full-size"]),
        ("![Styled](/images/styled.svg)", ["full-size"]),
    ],
)
def test_only_a_wide_picture_with_a_name_becomes_a_link(
    site: Any, text: str, links: list[str | None]
) -> None:
    Image.new("L", (900, 20)).save(site.root / "content/images/wide.png")
    Image.new("L", (300, 20)).save(site.root / "content/images/small.png")
    svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 900 90'>{}</svg>"
    site.write("content/images/wide.svg", svg.format(""))
    site.write("content/images/styled.svg", svg.format("<style>path { fill: red }</style>"))
    page = showing(site, text)
    assert [link.get("class") for link in page.all("a")] == links
    (image,) = page.all("img")
    assert image["width"]


def test_a_very_long_picture_fits_the_limits_of_its_formats(tmp_path: Path) -> None:
    Image.new("L", (100, 40_000)).save(tmp_path / "long.png")
    files, folder = write_files(tmp_path / "long.png", tmp_path / "cache")
    with Image.open(folder / files.full.name) as image:
        assert image.height <= 16_383
    assert (files.width, files.height) == (100, 40_000)


def test_a_picture_too_large_to_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    large = BytesIO()
    Image.new("1", (1500, 1000)).save(large, "png")
    (tmp_path / "large.png").write_bytes(large.getvalue())
    with pytest.raises(ValueError, match="has more than 1 million pixels"):
        make_picture_files(tmp_path / "large.png", tmp_path / "cache")


def test_a_picture_from_another_host_is_refused(site: Any) -> None:
    site.set('PLUGINS.insert(1, "publish.plugins.pictures")')
    site.post("![Spy](https://spy.example/pixel.png)")
    (message,) = site.mistakes()
    assert message.startswith("content/posts/post.md:4: shows `https://spy.example/pixel.png`")


def test_odd_picture_tags_stay_complete(site: Any) -> None:
    site.write(
        "content/images/a.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"/>'
    )
    odd = '<img alt="a > b &amp; &quot;c&quot;" src="/images/a.svg" class="x" hidden>'
    bare = '<p><img src="data:image/png;base64,AA=="> <img></p>'
    page = showing(site, f"{odd}\n\n{bare}\n\n`<img>`")
    first, second, third = page.all("img")
    assert (first["alt"], first["class"], first["width"]) == ('a > b & "c"', "x", "3")
    assert second == {"src": "data:image/png;base64,AA=="}
    assert third == {}


@pytest.mark.parametrize("link", ["{static}/gated/secret.png", "{static}/images/copy.png"])
def test_a_gated_picture_is_not_published_in_another_size(site: Any, link: str) -> None:
    secret = photo(site.root / "content/gated/secret.png", (30, 20))
    (site.root / "content/images/copy.png").symlink_to(secret)
    site.set('PLUGINS.insert(1, "publish.plugins.pictures")')
    site.post(f"![Secret]({link})")
    assert any("would publish the gated file" in message for message in site.mistakes())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_a_damaged_picture_is_read_or_refused_with_a_message(tmp_path: Path, kind: str) -> None:
    chance, complete = random.Random(kind), BytesIO()
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.radial_gradient("L").resize((40, 30)).convert("RGB").save(complete, kind, exif=exif)
    damaged = tmp_path / "damaged.png"
    for _ in range(40):
        content = bytearray(complete.getvalue())
        for _ in range(chance.randint(1, 20)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        damaged.write_bytes(content[: chance.choice([None, chance.randrange(len(content))])])
        with suppress(ValueError):
            make_picture_files(damaged, tmp_path / "cache")
        with suppress(ValueError):
            has_location(damaged)
