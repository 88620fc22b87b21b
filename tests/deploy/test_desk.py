"""deploy/nginx-desk.conf in a real nginx, with the real desk on a host name of its own."""

import http.cookies
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from capture.ledger.users import Role
from capture.site_policy import STRICT_TRANSPORT
from capture.users.accounts import add_user
from capture.users.passphrase import hash_passphrase
from capture.web.api.app import HEADERS as API_HEADERS
from tests.deploy.web import Nginx
from tests.needs import needs
from tests.samples import NOW
from tests.service import Answer, Service, free_port, make_project

HOST = "desk.journal.example"
WORDS = "four easy words here"


class Desk(Service):
    """`gatepost serve --desk` behind a proxy with TLS."""

    command = ("serve", "--desk")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, desk_url=f"https://{HOST}", site_url="https://journal.example")
        self.settings["desk_port"] = str(self.port)


class DeskNginx(Nginx):
    """nginx with the desk alone."""

    def __init__(self, desk: Desk) -> None:
        self.port = free_port()
        self.folder = desk.folder / "nginx"
        self.folder.mkdir()
        self._program = needs("nginx", "nginx-light")
        self.has_brotli = False
        self.substitutions = {
            "listen [::]:80;\n": "",
            "listen 80;": f"listen 127.0.0.1:{self.port};",
            "127.0.0.1:8001": f"127.0.0.1:{desk.port}",
            "/var/log/nginx": str(self.folder),
        }
        (self.folder / "site.conf").write_text(self.substituted("nginx-desk.conf"))
        (self.folder / "nginx.conf").write_text(self._main_config())

    def at_desk(self, method: str, path: str, form: str | None = None, **headers: str) -> Answer:
        """A request as nginx gets it from the browser."""
        names = {"Host": HOST, **headers}
        if form is not None:
            names["Content-Type"] = "application/x-www-form-urlencoded"
        return self.ask(method, path, form, headers=names)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = make_project(tmp_path_factory.mktemp("project"), site_url="https://journal.example")
    desk = Desk(folder).start()
    with desk.ledger() as ledger:
        user = ledger.transact(lambda records: add_user(records, "Ada", Role.AGENCY, NOW, by="Ada"))
        ledger.transact(
            lambda records: records.users.set_passphrase(user.id, hash_passphrase(WORDS))
        )
    yield desk
    desk.end()


@pytest.fixture(scope="module")
def nginx(desk: Desk) -> Iterator[DeskNginx]:
    with DeskNginx(desk).running() as nginx:
        yield nginx


def test_the_desk_has_its_own_origin_with_strict_headers(nginx: DeskNginx) -> None:
    assert nginx.at_desk("GET", "/").location == "/desk/"
    answer = nginx.at_desk("GET", "/desk/login")
    assert answer.status == 200
    assert answer.headers.get_all("Content-Security-Policy") == [
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ]
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
    assert answer.headers["Cache-Control"] == "no-store"
    (style,) = re.findall(r'href="(/desk/static/\w+/app\.css)"', answer.text)
    sheet = nginx.at_desk("GET", style)
    assert "immutable" in sheet.headers["Cache-Control"]
    assert sheet.headers.get_content_type() == "text/css"


def test_a_file_of_the_site_is_not_at_the_desk(nginx: DeskNginx) -> None:
    for path in ("/index.html", "/theme/style.css", "/f/acme-cloud-guide", "/api/v1/leads"):
        assert nginx.at_desk("GET", path).status == 404, path


def test_a_login_sets_a_cookie_for_this_host_alone(nginx: DeskNginx) -> None:
    page = nginx.at_desk("GET", "/desk/login")
    (token,) = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)
    before = cookie_of(page)
    answer = nginx.at_desk(
        "POST",
        "/desk/login",
        urlencode({"csrf_token": token, "name": "Ada", "passphrase": WORDS}),
        Cookie=before,
        Referer=f"https://{HOST}/desk/login",
        X_Forwarded_Proto="https",
    )
    assert (answer.status, answer.location) == (303, "/desk/")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-gatepost-desk=")
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in cookie
    assert "Domain" not in cookie
    assert nginx.at_desk("GET", "/desk/", Cookie=cookie_of(answer)).status == 200
    assert nginx.at_desk("GET", "/desk/", Cookie=before).status == 303


def test_while_the_desk_restarts_a_page_says_so(nginx: DeskNginx, desk: Desk) -> None:
    desk.end()
    try:
        answer = nginx.at_desk("GET", "/desk/")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert "The desk is being restarted" in answer.text
    finally:
        desk.start()


def test_a_request_that_the_desks_server_refuses_has_the_headers(nginx: DeskNginx) -> None:
    """Its app never sees it: the address is too long for the server, but not for nginx."""
    answer = nginx.at_desk("GET", f"/desk/leads?q={'x' * 5000}")
    assert answer.status == 414
    expected = API_HEADERS | STRICT_TRANSPORT
    for name, value in expected.items():
        assert answer.headers.get_all(name) == [value], name


def test_nginx_logs_no_page_of_the_desk(nginx: DeskNginx) -> None:
    nginx.at_desk("GET", "/desk/leads/secret-lead")
    logs = [path for path in nginx.folder.iterdir() if path.suffix == ".log"]
    assert all("secret-lead" not in path.read_text() for path in logs)


def cookie_of(answer: Answer) -> str:
    """The cookie of an answer, as a browser sends it back."""
    jar = http.cookies.SimpleCookie(answer.headers["Set-Cookie"])
    return "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())
