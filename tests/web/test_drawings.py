"""An SVG file that a reader opens by itself: its styles are shown, and its scripts do not run.

From the real nginx, and from the service alone.
"""

import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from capture.site_policy import DRAWING_POLICY, page_policy
from gatepost.server.serve import static_site
from tests.app_server import running
from tests.deploy.web import Nginx
from tests.needs import needs
from tests.service import free_port
from tests.web.api.conftest import make_world

pytestmark = pytest.mark.server

GREEN, BLUE, RED = (0, 128, 0), (0, 0, 255), (255, 0, 0)
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYPgPAAEDAQCQQcPmAAAAAElFTkSuQmCC"
)
"""A blue PNG."""
DRAWING = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20" width="800" height="400"
    onload="document.querySelector('rect').style.fill = 'red'">
<style>rect {{ fill: green }}</style>
<rect width="20" height="20"/>
<image x="20" width="20" height="20" href="data:image/png;base64,{PIXEL}"/>
<script>document.querySelector('rect').style.fill = 'red'</script>
</svg>
"""


class SiteNginx(Nginx):
    """nginx with the site's configuration, without a service behind it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self._program = needs("nginx", "nginx-light")
        self.has_brotli = False
        (folder / "redirects.map").touch()
        self.substitutions = {
            "listen [::]:80;\n": "",
            "listen 80;": f"listen 127.0.0.1:{self.port};",
            "/srv/gatepost/": f"{folder}/",
            "/etc/nginx/gatepost-redirects.map": f"{folder}/redirects.map",
            "/etc/nginx/gatepost.d": f"{folder}/conf.d",
            "/var/log/nginx": str(folder),
        }
        (folder / "site.conf").write_text(self.substituted("nginx.conf"))
        (folder / "nginx.conf").write_text(self._main_config())


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A site with the drawing, which a page shows too; outside pytest's own folders, which nginx's
    user cannot enter."""
    with tempfile.TemporaryDirectory(prefix="gatepost-") as name:
        site = Path(name) / "current" / "output" / "www"
        (site / "images").mkdir(parents=True)
        Path(name).chmod(0o755)
        (site / "images" / "a.svg").write_text(DRAWING)
        (site / "images" / "B.SVG").write_text(DRAWING)
        (site / "index.html").write_text('<!doctype html><img src="/images/a.svg" alt="">')
        (site / "404.html").write_text("<!doctype html><h1>Page not found</h1>")
        yield Path(name)


@pytest.fixture(scope="module", params=["nginx", "gatepost serve"])
def origin(
    request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "nginx":
        nginx = SiteNginx(folder)
        with nginx.running():
            yield f"http://127.0.0.1:{nginx.port}"
        return
    world = make_world(tmp_path_factory.mktemp("service"))
    world.app.register_blueprint(static_site(folder / "current" / "output" / "www"))
    with running(world.app) as server:
        yield f"http://127.0.0.1:{server.port}"
    world.ledger.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 900, "height": 500})
    yield context.new_page()
    context.close()


def shown_colours(page: Page) -> tuple[object, object]:
    """The colours of the two halves of the drawing."""
    with Image.open(BytesIO(page.screenshot())) as shot:
        image = shot.convert("RGB")
        return image.getpixel((200, 200)), image.getpixel((600, 200))


@pytest.mark.parametrize("path", ["/images/a.svg", "/images/B.SVG", "/"])
def test_a_drawing_shows_its_styles_and_runs_no_script(origin: str, page: Page, path: str) -> None:
    page.goto(f"{origin}{path}")
    assert shown_colours(page) == (GREEN, BLUE)


def test_without_its_policy_the_script_would_run(page: Page) -> None:
    page.route("**/*", lambda route: route.fulfill(body=DRAWING, content_type="image/svg+xml"))
    page.goto("http://drawing.example/a.svg")
    assert shown_colours(page) == (RED, BLUE)


@pytest.mark.parametrize(
    ("path", "status", "policy"),
    [
        ("/images/a.svg", 200, DRAWING_POLICY),
        ("/images/B.SVG", 200, DRAWING_POLICY),
        ("/", 200, page_policy()),
        ("/images/none.svg", 404, page_policy()),
    ],
)
def test_only_a_drawing_has_the_policy_of_drawings(
    origin: str, page: Page, path: str, status: int, policy: object
) -> None:
    answer = page.request.get(f"{origin}{path}")
    assert answer.status == status
    found = [
        h["value"] for h in answer.headers_array if h["name"].lower() == "content-security-policy"
    ]
    assert found == [str(policy)]


def test_an_unchanged_drawing_keeps_its_policy(origin: str, page: Page) -> None:
    """A browser takes the policy from the answer 304, and shows what it has stored."""
    url = f"{origin}/images/a.svg"
    tag = page.request.get(url).headers["etag"]
    answer = page.request.get(url, headers={"If-None-Match": tag})
    assert answer.status == 304
    assert answer.headers["content-security-policy"] == str(DRAWING_POLICY)
