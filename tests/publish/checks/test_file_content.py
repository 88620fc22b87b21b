"""The content of a gated file must match its name."""

import gzip
import os
import random
import re
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from PIL import Image
from pypdf import PdfReader, PdfWriter

from publish.file_types import content_problem
from tests.samples import CAMPAIGN, GUIDE

ROOT = Path(__file__).parents[3]
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 130\n"
PAGE = b"\n<!-- x -->\n<!DOCTYPE html><title>Sign in</title>"


def workbook_bytes() -> bytes:
    target = BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        workbook.add_worksheet().write(0, 0, "text " * 100)
    return target.getvalue()


def picture(kind: str) -> bytes:
    target = BytesIO()
    Image.radial_gradient("L").save(target, kind)
    return target.getvalue()


def animation(kind: str) -> bytes:
    """Two frames, or two pages."""
    target, first = BytesIO(), Image.radial_gradient("L")
    first.save(target, kind, save_all=True, append_images=[first.rotate(90)])
    return target.getvalue()


def box(kind: bytes, content: bytes) -> bytes:
    """A box of an MP4 file."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


def long_box(kind: bytes, content: bytes) -> bytes:
    """A box whose length has eight bytes, as in files of more than 4 GB."""
    return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content


def archive(*names: str, **members: str) -> bytes:
    """An archive with these names, and with these members by name."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as zip_file:
        for name in names:
            zip_file.writestr(name, "text " * 100)
        for name, text in members.items():
            zip_file.writestr(name, text)
    return target.getvalue()


def office(kind: str, part: str) -> bytes:
    """An Office document whose main part is `part`."""
    content_type = f"application/vnd.openxmlformats-officedocument.{kind}.main+xml"
    types = f'<Types><Override PartName="/{part}" ContentType="{content_type}"/></Types>'
    return archive(part, **{"[Content_Types].xml": types})


FILES = {
    "a.pdf": (ROOT / "content/gated/cloud-guide.pdf").read_bytes(),
    "A.PDF": GUIDE.encode(),
    "a.xlsx": workbook_bytes(),
    "a.docx": office("wordprocessingml.document", "word/document2.xml"),
    "a.pptx": office("presentationml.presentation", "ppt/presentation.xml"),
    "a.odt": archive("content.xml", mimetype="application/vnd.oasis.opendocument.text"),
    "a.epub": archive("META-INF/container.xml", mimetype="application/epub+zip"),
    "a.csv.gz": gzip.compress(b"a;b" * 100),
    "a.mp4": box(b"ftyp", b"mp42") + box(b"moov", bytes(90)) + box(b"mdat", bytes(900)),
    "a.mov": box(b"ftyp", b"qt  ") + long_box(b"mdat", bytes(900)) + box(b"moov", bytes(90)),
    "a.zip": archive("x.txt"),
    "a.png": picture("PNG"),
    "a.jpg": picture("JPEG"),
    "a.webp": picture("WEBP"),
    "a.avif": picture("AVIF"),
    "a.gif": picture("GIF"),
    "b.gif": animation("GIF"),
    "b.png": animation("PNG"),
    "b.webp": animation("WEBP"),
    "b.avif": animation("AVIF"),
    "b.tif": animation("TIFF"),
    "a.bmp": picture("BMP"),
    "a.ico": picture("ICO"),
    "a.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a.csv": "ä;b".encode("cp1252"),
    "b.csv": "ä;b".encode("utf-16"),
    "a.html": PAGE,
    "a.bin": b"\0\1",
}
REPORTED_IF_CUT_OFF = [name for name in FILES if name not in {"a.csv", "b.csv", "a.html", "a.bin"}]
UNUSED_AT_THE_END = {"A.PDF": 1, "b.tif": 6}
"""By name: bytes at its end that nobody needs: a line break, padding."""


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_matches_its_name_is_accepted(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    assert content_problem(tmp_path / name) == ""


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(("content", "expected"), [(b"", "is empty"), (POINTER, "`git lfs pull`")])
def test_an_empty_file_and_a_git_lfs_pointer_are_reported(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert expected in content_problem(tmp_path / name)


@pytest.mark.parametrize("name", REPORTED_IF_CUT_OFF)
def test_a_file_that_is_cut_off_anywhere_is_reported(tmp_path: Path, name: str) -> None:
    size = len(FILES[name]) - UNUSED_AT_THE_END.get(name, 0)
    chance = random.Random(name)
    lengths = [chance.randrange(1, size) for _ in range(10)]
    lengths += [size - cut for cut in (1, 2, 4, 12, 20, 100, 500, 1000) if cut < size]
    for length in lengths:
        (tmp_path / name).write_bytes(FILES[name][:length])
        assert content_problem(tmp_path / name) != "", length


def test_a_video_that_ends_before_its_index_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.mov").write_bytes(box(b"ftyp", b"qt  ") + box(b"mdat", bytes(900)))
    assert content_problem(tmp_path / "a.mov").startswith("is a mov file without its index")


@pytest.mark.parametrize("name", [name for name in FILES if name != "a.html"])
def test_a_web_page_with_another_suffix_is_reported(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PAGE)
    assert content_problem(tmp_path / name).startswith("is a web page, not a ")


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("a.pdf", "a.zip"),
        ("a.xlsx", "a.docx"),
        ("a.docx", "a.zip"),
        ("a.odt", "a.epub"),
        ("a.mp4", "a.jpg"),
        ("a.mp4", "a.avif"),
        ("a.png", "a.jpg"),
        ("a.svg", "a.png"),
        ("a.jpg", "a.pdf"),
        ("a.docx", "a.png"),
        ("a.csv", "a.png"),
    ],
)
def test_a_file_of_another_type_is_reported(tmp_path: Path, name: str, other: str) -> None:
    (tmp_path / name).write_bytes(FILES[other])
    assert content_problem(tmp_path / name) != ""


def test_a_damaged_part_of_a_workbook_is_reported(tmp_path: Path) -> None:
    content = bytearray(archive("xl/workbook.xml"))
    content[60] ^= 0xFF
    (tmp_path / "a.xlsx").write_bytes(content)
    assert "is damaged in `xl/workbook.xml`" in content_problem(tmp_path / "a.xlsx")


def test_the_check_names_file_problem_and_fix(desk: Any) -> None:
    desk.post()
    (desk.root / "content/gated/guide.pdf").write_bytes(POINTER)
    message = "is a Git LFS pointer, not the file: run `git lfs pull`"
    assert desk.errors() == [f"content/gated/guide.pdf: {message}"]


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("First.\n\n![Bad](../images/bad.png)", None),
        ("First.\n\n![Bad]({static}/images/bad.png)", None),
        ("First.\n\n[Open it](/images/bad.png)", None),
        ('First.\n\n<p>\n<img src="/images/bad.png" alt="Bad"></p>', None),
        ("First.", "/images/bad.png"),
    ],
)
def test_a_damaged_file_is_found_where_a_text_uses_it(
    desk: Any, text: str, image: str | None
) -> None:
    (desk.root / "content/images/bad.png").write_bytes(b"")
    desk.post(text, image=image, image_alt=image and "Bad")
    line = 5 if image else 9 if "<p>" in text else 8
    message = "content/images/bad.png is empty: export or download it again"
    assert desk.errors() == [f"content/posts/post.md:{line}: {message}"]


def test_a_damaged_file_that_many_texts_use_is_one_finding(desk: Any) -> None:
    (desk.root / "content/images/bad.png").write_bytes(b"")
    for name in ("b", "a"):
        desk.post("![Bad](../images/bad.png) ![Bad](../images/bad.png)", name=name)
    (message,) = desk.errors()
    assert message.startswith("content/posts/a.md:6: content/images/bad.png is empty")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", 'assets holds "guide.pdf": content/gated/guide.pdf is empty; put '),
        (POINTER, 'assets holds "guide.pdf": content/gated/guide.pdf is a Git LFS '),
        (GUIDE.encode()[:-9], "content/gated/guide.pdf is a PDF that is cut off: export or "),
    ],
)
def test_a_damaged_gated_file_is_one_finding_in_the_campaign_file(
    desk: Any, content: bytes, problem: str
) -> None:
    campaign = CAMPAIGN.replace('kind = "demo"', 'kind = "gated"\nassets = [\n"guide.pdf",\n]')
    desk.write("campaigns/guide.toml", campaign)
    assert desk.errors() == []
    (desk.root / "content/gated/guide.pdf").write_bytes(content)
    (message,) = desk.errors()
    assert message.startswith(f"campaigns/guide.toml:6: {problem}")  # the key's line


def test_a_git_lfs_pointer_among_the_pictures_is_reported(desk: Any) -> None:
    (desk.root / "content/images/photo.jpg").write_bytes(POINTER)
    assert any("images/photo.jpg: is a Git LFS pointer" in line for line in desk.errors())


@pytest.mark.parametrize("name", ["a.jpg", "a.svg", "a.pdf", "a.mp4"])
def test_a_published_file_is_opened_as_its_type(desk: Any, name: str) -> None:
    (desk.root / "content/images" / name).write_bytes(FILES["a.zip"])
    (message,) = desk.errors()
    assert message.startswith(f"content/images/{name}: ")
    assert message.endswith(": export or download it again")


def test_an_empty_text_that_nobody_downloads_is_accepted(desk: Any) -> None:
    desk.write("content/images/robots.txt", "")
    assert desk.errors() == []


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.json"])
def test_a_text_that_a_post_links_to_is_opened_too(desk: Any, name: str) -> None:
    for content, problem in (
        (b"", "is empty"),
        (b"a\0b", "is not text"),
        (b"<!doctype html><title>Sign in</title>", f"is a web page, not a .{name[2:]}"),
    ):
        (desk.root / "content/posts").mkdir(exist_ok=True)
        (desk.root / "content/posts" / name).write_bytes(content)
        desk.post(f"[x]({name})")
        expected = f"content/posts/post.md:6: content/posts/{name} {problem}: export or download"
        assert [message[: len(expected)] for message in desk.errors()] == [expected]


def test_a_pdf_with_a_damaged_page_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_text(GUIDE.replace("3 0 obj <<", "3 0 obj xx"))
    assert content_problem(tmp_path / "a.pdf").startswith("is a PDF that is damaged on page ")


def test_a_pdf_without_pages_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_text(GUIDE.replace("[3 0 R] /Count 1", "[     ] /Count 0"))
    assert content_problem(tmp_path / "a.pdf").startswith("is a PDF without a page")


def test_an_archive_that_unpacks_to_gigabytes_is_refused_without_unpacking(tmp_path: Path) -> None:
    target = tmp_path / "bomb.zip"
    with zipfile.ZipFile(target, "w") as bomb:
        bomb.writestr("a", b"")
        for member in bomb.infolist():
            member.file_size = 3 << 30
    assert content_problem(target) == "unpacks to more than 1 GiB: make it smaller"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_of_a_rare_method_is_refused(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as rare:
        rare.writestr("a", bytes(1_000_000))
    assert content_problem(tmp_path / "a.zip").startswith("is packed by a method that many ")


@pytest.mark.parametrize("name", ["a.zip", "a.docx"])
def test_an_archive_with_a_password_is_accepted(tmp_path: Path, name: str) -> None:
    content = bytearray(FILES[name])
    for head, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for match in re.finditer(re.escape(head), bytes(content)):
            content[match.start() + flags] |= 1
    (tmp_path / name).write_bytes(content)
    assert content_problem(tmp_path / name) == ""


@pytest.mark.parametrize("password", ["", "secret"])
def test_a_pdf_with_a_password_is_accepted(tmp_path: Path, password: str) -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(FILES["A.PDF"])))
    writer.encrypt(password, "owner", algorithm="AES-256")
    writer.write(tmp_path / "a.pdf")
    assert content_problem(tmp_path / "a.pdf") == ""


@pytest.mark.parametrize("bits", [1, 8])
def test_a_picture_of_2500_million_pixels_is_refused(tmp_path: Path, bits: int) -> None:
    head = struct.pack(">IIBBBBB", 50_000, 50_000, bits, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(9))), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    assert content_problem(tmp_path / "a.png") == "has more than 89 million pixels: make it smaller"


def test_an_encrypted_office_file_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500))
    assert content_problem(tmp_path / "a.docx").startswith("is an encrypted or old Office file")


def test_a_drawing_that_declares_entities_is_refused(tmp_path: Path) -> None:
    bomb = "<!DOCTYPE svg [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]><svg>&b;</svg>"
    (tmp_path / "a.svg").write_text(bomb)
    assert "cannot be opened as svg" in content_problem(tmp_path / "a.svg")


@pytest.mark.parametrize("name", ["a.svg", "a.html", "a.png"])
def test_a_file_that_cannot_be_read_is_one_error(
    desk: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Also if a gated file has the same size. Root may read every file, so reading is replaced."""
    unreadable = desk.root / "content/images" / name
    unreadable.write_bytes(GUIDE.encode())
    real_open, real_access = Path.open, os.access

    def open_(path: Path, *args: Any, **options: Any) -> Any:
        if path == unreadable:
            raise PermissionError(13, "Permission denied", str(path))
        return real_open(path, *args, **options)

    monkeypatch.setattr(Path, "open", open_)
    monkeypatch.setattr(
        os, "access", lambda path, mode: path != unreadable and real_access(path, mode)
    )
    message = "cannot be read by this user: change its permissions"
    assert desk.errors() == [f"content/images/{name}: {message}"]


@pytest.mark.parametrize("name", REPORTED_IF_CUT_OFF)
def test_a_damaged_file_of_any_type_is_opened_or_refused_with_a_message(
    tmp_path: Path, name: str
) -> None:
    chance = random.Random(name)
    for _ in range(25):
        content = bytearray(FILES[name])
        for _ in range(chance.randint(1, 9)):
            place = chance.choice([chance.randrange(len(content)), chance.randrange(60)])
            content[place % len(content)] = chance.choice([0, 1, 127, 255, chance.randrange(256)])
        (tmp_path / name).write_bytes(content)
        problem = content_problem(tmp_path / name)
        assert problem == "" or problem.endswith((": make it smaller", " it again"))


def test_a_scan_without_its_size_is_refused(tmp_path: Path) -> None:
    """Pillow raises a TypeError."""
    content = FILES["b.tif"]
    size = struct.pack("<HHI", 0x100, 4, 1)
    assert size in content
    (tmp_path / "a.tif").write_bytes(content.replace(size, struct.pack("<HHI", 0x9999, 4, 1)))
    assert content_problem(tmp_path / "a.tif").startswith("cannot be read as a picture")
