"""Who gets in where: every route of the desk, for every role and for nobody."""

import re

import pytest
from flask import Flask

from capture.ledger.users import Role
from capture.web.config import DESK_PATH as PREFIX
from capture.web.desk.access import ANYBODY, allow, check_rules, roles_of
from tests.web.desk.conftest import DeskWorld

NAMES = {Role.AGENCY: "ada", Role.CLIENT: "carol", Role.VIEWER: "vera"}
PUBLIC = {
    *("login.show", "login.enter", "login.forgot", "login.send_link"),
    *("login.choose", "login.store", "static_file"),
}
"""All that somebody reaches who is not logged in."""
ALL, AGENCY = frozenset(Role), frozenset({Role.AGENCY})
AGENCY_AND_CLIENT = frozenset({Role.AGENCY, Role.CLIENT})
ROLES = {
    **dict.fromkeys(("login.leave", "overview.show"), ALL),
    **dict.fromkeys(
        ("statements.show_list", "statements.show", "statements.download"), AGENCY_AND_CLIENT
    ),
    **dict.fromkeys(
        ("months.show_list", "months.preview", "months.confirm", "months.close"), AGENCY
    ),
    **dict.fromkeys(
        (
            "statement_acts.show_line",
            "statement_acts.credit",
            "statement_acts.debit",
            "statement_acts.pay",
        ),
        AGENCY,
    ),
    **dict.fromkeys(
        ("jobs.show_list", "jobs.show", "jobs.download", "jobs.start_again", "jobs.delete"),
        AGENCY_AND_CLIENT,
    ),
    **dict.fromkeys(
        ("payments.show", "payments.preview", "payments.record", "payments.pay_all"), AGENCY
    ),
    "statement_acts.answer": frozenset({Role.CLIENT}),
    "content.show": frozenset({Role.AGENCY, Role.VIEWER}),
    **dict.fromkeys(("leads.show", "leads.act", "leads.export"), AGENCY_AND_CLIENT),
    "campaigns.show_list": ALL,
    **dict.fromkeys(
        ("campaigns.show", "campaigns.show_version", "campaigns.download"), AGENCY_AND_CLIENT
    ),
    **dict.fromkeys(("campaigns.pause", "campaigns.resume"), AGENCY),
    **dict.fromkeys(
        ("campaigns.show_backtest", "campaigns.start_backtest", "clients.show"), AGENCY
    ),
    **dict.fromkeys(("quarantine.show", "quarantine.record", "quarantine.spam"), AGENCY),
    **dict.fromkeys(
        ("quarantine.spam_lead", "quarantine.rescue", "quarantine.rescue_alike"), AGENCY
    ),
    **dict.fromkeys(("review.show", "review.decide", "review.undo"), AGENCY_AND_CLIENT),
    **dict.fromkeys(("deliveries.show", "deliveries.again", "deliveries.drop"), AGENCY),
    **dict.fromkeys(("deliveries.all_again", "deliveries.resume"), AGENCY),
    **dict.fromkeys(("lead.show", "lead.review", "lead.record_outcome"), AGENCY_AND_CLIENT),
    **dict.fromkeys(("lead.decide_quarantine", "lead.correct", "lead.add_note"), AGENCY),
    **dict.fromkeys(("people.show", "people.add", "people.link", "people.deactivate"), AGENCY),
    **dict.fromkeys(("people.history", "people.access_log"), AGENCY),
    **dict.fromkeys(("sessions.show", "sessions.end_own", "sessions.end_others"), ALL),
    **dict.fromkeys(("sessions.show_of", "sessions.end_of", "sessions.end_all_of"), AGENCY),
    **dict.fromkeys(("tokens.show", "tokens.add", "tokens.revoke"), AGENCY),
}
"""By route that needs a login: the roles that may use it. A new route needs a line here."""


def desk_app(app: Flask) -> Flask:
    """The desk that is mounted in an app."""
    desk: Flask = app.wsgi_app.mounts[PREFIX]  # type: ignore[attr-defined]
    return desk


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of every route, with a made-up value for each part of the path."""
    found = []
    with app.test_request_context(base_url=f"http://localhost{PREFIX}"):
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            values = dict.fromkeys(rule.arguments, "1")
            path = adapter.build(rule.endpoint, values, method=None)
            found += [
                (rule.endpoint, method, path) for method in (rule.methods or ()) - {"OPTIONS"}
            ]
    return found


def test_every_route_has_its_rule_and_no_other_one_is_open(desk: DeskWorld) -> None:
    app = desk_app(desk.app)
    rules = {endpoint: roles_of(app, endpoint) for endpoint in app.view_functions}
    assert {endpoint for endpoint, roles in rules.items() if roles == ANYBODY} == PUBLIC
    assert {endpoint: roles for endpoint, roles in rules.items() if roles != ANYBODY} == ROLES


def test_nobody_gets_in_without_a_login(desk: DeskWorld) -> None:
    for endpoint, method, path in routes(desk_app(desk.app)):
        answer = desk.browser().client.open(f"{PREFIX}{path}", method=method)
        is_login = answer.status_code == 303 and answer.location == "/desk/login"
        is_refused = method == "POST" and answer.status_code == 400  # no CSRF token
        assert endpoint in PUBLIC or is_login or is_refused, (endpoint, answer.status)


@pytest.mark.parametrize("role", Role)
def test_each_role_gets_in_where_it_may_and_nowhere_else(desk: DeskWorld, role: Role) -> None:
    browser = desk.user(NAMES[role])
    browser.get("/no/such")  # a page for every role, with the token of its forms
    for endpoint, method, path in routes(desk_app(desk.app)):
        if endpoint in PUBLIC or endpoint == "login.leave":
            continue
        answer = (
            browser.post(path)
            if method == "POST"
            else browser.client.open(f"{PREFIX}{path}", method=method)
        )
        assert (answer.status_code == 403) == (role not in ROLES[endpoint]), (endpoint, role)
        assert answer.status_code < 500, endpoint


def test_every_form_needs_the_token_of_a_page_of_the_same_browser(desk: DeskWorld) -> None:
    browser, other = desk.user("ada"), desk.user("carol")
    other.get("/no/such")  # a page with the token of another browser
    for endpoint, method, path in routes(desk_app(desk.app)):
        if method != "POST":
            continue
        for token in ("", "x", other.token):
            answer = browser.client.post(f"{PREFIX}{path}", data={"csrf_token": token})
            assert answer.status_code == 400, (endpoint, token)
            assert "another site sent it. Nothing was done." in answer.text, endpoint


def test_a_view_without_a_rule_stops_the_start() -> None:
    app = Flask("desk")
    app.add_url_rule("/open", "open", allow(ANYBODY)(lambda: "open"))
    app.add_url_rule("/forgotten", "forgotten", lambda: "forgotten")
    with pytest.raises(RuntimeError, match="without a rule who may use them: forgotten"):
        check_rules(app)


CURRENT = {
    "/leads": "Leads",
    "/leads/LEAD": "Leads",
    "/months": "Statements",
    "/months/2026-11/close": "Statements",
    "/clients": "Campaigns",
    "/tokens": "People",
    "/access-log": "People",
    "/history": "People",
    "/sessions": "People",
    "/quarantine/spam": "Quarantine",
}
"""By page: its entry in the navigation."""


def test_each_page_belongs_to_one_entry_of_the_navigation_and_has_its_own_title(
    desk: DeskWorld,
) -> None:
    lead_id = desk.world.take()
    titles = set()
    for path, label in CURRENT.items():
        page = desk.user("ada").get(path.replace("LEAD", lead_id)).text
        assert re.findall(r'aria-current="page">([^<]+)</a></li>\n', page)[0] == label, path
        titles.add(re.findall("<title>(.*)</title>", page)[0])
    assert len(titles) == len(CURRENT)
