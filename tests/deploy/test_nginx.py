"""deploy/nginx.conf in a real nginx, with a real release and the real service."""

import gzip
import re
import socket
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import brotli
import pytest

from capture.signed_links import LinkSigner, files_path
from tests.deploy.server import Server, Writer, push_first
from tests.deploy.web import Nginx
from tests.service import GUIDE, ROOT, Answer, Service, person, versions_in
from tests.waiting import HANG_SECONDS

FORM = {"Content_Type": "application/x-www-form-urlencoded"}
VERSION = versions_in(ROOT)[GUIDE]
POLICY = "Content-Security-Policy"
ARTICLE = "/what-pays-in-each-price-model/"


@pytest.fixture(scope="module")
def first(server: Server, known_cache: Path) -> Writer:
    """The first push, with a post that has two earlier slugs."""
    writer = server.writer("ann")
    writer.post("new-address", aliases="old-address, older-address")
    push_first(writer, known_cache)
    return writer


@pytest.fixture(scope="module")
def service(server: Server, first: Writer) -> Iterator[Service]:
    del first
    service = server.service(min_fill_seconds="0", rate_limit="3 per hour").start()
    yield service
    service.end()


@pytest.fixture(scope="module")
def nginx(server: Server, service: Service) -> Iterator[Nginx]:
    with Nginx(server, service).running() as nginx:
        old_workers = nginx.workers()
        result = nginx.take_redirects()
        assert result.returncode == 0, result.stderr
        nginx.until(lambda: not old_workers & nginx.workers())
        yield nginx


def stylesheet_path(answer: Answer) -> str:
    match = re.search(r'href="(?:https://journal\.example)?(/theme/style\.\w+\.css)"', answer.text)
    assert match is not None
    return match[1]


def test_pages_are_revalidated_by_the_browser(nginx: Nginx) -> None:
    for path in ("/", ARTICLE, "/search/", "/feed.xml", "/robots.txt"):
        answer = nginx.get(path)
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache"), path
        assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]


def test_a_page_address_without_slash_redirects_to_the_page(nginx: Nginx) -> None:
    answer = nginx.get(ARTICLE.rstrip("/"))
    assert (answer.status, answer.location) == (301, ARTICLE)


def test_files_with_a_hash_in_their_name_are_immutable(nginx: Nginx) -> None:
    answer = nginx.get(stylesheet_path(nginx.get("/")))
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("accept_encoding", ["gzip", "identity", "br, gzip"])
def test_precompressed_files_are_sent(nginx: Nginx, accept_encoding: str) -> None:
    answer, plain = nginx.get(ARTICLE, Accept_Encoding=accept_encoding), nginx.get(ARTICLE)
    encoding = {"gzip": "gzip", "identity": None, "br, gzip": "br" if nginx.has_brotli else "gzip"}
    assert answer.headers["Content-Encoding"] == encoding[accept_encoding]
    decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
    assert decode[answer.headers["Content-Encoding"]](answer.body) == plain.body
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("old", ["/old-address/", "/old-address", "/older-address/"])
def test_an_old_address_redirects_permanently_to_the_new_one(nginx: Nginx, old: str) -> None:
    answer = nginx.get(f"{old}?utm_source=letter")
    assert (answer.status, answer.location) == (301, "/new-address/?utm_source=letter")


@pytest.mark.parametrize(
    "path",
    ["/nowhere/", "/theme/", "/theme/none.css", "/.git/config", "/../site.json", "/site.json",
     "/%2e%2e/site.json", "/content/gated/cloud-guide.pdf", "/redirects.map", "/desk/"],
)  # fmt: skip
def test_an_unknown_address_gets_the_sites_own_error_page(nginx: Nginx, path: str) -> None:
    answer = nginx.get(path)
    assert answer.status in {400, 404}
    if answer.status == 404:
        assert "Page not found" in answer.text
        assert answer.headers["Cache-Control"] == "no-cache"


def test_only_the_search_page_may_run_webassembly(nginx: Nginx, service: Service) -> None:
    assert "script-src 'self' 'wasm-unsafe-eval';" in nginx.get("/search/").headers[POLICY]
    policy = nginx.get("/").headers[POLICY]
    assert (
        policy == service.get(f"/f/{GUIDE}").headers[POLICY]
    )  # nginx and the service send the same


def test_a_form_page_comes_from_the_service_with_each_header_once(nginx: Nginx) -> None:
    answer = nginx.get(f"/f/{GUIDE}")
    assert answer.status == 200
    for name in (POLICY, "Cache-Control", "X-Content-Type-Options", "Referrer-Policy"):
        assert len(answer.headers.get_all(name) or ()) == 1, name
    assert nginx.get(stylesheet_path(answer)).status == 200


def test_the_rate_limit_uses_the_visitors_real_address(nginx: Nginx, service: Service) -> None:
    """Three forms per hour from each address; a forged header changes nothing."""
    forged = {"X_Forwarded_For": "203.0.113.9", **FORM}

    def post(source: str, headers: dict[str, str]) -> int:
        body = urlencode(person(gp_version=VERSION))
        return nginx.ask("POST", f"/f/{GUIDE}", body, source=source, headers=headers).status

    before = len(service.stages())
    assert [post("127.0.0.2", FORM) for _ in range(4)] == [303, 303, 303, 429]
    assert post("127.0.0.2", forged) == 429
    assert [post("127.0.0.3", forged) for _ in range(4)] == [303, 303, 303, 429]
    assert len(service.stages()) == before + 6


def test_the_thanks_page_works_and_the_log_has_no_personal_data(nginx: Nginx) -> None:
    body = urlencode(person(gp_version=VERSION))
    posted = nginx.ask("POST", f"/f/{GUIDE}", body, source="127.0.0.4", headers=FORM)
    assert posted.location.startswith((f"/f/{GUIDE}/thanks?t=", "https://journal.example/"))
    assert nginx.get(posted.location).status == 200
    nginx.get("/about/?email=ann@clinic.example", source="127.0.0.5")
    log = (nginx.folder / "gatepost.log").read_text()
    assert "thanks" not in log
    assert "127.0.0" not in log
    assert "@" not in log


@pytest.mark.parametrize("folder", ["c", "consent", "privacy/me", "r", "u"])
def test_a_page_behind_a_letters_link_comes_from_the_service_and_is_not_logged(
    nginx: Nginx, folder: str
) -> None:
    answer = nginx.get(f"/{folder}/a-token-of-a-letter", source="127.0.0.6")
    assert answer.status == 404
    assert "This link is not complete." in answer.text
    assert answer.headers.get_all("Referrer-Policy") == ["no-referrer"]
    assert answer.headers.get_all("Cache-Control") == ["no-store"]
    for file in nginx.folder.glob("*.log"):
        assert "a-token-of-a-letter" not in file.read_text()


def test_a_writers_page_and_the_page_for_own_data_are_both_below_privacy(nginx: Nginx) -> None:
    assert "Send me the link" in nginx.get("/privacy/me").text
    own_page = nginx.get("/privacy/")
    assert "Send me the link" not in own_page.text
    assert own_page.headers["Cache-Control"] == "no-cache"  # nginx sends it, or its own 404


def test_the_error_logs_of_invalid_requests_have_no_personal_data(nginx: Nginx) -> None:
    too_long = nginx.ask("POST", "/f/a?who=ann@clinic.example", "x" * 200_000, headers=FORM)
    assert too_long.status == 413
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=HANG_SECONDS) as connection:
        connection.sendall(b"ann@clinic.example\r\n\r\n")
        assert b" 400 " in connection.recv(100)
    for name in ("error.log", "gatepost-error.log", "gatepost.log"):
        log = (nginx.folder / name).read_text()
        assert "127.0.0" not in log
        assert "clinic" not in log


def test_a_too_long_body_is_refused_with_the_services_own_page(nginx: Nginx) -> None:
    answer = nginx.ask("POST", f"/f/{GUIDE}", "x=" + "y" * 70_000, headers=FORM)
    assert answer.status == 413
    assert "64 KiB" in answer.text


def test_a_request_that_the_services_server_refuses_has_the_headers(nginx: Nginx) -> None:
    """Its app never sees it: the address is too long for the server, but not for nginx."""
    answer = nginx.get(f"/r/{'x' * 5000}")
    assert answer.status == 414
    assert answer.headers.get_all(POLICY) == nginx.get(f"/f/{GUIDE}").headers.get_all(POLICY)
    for name, value in {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }.items():
        assert answer.headers.get_all(name) == [value], name


def test_a_client_with_very_many_connections_is_limited_and_others_are_not(nginx: Nginx) -> None:
    head = f"POST /f/{GUIDE} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".encode()
    connections = []
    for _ in range(70):
        connection = socket.create_connection(
            ("127.0.0.1", nginx.port), source_address=("127.0.0.6", 0)
        )
        connection.sendall(head)
        connections.append(connection)
    assert nginx.get("/", source="127.0.0.6").status == 429
    assert nginx.get(f"/f/{GUIDE}", source="127.0.0.7").status == 200
    for connection in connections:
        connection.close()


@pytest.fixture(scope="module")
def download(nginx: Nginx) -> str:
    """The path of the first file on the thanks page of a new lead."""
    body = urlencode(person(gp_version=VERSION))
    posted = nginx.ask("POST", f"/f/{GUIDE}", body, source="127.0.0.8", headers=FORM)
    match = re.search(r'href="(/d/[^"]+)" download', nginx.get(posted.location).text)
    assert match is not None
    return match[1]


def test_nginx_sends_a_gated_file_that_a_signed_link_allows(nginx: Nginx, download: str) -> None:
    answer, guide = nginx.get(download), (ROOT / "content/gated/cloud-guide.pdf").read_bytes()
    assert (answer.status, answer.body) == (200, guide)
    assert answer.headers["Content-Disposition"] == "attachment; filename=cloud-guide.pdf"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    for name in (POLICY, "Cache-Control", "X-Content-Type-Options", "Referrer-Policy"):
        assert len(answer.headers.get_all(name) or ()) == 1, name
    assert re.fullmatch(r'"[0-9a-f]+-[0-9a-f]+"', answer.headers["ETag"])  # nginx's own form


def test_nginx_sends_ranges_of_a_gated_file(nginx: Nginx, download: str) -> None:
    guide = (ROOT / "content/gated/cloud-guide.pdf").read_bytes()
    part = nginx.get(download, Range="bytes=10-19")
    assert (part.status, part.body) == (206, guide[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(guide)}"
    head = nginx.ask("HEAD", download)
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(guide)))
    for condition, status in ((head.headers["ETag"], 206), ('"other"', 200)):
        answer = nginx.get(download, Range="bytes=10-", If_Range=condition)
        assert (answer.status, len(answer.body)) == (
            status,
            len(guide) - (10 if status == 206 else 0),
        )


@pytest.mark.parametrize("path", ["/gated-files/cloud-guide.pdf", "/gated-files/", "/d/x"])
def test_nobody_gets_a_gated_file_without_a_signed_link(nginx: Nginx, path: str) -> None:
    for headers in ({}, {"X_Gated_Files": "failed"}):
        answer = nginx.get(path, **headers)
        assert answer.status == 404
        assert b"%PDF" not in answer.body


def test_the_web_server_reads_gated_files_and_nothing_else_of_content(server: Server) -> None:
    content = server.site / "current" / "content"
    assert stat.S_IMODE(content.stat().st_mode) == 0o751
    others = {path.name for path in content.iterdir() if path.stat().st_mode & 0o007}
    assert others == {"gated"}
    for name in ("campaigns", "clients"):
        assert stat.S_IMODE((content.parent / name).stat().st_mode) & 0o007 == 0


def test_the_service_sends_a_gated_file_that_nginx_cannot_read(
    nginx: Nginx, server: Server, service: Service, download: str
) -> None:
    """A gated file that only the service's user may read, as in a release of an older version."""
    gated = server.site / "current/content/gated"
    gated.chmod(0o700)
    try:
        answer = nginx.get(download)
        part = nginx.get(download, Range="bytes=10-19")
    finally:
        gated.chmod(0o755)
    guide = (ROOT / "content/gated/cloud-guide.pdf").read_bytes()
    assert (answer.status, answer.body) == (200, guide)
    assert (part.status, part.body) == (206, guide[10:20])
    assert "cloud-guide.pdf: nginx cannot read it" in service.log.read_text()


def test_the_page_of_the_letters_link_is_reachable_and_its_token_is_not_logged(
    nginx: Nginx, server: Server
) -> None:
    signer = LinkSigner((server.var / "secret_key").read_bytes(), timedelta(days=7))
    path = files_path(signer.files(GUIDE, "a" * 12))
    assert (nginx.get(path).status, "Your files" in nginx.get(path).text) == (200, True)
    log = (nginx.folder / "gatepost.log").read_text()
    assert "/g/" not in log
    assert "/d/" not in log
    assert "/gated-files/" not in log


def test_while_the_service_is_down_its_pages_answer_503_and_no_token_is_logged(
    nginx: Nginx, service: Service, download: str
) -> None:
    service.end()
    answer = nginx.get(download)
    service.start()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert download not in (nginx.folder / "gatepost.log").read_text()
    assert nginx.get(download).status == 200


def test_only_plain_redirect_lines_reach_nginx(nginx: Nginx, server: Server) -> None:
    redirects = server.site / "current/output/redirects.map"
    valid = redirects.read_text()
    invalid_lines = (
        '"/a/" /b/; include /etc/shadow;',
        "include /etc/shadow;",
        '"/c/" "/d/";',
        '"/e/" //evil.example/;',
        '"/f/" /$host/;',
    )
    redirects.write_text(valid + "".join(f"{line}\n" for line in invalid_lines))
    assert nginx.take_redirects().returncode == 0
    assert nginx.map.read_text() == valid
    redirects.write_text(valid)


def test_the_api_is_reachable_and_not_cached(nginx: Nginx) -> None:
    answer = nginx.get("/api/v1/leads")
    assert (answer.status, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert answer.headers["Cache-Control"] == "no-store"
