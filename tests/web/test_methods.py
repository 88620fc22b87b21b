"""Other requests: HEAD, OPTIONS, wrong methods, unknown addresses."""

import pytest

from tests.service import GUIDE, Service


@pytest.mark.parametrize("path", ["/", f"/f/{GUIDE}", "/healthz", "/missing/"])
def test_head_has_the_headers_of_get_without_the_page(service: Service, path: str) -> None:
    complete, head = service.ask("GET", path), service.ask("HEAD", path)
    assert (head.status, head.body) == (complete.status, b"")
    assert head.headers["Content-Length"] == str(len(complete.body))


def test_options_name_the_methods(service: Service) -> None:
    answer = service.ask("OPTIONS", f"/f/{GUIDE}")
    assert answer.status == 200
    assert sorted(answer.headers["Allow"].split(", ")) == ["GET", "HEAD", "OPTIONS", "POST"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", f"/f/{GUIDE}"), ("DELETE", f"/f/{GUIDE}"), ("POST", f"/f/{GUIDE}/thanks")],
)
def test_another_method_is_refused_with_the_allowed_ones(
    service: Service, method: str, path: str
) -> None:
    answer = service.ask(method, path)
    assert (answer.status, "GET" in answer.headers["Allow"]) == (405, True)
    assert "does not take that kind of request" in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("slug", ["unknown", "acme-cloud-guid", "%00", "%0d%0aA:b", "x" * 900])
def test_an_unknown_campaign_is_not_found(service: Service, method: str, slug: str) -> None:
    answer = service.ask(method, f"/f/{slug}")
    assert (answer.status, "There is no such page here" in answer.text) == (404, True)


@pytest.mark.parametrize(
    "path",
    ["/missing", "/%00", "/%ff%fe", "/" + "x" * 900, "/../clients/acme.toml", "/theme/%0d%0aA:b"],
)
def test_an_unknown_address_gets_the_sites_404_page(service: Service, path: str) -> None:
    answer = service.get(path)
    assert (answer.status, "such page" in answer.text) == (404, True)


def test_a_folder_is_found_without_its_slash(service: Service) -> None:
    about = service.folder / "output" / "www" / "about"
    about.mkdir()
    (about / "index.html").write_text("About")
    answer = service.get("/about?q=%ff&utm_source=x")
    assert (answer.status, answer.location) == (308, "/about/?q=%ff&utm_source=x")
    assert service.get("/about/").text == "About"


def test_the_health_check_contains_nothing_about_leads(service: Service) -> None:
    answer = service.get("/healthz")
    assert (answer.status, answer.text.strip()) == (200, '{"status":"ok"}')


def test_the_log_contains_no_line_of_a_visitor(service: Service) -> None:
    service.get("/f/x%0aERROR%20forged%1b[31m")
    service.get("/d/x%0aERROR%20forged%1b[31m?%0aERROR=forged")
    assert "forged" not in service.log.read_text()
