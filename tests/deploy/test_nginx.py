"""deploy/nginx.conf, run by the real nginx, over a real release and the real service."""

import gzip
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlencode

import brotli
import pytest

from tests.deploy.server import Server, Writer
from tests.deploy.web import Nginx
from tests.service import GUIDE, Answer, Service, person

FORM = {"Content_Type": "application/x-www-form-urlencoded"}
POLICY = "Content-Security-Policy"
ARTICLE = "/what-pays-in-each-price-model/"


@pytest.fixture(scope="module")
def service(server: Server, first: Writer) -> Iterator[Service]:
    """With a post that has an earlier slug."""
    first.post("new-address", aliases="old-address, older-address")
    assert first.push().taken
    started = server.service(min_fill_seconds="0", rate_limit="3 per minute").start()
    yield started
    started.end()


@pytest.fixture(scope="module")
def nginx(server: Server, service: Service) -> Iterator[Nginx]:
    with Nginx(server, service).running() as created:
        before = created.workers()
        used = created.take_redirects()
        assert used.returncode == 0, used.stderr
        created.until(lambda: not before & created.workers())
        yield created


def asset(answer: Answer) -> str:
    found = re.search(r'href="(?:https://journal\.example)?(/theme/style\.\w+\.css)"', answer.text)
    assert found is not None
    return found[1]


def test_pages_are_served_and_may_not_be_kept(nginx: Nginx) -> None:
    for path in ("/", ARTICLE, "/search/", "/feed.xml", "/robots.txt"):
        answer = nginx.get(path)
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache"), path
        assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]


def test_a_page_without_its_slash_leads_to_the_page(nginx: Nginx) -> None:
    answer = nginx.get(ARTICLE.rstrip("/"))
    assert (answer.status, answer.location) == (301, ARTICLE)


def test_what_carries_its_hash_is_kept_for_ever(nginx: Nginx) -> None:
    answer = nginx.get(asset(nginx.get("/")))
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("accepted", ["gzip", "identity", "br, gzip"])
def test_files_are_sent_as_they_were_compressed_before(nginx: Nginx, accepted: str) -> None:
    answer, plain = nginx.get(ARTICLE, Accept_Encoding=accepted), nginx.get(ARTICLE)
    encoding = {"gzip": "gzip", "identity": None, "br, gzip": "br" if nginx.has_brotli else "gzip"}
    assert answer.headers["Content-Encoding"] == encoding[accepted]
    read = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
    assert read[answer.headers["Content-Encoding"]](answer.body) == plain.body
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("old", ["/old-address/", "/old-address", "/older-address/"])
def test_an_old_address_leads_to_the_new_one_for_good(nginx: Nginx, old: str) -> None:
    answer = nginx.get(f"{old}?utm_source=letter")
    assert (answer.status, answer.location) == (301, "/new-address/?utm_source=letter")


@pytest.mark.parametrize(
    "path",
    ["/nowhere/", "/theme/", "/theme/none.css", "/.git/config", "/../site.json", "/site.json",
     "/%2e%2e/site.json", "/content/gated/cloud-guide.pdf", "/redirects.map", "/desk/"],
)  # fmt: skip
def test_what_is_not_there_is_said_on_our_page_and_not_kept(nginx: Nginx, path: str) -> None:
    answer = nginx.get(path)
    assert answer.status in {400, 404}
    if answer.status == 404:
        assert "Page not found" in answer.text
        assert answer.headers["Cache-Control"] == "no-cache"


def test_only_the_search_page_may_run_compiled_code(nginx: Nginx, service: Service) -> None:
    assert "script-src 'self' 'wasm-unsafe-eval';" in nginx.get("/search/").headers[POLICY]
    ours = nginx.get("/").headers[POLICY]
    assert ours == service.get(f"/f/{GUIDE}").headers[POLICY]  # nginx and service say the same


def test_the_form_is_the_services_own_with_its_headers_once(nginx: Nginx) -> None:
    answer = nginx.get(f"/f/{GUIDE}")
    assert answer.status == 200
    for name in (POLICY, "Cache-Control", "X-Content-Type-Options", "Referrer-Policy"):
        assert len(answer.headers.get_all(name) or ()) == 1, name
    assert nginx.get(asset(answer)).status == 200


def test_a_post_reaches_the_ledger_with_the_visitors_own_address(
    nginx: Nginx, service: Service
) -> None:
    """Three a minute from each address, whatever a visitor claims to be."""
    claim = {"X_Forwarded_For": "203.0.113.9", **FORM}

    def post(source: str, headers: dict[str, str]) -> int:
        body = urlencode(person())
        return nginx.ask("POST", f"/f/{GUIDE}", body, source=source, headers=headers).status

    before = len(service.stages())
    assert [post("127.0.0.2", FORM) for _ in range(4)] == [303, 303, 303, 429]
    assert post("127.0.0.2", claim) == 429
    assert [post("127.0.0.3", claim) for _ in range(4)] == [303, 303, 303, 429]
    assert len(service.stages()) == before + 6


def test_thanks_lead_to_the_published_host_and_the_log_names_nobody(nginx: Nginx) -> None:
    body = urlencode(person())
    posted = nginx.ask("POST", f"/f/{GUIDE}", body, source="127.0.0.4", headers=FORM)
    assert posted.location.startswith((f"/f/{GUIDE}/thanks?t=", "https://journal.example/"))
    assert nginx.get(posted.location).status == 200
    nginx.get("/about/?email=ann@clinic.example", source="127.0.0.5")
    log = (nginx.folder / "gatepost.log").read_text()
    assert "thanks" not in log
    assert "127.0.0" not in log
    assert "@" not in log


def test_what_nginx_says_of_faulty_requests_names_nobody_either(nginx: Nginx) -> None:
    too_long = nginx.ask("POST", "/f/a?who=ann@clinic.example", "x" * 200_000, headers=FORM)
    assert too_long.status == 413
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=20) as line:
        line.sendall(b"ann@clinic.example\r\n\r\n")
        assert b" 400 " in line.recv(100)
    for name in ("error.log", "gatepost-error.log", "gatepost.log"):
        log = (nginx.folder / name).read_text()
        assert "127.0.0" not in log
        assert "clinic" not in log


def test_a_body_that_is_too_long_is_refused_on_the_services_page(nginx: Nginx) -> None:
    answer = nginx.ask("POST", f"/f/{GUIDE}", "x=" + "y" * 70_000, headers=FORM)
    assert answer.status == 413
    assert "64 KiB" in answer.text


def test_who_opens_very_many_connections_is_held_back_and_nobody_else(nginx: Nginx) -> None:
    head = f"POST /f/{GUIDE} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".encode()
    slow = []
    for _ in range(70):
        line = socket.create_connection(("127.0.0.1", nginx.port), source_address=("127.0.0.6", 0))
        line.sendall(head)
        slow.append(line)
    assert nginx.get("/", source="127.0.0.6").status == 429
    assert nginx.get(f"/f/{GUIDE}", source="127.0.0.7").status == 200
    for line in slow:
        line.close()


def test_lines_that_are_no_plain_redirects_never_reach_nginx(nginx: Nginx, server: Server) -> None:
    written = server.site / "current/output/redirects.map"
    kept = written.read_text()
    evil = (
        '"/a/" /b/; include /etc/shadow;',
        "include /etc/shadow;",
        '"/c/" "/d/";',
        '"/e/" //evil.example/;',
        '"/f/" /$host/;',
    )
    written.write_text(kept + "".join(f"{line}\n" for line in evil))
    assert nginx.take_redirects().returncode == 0
    assert nginx.map.read_text() == kept
    written.write_text(kept)


def test_a_crms_program_reaches_the_api(nginx: Nginx) -> None:
    answer = nginx.get("/api/v1/leads")
    assert (answer.status, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert answer.headers["Cache-Control"] == "no-store"
