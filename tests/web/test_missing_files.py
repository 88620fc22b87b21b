"""A missing gated file: the visitor still gets the thanks page, and never a 500."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from capture.campaign.catalogue import read_catalogue
from capture.errors import FileErrors
from capture.signed_links import Grant, LinkSigner
from capture.web.config import WebConfig
from tests.service import GUIDE, TEST_KEY, make_project, person

GUIDE_PDF = "cloud-guide.pdf"


def guide_link() -> str:
    """The path of a valid link to the guide's file."""
    signer = LinkSigner(TEST_KEY, WebConfig.link_life)
    return f"/d/{signer.download(Grant(GUIDE, 'a' * 12, GUIDE_PDF))}"


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def turned_into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def led_out(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def led_in_a_circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def turned_into_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


HARMS = [
    Path.unlink,
    emptied,
    turned_into_a_folder,
    led_out,
    led_in_a_circle,
    turned_into_a_pipe,
]


def thanked(client: FlaskClient) -> str:
    posted = client.post(
        f"/f/{GUIDE}",
        data=urlencode(person()),
        content_type="application/x-www-form-urlencoded",
    )
    assert posted.status_code == 303, posted.text
    answer = client.get(posted.location)
    assert answer.status_code == 200, answer.text
    return answer.text


def fetched(client: FlaskClient, link: str) -> bytes:
    with client.get(link) as answer:
        return answer.data


@pytest.mark.parametrize("harm", HARMS)
def test_a_visitor_whose_file_is_missing_gets_thanks_and_a_notice(
    client: FlaskClient,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    harm: Callable[[Path], None],
) -> None:
    harm(tmp_path / "content" / "gated" / GUIDE_PDF)
    page = thanked(client)
    assert '<h1 tabindex="-1">Thank you</h1>' in page
    assert re.findall(r">([\w.-]+)</span> <span", page) == ["lead-kpis.xlsx"]
    assert f"{GUIDE_PDF} cannot be fetched just now: open this page again" in page
    assert "ask Publisher" in page
    (line,) = [record.getMessage() for record in caplog.records]
    assert re.fullmatch(r".*/cloud-guide\.pdf: cannot be sent: .*; put the file back", line)


@pytest.mark.parametrize("harm", HARMS)
def test_a_link_to_a_missing_file_says_so_and_stays_valid(
    client: FlaskClient, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    place = tmp_path / "content" / "gated" / GUIDE_PDF
    content = place.read_bytes()
    link = guide_link()
    harm(place)
    answer = client.get(link)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3600")
    assert "The file is not here just now. Your link stays good" in answer.text
    assert "touch.js" not in answer.text  # it would store the path with the token
    place.rmdir() if place.is_dir() else place.unlink(missing_ok=True)
    place.write_bytes(content)
    assert fetched(client, link) == content


def test_a_file_that_is_removed_after_the_check_is_no_error(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = guide_link()
    monkeypatch.setattr("capture.web.public.download.size_of", lambda *_: 1)
    (tmp_path / "content" / "gated" / GUIDE_PDF).unlink()
    assert client.get(link).status_code == 503


def test_a_download_during_a_replacement_gets_the_complete_old_file(
    client: FlaskClient, tmp_path: Path
) -> None:
    place = tmp_path / "content" / "gated" / GUIDE_PDF
    before = place.read_bytes()
    link = guide_link()
    with client.get(link, buffered=False) as answer:
        fresh = place.with_name("fresh")
        fresh.write_bytes(b"%PDF-new")
        fresh.replace(place)
        assert answer.data == before
    assert fetched(client, link) == b"%PDF-new"


def test_the_thanks_page_works_after_the_campaign_is_removed(client: FlaskClient) -> None:
    token = LinkSigner(TEST_KEY, WebConfig.link_life).thanks("gone", "a" * 12)
    answer = client.get(f"/f/gone/thanks?t={token}")
    assert (answer.status_code, "Your request has arrived" in answer.text) == (200, True)
    assert client.get("/f/gone/thanks?t=x").status_code == 404


def test_an_asset_that_the_service_cannot_read_stops_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(tmp_path)
    monkeypatch.setattr("os.access", lambda path, _: Path(path).name != GUIDE_PDF)
    with pytest.raises(FileErrors, match=rf'"{GUIDE_PDF}": cannot be read in .* by this user'):
        read_catalogue(tmp_path / "campaigns", tmp_path / "clients", tmp_path / "content" / "gated")
