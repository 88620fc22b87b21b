"""The first and last touch of a lead, with and without script."""

import json

import pytest

from tests.service import GUIDE, Service, person
from tests.web.markup import Markup

FIRST = {"path": "/a/", "referrer": "https://news.example/", "time": "2026-11-01T10:00:00.000Z"}
LAST = {"path": "/b/", "utm_source": "letter", "gclid": "G1", "time": "2026-11-02T10:00:00.000Z"}


def touches(service: Service) -> tuple[dict[str, str], dict[str, str]]:
    """The touches of the newest lead, without their times."""
    with service.ledger() as ledger:
        newest = ledger.read(lambda reading: next(reading.leads.select(newest_first=True)))
        personal_data = ledger.read(lambda reading: reading.people.personal_data(newest.lead_id))
    assert personal_data is not None
    first, last = dict(personal_data.first_touch), dict(personal_data.last_touch)
    assert bool(first.pop("time", "")) is bool(last.pop("time", ""))
    return first, last


def without_time(touch: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in touch.items() if name != "time"}


def test_the_touches_of_the_script_are_stored_with_the_lead(service: Service) -> None:
    service.post(person(gp_first=json.dumps(FIRST), gp_last=json.dumps(LAST)))
    assert touches(service) == (without_time(FIRST), without_time(LAST))


def test_without_script_the_form_page_stores_its_query_and_referrer(
    service: Service,
) -> None:
    path = f"/f/{GUIDE}?utm_source=letter&utm_campaign=caf%C3%A9&x=1"
    page = Markup(service.get(path, Referer="https://site.example/post/").text)
    carried = {name: page.values[name] for name in ("gp_first", "gp_last")}
    assert service.post(person(email="ann@"), Referer="x").status == 422
    again = Markup(service.post({**person(email="ann@"), **carried}).text)
    carried = {name: again.values[name] for name in ("gp_first", "gp_last")}
    service.thanks(service.post({**person(), **carried}, Referer="https://site.example/f/"))
    first, last = touches(service)
    assert first == last
    assert first == {
        "path": f"/f/{GUIDE}",
        "referrer": "https://site.example/post/",
        "utm_source": "letter",
        "utm_campaign": "café",
    }


def test_without_script_a_form_in_an_article_is_known_by_the_referer(service: Service) -> None:
    service.post(person(), Referer="https://site.example/post/?utm_medium=mail&gclid=G2#part")
    first, last = touches(service)
    assert first == last == {"path": "/post/", "utm_medium": "mail", "gclid": "G2"}


@pytest.mark.parametrize(
    "referer",
    ["", "https://[broken/", "nonsense", "https://x.example/?utm_term=%00%1b[31m%0d%0a%ff"],
)
def test_an_invalid_referer_does_no_harm(service: Service, referer: str) -> None:
    service.thanks(service.post(person(), Referer=referer))
    assert touches(service)[1].get("utm_term", "[31m \ufffd") == "[31m \ufffd"


def test_an_unreadable_touch_is_replaced_by_the_other(service: Service) -> None:
    service.post(person(gp_first="{garbage", gp_last=json.dumps(LAST)))
    assert touches(service) == (without_time(LAST), without_time(LAST))
