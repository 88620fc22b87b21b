"""The theme in a real browser, under the policy that the pages run with: scripts, small screens.

The server here answers as the lead service does; its own browser test drives the real one.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.datastructures import MultiDict
from werkzeug.serving import BaseWSGIServer
from werkzeug.wrappers import Request as Posted
from werkzeug.wrappers import Response
from wtforms import BooleanField, Form, HiddenField, StringField
from wtforms.validators import InputRequired

from capture.site import Site
from tests.app_server import running

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "theme" / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src {capture}; form-action {capture}; base-uri 'none'; frame-ancestors 'none'"
)
SITE = Site(
    name="Site",
    tagline="A site.",
    language="en",
    url="",
    publisher="Publisher",
    assets={path.name: f"/theme/{path.name}" for path in STATIC.iterdir()},
)
CAMPAIGN = SimpleNamespace(slug="acme", title="The guide", summary="", button="", kind="gated")
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(ROOT / "theme" / "templates"), autoescape=True
)
ARTICLE = """{% extends "base.html" %}{% from "_form.html" import lead_form %}
{% block head %}<script src="/theme/form.js" defer></script>{% endblock %}
{% block main %}<h1>Article</h1>{{ lead_form(form, campaign, site) }}{% endblock %}"""


class LeadForm(Form):
    """The smallest form of a lead."""

    email = StringField("E-mail", [InputRequired("Enter your e-mail")], id="acme-email")
    consent = BooleanField("I agree", id="acme-consent")
    gp_id, gp_seconds, gp_first, gp_last, gp_page = (HiddenField() for _ in range(5))
    homepage = StringField("Homepage")

    def campaign_fields(self) -> list[object]:
        return [self.email]

    def hidden_fields(self) -> list[object]:
        return [self.gp_id, self.gp_seconds, self.gp_first, self.gp_last, self.gp_page]

    def problems(self) -> list[tuple[str, str]]:
        return [(field.id, field.errors[0]) for field in self if field.errors]


class Service:
    """Answers as the lead service does, and records what was posted.

    `capture`: the origin of the lead service, if the pages shown here post to another host.
    """

    def __init__(self, capture: str = "") -> None:
        self.site = SITE.model_copy(update={"capture_url": capture})
        self.posts: list[dict[str, str]] = []
        self.broken: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    @Posted.application
    def __call__(self, request: Posted) -> Response:
        answer = self.answer(request)
        capture = self.site.capture_url or "'self'"
        answer.headers["Content-Security-Policy"] = POLICY.format(capture=capture)
        if origin := request.headers.get("Origin"):
            answer.headers["Access-Control-Allow-Origin"] = origin
        return answer

    def answer(self, request: Posted) -> Response:
        name = request.path.rpartition("/")[2]
        if request.path.startswith("/theme/"):
            kind = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
            body = (STATIC / name).read_bytes()
            return Response(body, content_type=kind[name.rpartition(".")[2]])
        if request.path == "/f/acme/thanks":
            file = SimpleNamespace(name="guide.pdf", url="/d/token", size="1 MB")
            return page("thanks.html", files=[file], missing=[])
        if request.path == "/f/acme" and request.method == "POST":
            return self.take(request)
        if request.path == "/f/acme":
            return page("form_page.html", form=LeadForm(), test=False)
        template = TEMPLATES.from_string(ARTICLE)
        html = template.render(site=self.site, campaign=CAMPAIGN, form=LeadForm())
        return Response(html, content_type="text/html")

    def take(self, request: Posted) -> Response:
        self.posts.append(request.form.to_dict())
        self.gate.wait(60)
        if self.broken:
            return self.fail(request, self.broken.pop(0))
        form = LeadForm(MultiDict(request.form))
        if form.validate():
            return Response(status=303, headers={"Location": "/f/acme/thanks"})
        refused = page("form_page.html", form=form, test=False)
        refused.status_code = 422
        return refused

    def fail(self, request: Posted, status: int) -> Response:
        if status == 429:  # the form again, with a notice and everything that was typed
            form = LeadForm(MultiDict(request.form))
            message = page("form_page.html", form=form, test=False, notice="Please wait a minute.")
        else:
            message = page("message.html", title="No", text="It has closed.", link_url="")
        message.status_code = status
        return message


def page(template: str, **facts: object) -> Response:
    html = TEMPLATES.get_template(template).render(site=SITE, campaign=CAMPAIGN, **facts)
    return Response(html, content_type="text/html")


@pytest.fixture
def service() -> Service:
    return Service()


@contextmanager
def serving(service: Service) -> Iterator[BaseWSGIServer]:
    with running(service) as created:
        yield created
        service.gate.set()


@pytest.fixture
def server(service: Service) -> Iterator[BaseWSGIServer]:
    with serving(service) as created:
        yield created


@pytest.fixture
def context(browser: Browser, server: BaseWSGIServer) -> Iterator[BrowserContext]:
    created = browser.new_context(base_url=f"http://127.0.0.1:{server.port}")
    complaints: list[str] = []
    created.on("weberror", lambda error: complaints.append(str(error.error)))
    created.on("console", lambda text: "Policy" in text.text and complaints.append(text.text))
    yield created
    created.close()
    assert complaints == []


@pytest.fixture
def tab(context: BrowserContext) -> Page:
    return context.new_page()


def touches(tab: Page) -> tuple[dict[str, str], dict[str, str]]:
    """The first and the last touch that the page's form would send."""
    values = [tab.locator(f"input[name={name}]").input_value() for name in ("gp_first", "gp_last")]
    first, last = (json.loads(value) for value in values)
    return first, last


def test_the_first_visit_is_the_first_and_the_last_touch(tab: Page) -> None:
    tab.goto("/post/?utm_source=news&utm_medium=mail&gclid=G1", referer="http://other.example/a")
    first, last = touches(tab)
    assert first == last
    assert first.pop("time").endswith("Z")
    assert first == {
        "path": "/post/",
        "referrer": "http://other.example/a",
        "utm_source": "news",
        "utm_medium": "mail",
        "utm_campaign": "",
        "utm_term": "",
        "utm_content": "",
        "gclid": "G1",
    }


def test_a_visit_inside_the_site_is_not_a_touch(tab: Page, server: BaseWSGIServer) -> None:
    tab.goto("/one/?utm_source=news")
    tab.goto("/two/", referer=f"http://127.0.0.1:{server.port}/one/")
    first, last = touches(tab)
    assert (first["path"], last["path"]) == ("/one/", "/one/")


@pytest.mark.parametrize(
    ("path", "referer"), [("/two/", "http://other.example/"), ("/two/?gclid=G2", None)]
)
def test_a_later_visit_from_outside_replaces_only_the_last_touch(
    tab: Page, path: str, referer: str | None
) -> None:
    tab.goto("/one/")
    tab.goto(path, referer=referer)
    first, last = touches(tab)
    assert (first["path"], last["path"]) == ("/one/", "/two/")


def test_a_touch_is_cut_at_500_characters(tab: Page) -> None:
    tab.goto("/one/?utm_source=" + "x" * 2000)
    assert touches(tab)[0]["utm_source"] == "x" * 500


@pytest.mark.parametrize(
    "trouble",
    [
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked') }})",
        "Storage.prototype.setItem = () => { throw new Error('full') }",
        "for (const key of ['gp_first', 'gp_last']) localStorage.setItem(key, '{garbage')",
        "for (const key of ['gp_first', 'gp_last']) localStorage.setItem(key, 'null')",
        "for (const key of ['gp_first', 'gp_last']) localStorage.setItem(key, '{\"path\": 7}')",
    ],
)
def test_a_touch_is_recorded_if_browser_storage_fails_or_is_invalid(
    tab: Page, trouble: str
) -> None:
    tab.add_init_script(trouble)
    tab.goto("/one/")
    first, last = touches(tab)
    assert (first["path"], last["path"]) == ("/one/", "/one/")


def test_a_page_sets_no_cookie_and_requests_nothing_from_other_hosts(
    tab: Page, context: BrowserContext, server: BaseWSGIServer
) -> None:
    requests: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto("/one/?utm_source=news")
    assert context.cookies() == []
    assert len(requests) >= 4
    assert {url.split("/")[2] for url in requests} == {f"127.0.0.1:{server.port}"}


def send(tab: Page, email: str) -> None:
    tab.get_by_label("E-mail").fill(email)
    tab.get_by_role("button", name="Get the guide").click()


def test_a_faulty_form_is_shown_again_in_place_with_its_problems_in_focus(
    tab: Page, service: Service
) -> None:
    tab.goto("/post/")
    tab.evaluate("window.same = true")
    send(tab, "")
    expect(tab.get_by_role("alert")).to_be_focused()
    expect(tab.get_by_role("alert")).to_contain_text("There is a problem")
    tab.get_by_role("link", name="Enter your e-mail").click()
    expect(tab.get_by_label("E-mail")).to_be_focused()
    assert tab.evaluate("window.same")
    send(tab, "ann@acme.example")
    expect(tab.get_by_role("heading", name="Thank you")).to_be_focused()
    assert service.posts[0]["gp_id"] == service.posts[1]["gp_id"] != ""


def test_a_success_message_replaces_the_form_and_is_announced(tab: Page, service: Service) -> None:
    tab.goto("/post/")
    send(tab, "ann@acme.example")
    expect(tab.get_by_role("heading", name="Thank you", level=2)).to_be_focused()
    expect(tab.get_by_role("status")).to_have_text("Thank you")
    expect(tab.locator("form")).to_have_count(0)
    expect(tab.get_by_role("heading", level=1)).to_have_text("Article")
    assert service.posts[0]["gp_seconds"].isdigit()
    assert len(service.posts[0]["gp_id"]) == 36
    assert json.loads(service.posts[0]["gp_first"])["path"] == "/post/"
    assert service.posts[0]["gp_page"] == "/post/"


def test_on_the_forms_own_page_the_thanks_are_the_main_heading(tab: Page) -> None:
    tab.goto("/f/acme")
    send(tab, "ann@acme.example")
    expect(tab.get_by_role("heading", name="Thank you", level=1)).to_be_focused()


def test_a_double_click_posts_once(tab: Page, service: Service) -> None:
    service.gate.clear()
    tab.goto("/post/")
    tab.get_by_label("E-mail").fill("ann@acme.example")
    tab.get_by_role("button").dblclick()
    tab.get_by_role("button").click()
    service.gate.set()
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    assert len(service.posts) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (503, "That did not get through."),
        (429, "Please wait a minute."),
        (410, "It has closed."),
    ],
)
def test_a_failed_request_keeps_the_input_and_the_next_one_is_the_same_lead(
    tab: Page, service: Service, status: int, expected: str
) -> None:
    service.broken = [status]
    tab.goto("/post/")
    send(tab, "ann@acme.example")
    expect(tab.get_by_role("alert")).to_be_focused()
    expect(tab.get_by_role("alert")).to_contain_text(expected)
    expect(tab.get_by_label("E-mail")).to_have_value("ann@acme.example")
    tab.get_by_role("button").click()
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    assert service.posts[0]["gp_id"] == service.posts[1]["gp_id"]


def test_a_network_failure_is_reported_and_the_request_can_be_repeated(
    tab: Page, context: BrowserContext
) -> None:
    tab.goto("/post/")
    context.set_offline(True)
    send(tab, "ann@acme.example")
    expect(tab.get_by_role("alert")).to_contain_text("please try again")
    context.set_offline(False)
    tab.get_by_role("button").click()
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()


def test_the_service_may_be_on_another_host(
    tab: Page, service: Service, server: BaseWSGIServer
) -> None:
    elsewhere = f"http://127.0.0.1:{server.port}"
    with serving(Service(capture=elsewhere)) as shop:
        tab.goto(f"http://127.0.0.1:{shop.port}/post/")
        send(tab, "")
        expect(tab.get_by_role("alert")).to_be_focused()
        tab.locator("form").evaluate(f"form => form.action = '{elsewhere}/f/acme'")
        send(tab, "ann@acme.example")
        expect(tab.get_by_role("heading", name="Thank you")).to_be_focused()
        file = tab.get_by_role("link", name="guide.pdf")
        assert file.get_attribute("href") == f"{elsewhere}/d/token"
    assert len(service.posts) == 2


@pytest.fixture
def plain(browser: Browser, server: BaseWSGIServer) -> Iterator[Page]:
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}", java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def test_without_scripts_the_form_works_with_page_loads(plain: Page) -> None:
    plain.goto("/post/")
    send(plain, "")
    expect(plain.get_by_role("alert")).to_be_focused()
    send(plain, "ann@acme.example")
    expect(plain.get_by_role("heading", name="Thank you", level=1)).to_be_visible()


def test_a_refused_form_fits_the_narrowest_screen_with_large_touch_targets(plain: Page) -> None:
    plain.set_viewport_size({"width": 320, "height": 640})
    plain.goto("/f/acme")
    plain.get_by_role("button").click()
    expect(plain.get_by_role("alert")).to_be_visible()
    plain.wait_for_load_state()
    assert plain.evaluate("document.documentElement.scrollWidth") == 320
    for target in (plain.get_by_role("button"), plain.get_by_label("E-mail")):
        box = target.bounding_box() or {"height": 0}
        assert box["height"] >= 44
    tick = plain.get_by_label("I agree").bounding_box() or {"width": 0, "height": 0}
    assert min(tick["width"], tick["height"]) >= 24


def test_the_honeypot_field_is_off_the_screen(plain: Page) -> None:
    plain.goto("/f/acme")
    trap = plain.locator("[name=homepage]").bounding_box() or {"x": 0, "width": 0}
    assert trap["x"] + trap["width"] < 0
    assert plain.get_by_role("textbox").count() == 1
