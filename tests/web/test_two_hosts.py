"""The lead service on its own host: CORS for the site only, and links back to the site."""

from collections.abc import Iterator

import pytest

from tests.service import GUIDE, Service, make_project, person, serving
from tests.web.markup import Markup

pytestmark = pytest.mark.server

SITE = "https://www.site.example"
LEADS = "https://leads.site.example"


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = make_project(tmp_path_factory.mktemp("apart"), site_url=SITE, capture_url=LEADS)
    with serving(folder, site_url=SITE, capture_url=LEADS, workers="1") as started:
        yield started


def test_only_the_sites_pages_may_read_the_answers(apart: Service) -> None:
    allowed = "Access-Control-Allow-Origin"
    form = person()
    for path in (f"/f/{GUIDE}", apart.post(form).location):
        assert apart.get(path, Origin=SITE).headers[allowed] == SITE
        for other in ("https://evil.example", "null", SITE + ".evil.example", "http://x"):
            assert allowed not in apart.get(path, Origin=other).headers
    assert apart.post(form, Origin=SITE).headers[allowed] == SITE
    assert "Origin" in apart.get("/healthz").headers["Vary"]


def test_credentials_are_never_allowed(apart: Service) -> None:
    answer = apart.post(person(), Origin=SITE)
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_on_one_host_no_other_origin_may_read(service: Service) -> None:
    answer = service.get(f"/f/{GUIDE}", Origin="https://www.site.example")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_pages_link_to_the_site_and_forms_to_the_service(apart: Service) -> None:
    form = apart.get(f"/f/{GUIDE}")
    thanks = apart.thanks(apart.post(person()))
    missing = apart.get("/f/unknown")
    ended = apart.get(f"/f/{GUIDE}/thanks?t=x")
    assert f'action="{LEADS}/f/{GUIDE}"' in form.text
    assert f'href="{SITE}/articles/">Back to the articles' in thanks.text
    assert f'class="button" href="{SITE}/"' in missing.text
    assert f'class="button" href="{LEADS}/f/{GUIDE}"' in ended.text


def test_the_policy_allows_the_sites_theme(apart: Service) -> None:
    answer = apart.get(f"/f/{GUIDE}")
    policy = {
        words.split()[0]: words.split()[1:]
        for words in answer.headers["Content-Security-Policy"].split("; ")
    }
    kinds = {"script": "script-src", "link": "style-src"}
    loaded = [
        (tag, attributes)
        for tag, attributes in Markup(answer.text).tags
        if tag in kinds and attributes.get("rel") != "canonical"  # an address that is not loaded
    ]
    assert len(loaded) >= 3
    for tag, attributes in loaded:
        assert (attributes.get("src") or attributes["href"]).startswith(f"{SITE}/theme/")
        assert SITE in policy[kinds[tag]]
    assert LEADS in policy["connect-src"] + policy["form-action"]
    assert SITE in policy["img-src"]
