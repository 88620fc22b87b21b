"""The content of a gated file must match its name."""

import gzip
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from PIL import Image

from publish.file_types import content_problem
from tests.samples import GUIDE

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
    "a.mp4": b"\0\0\0\x18ftypmp42" + bytes(16),
    "a.zip": archive("x.txt"),
    "a.png": picture("PNG"),
    "a.jpg": picture("JPEG"),
    "a.webp": picture("WEBP"),
    "a.avif": picture("AVIF"),
    "a.gif": picture("GIF"),
    "a.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a.csv": "ä;b".encode("cp1252"),
    "b.csv": "ä;b".encode("utf-16"),
    "a.html": PAGE,
    "a.bin": b"\0\1",
}
REPORTED_IF_CUT_OFF = [
    name for name in FILES if name not in {"a.csv", "b.csv", "a.html", "a.bin", "a.mp4"}
]


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
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_cut_off_file_is_reported(tmp_path: Path, name: str, share: float) -> None:
    (tmp_path / name).write_bytes(FILES[name][: int(len(FILES[name]) * share)])
    assert content_problem(tmp_path / name) != ""


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


def test_an_encrypted_office_file_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500))
    assert content_problem(tmp_path / "a.docx").startswith("is an encrypted or old Office file")


def test_a_drawing_that_declares_entities_is_refused(tmp_path: Path) -> None:
    bomb = "<!DOCTYPE svg [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]><svg>&b;</svg>"
    (tmp_path / "a.svg").write_text(bomb)
    assert "cannot be opened as svg" in content_problem(tmp_path / "a.svg")
