"""Who gets in where: every route of every app, for nobody, users, API tokens and signed links.

The routes are found in the apps, so a route that is added later without a line here fails. The
roles of the desk's routes are in `test_rules`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from capture.client_access.api_tokens import add_token, new_token, revoke_token
from capture.closing.close import close_month
from capture.closing.credit import CorrectionRequest
from capture.closing.debit import propose_debit
from capture.lead.events import Actor, EventKind
from capture.ledger.protocol import WriteTransaction
from capture.outcomes.record import Outcome, record_outcome
from capture.privacy.withdraw import letters_of_campaign
from capture.signed_links import Grant, UnsubscribeGrant, UserGrant
from capture.users.accounts import find_user
from capture.web.app import create_app, create_desk_app
from capture.web.config import DESK_PATH
from gatepost.server.serve import static_site
from tests.samples import CAMPAIGN, NOW, PARTIES
from tests.service import web_config
from tests.web.api.conftest import make_world
from tests.web.desk.conftest import DESK_CONFIG, USERS, DeskWorld, add_users
from tests.web.desk.test_rules import PUBLIC, ROLES

CLOSED = datetime(2026, 12, 5, 12, tzinfo=UTC)
MEETING = CLOSED + timedelta(days=1)
CONTACT = "leads@acme-cloud.example.com"
"""A contact of both clients: their files are equal."""
MINE, THEIRS = "ann@mine-clinic.example", "bob@theirs-clinic.example"
GATED = CAMPAIGN.replace('kind = "demo"', 'kind = "gated"\nassets = ["cloud-guide.pdf"]')

OPEN = frozenset(
    {
        *("form.show", "form.submit", "privacy.ask", "privacy.send_link"),
        *("views.count_view", "_health", "document"),
    }
)
"""Routes outside the desk that everybody may use."""
LINKS: Mapping[str, frozenset[str]] = {
    endpoint: frozenset(purposes)
    for endpoints, purposes in (
        ("thanks.thanks", ["thanks"]),
        ("thanks.files", ["files"]),
        ("confirm.sent", ["sent"]),
        ("confirm.show confirm.act confirm.confirmed", ["confirmation"]),
        ("download.download", ["download"]),
        ("unsubscribe.show unsubscribe.act", ["unsubscribe"]),
        ("privacy.show privacy.download privacy.withdraw", ["own data"]),
        ("privacy.consent", ["consent"]),
        ("review.show", ["lead link", "meeting link", "debit link", "list link"]),
        ("review.act", ["lead link", "meeting link", "debit link"]),
        ("review.show_listed review.act_listed", ["list link"]),
        ("desk/login.choose desk/login.store", ["user"]),
    )
    for endpoint in endpoints.split()
}
"""By route behind a signed link: the purposes of the links that open it."""
TOKENS = frozenset(
    {"listLeads", "getLead", "recordEvent", "recordReviews", "listDebits", "answerDebit"}
)
"""Routes that need a client's API token."""
OF_ONE_CLIENT = {"getLead", "recordEvent", "answerDebit"}
"""Those that name a lead or a debit of one client, and do not exist for another."""
BODIES: Mapping[str, object] = {
    "recordEvent": {"type": "accepted"},
    "recordReviews": {"reviews": []},
    "answerDebit": {"type": "approved"},
}
"""By route of the API that records something: a valid body."""
REFUSED = {401, 403, 404, 410}


@dataclass
class Side:
    """A client with a lead, and all signed links that belong to it."""

    client: str
    lead_id: str
    debit_id: str
    links: Mapping[str, str]


@dataclass
class Doors:
    """One installation with two clients."""

    desk: DeskWorld
    mine: Side
    theirs: Side

    def open(
        self, route: "Route", token: str = "1", *, bearer: str = "", user: str = ""
    ) -> TestResponse:
        """Requests a route of my client: with a signed link, an API token, or as a user."""
        browser = self.desk.user(user) if user else self.desk.browser()
        is_post = route.method == "POST"
        if is_post and route.prefix == DESK_PATH:
            browser.get("/login")  # a token of the forms
        headers = {"Idempotency-Key": str(uuid4())}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        return browser.client.open(
            route.path(token=token, lead_id=self.mine.lead_id, debit_id=self.mine.debit_id),
            method=route.method,
            headers=headers,
            data={"csrf_token": browser.token} if is_post and route.prefix != "/api" else None,
            json=BODIES[route.endpoint] if is_post and route.prefix == "/api" else None,
            buffered=True,
        )


@dataclass(frozen=True)
class Route:
    """One method of one address."""

    prefix: str
    endpoint: str
    method: str
    rule: str

    @property
    def name(self) -> str:
        """The endpoint; of a page of the desk with a prefix, because both have a `review.show`."""
        return f"desk/{self.endpoint}" if self.prefix == DESK_PATH else self.endpoint

    def path(self, **values: str) -> str:
        query = (
            f"?t={values['token']}" if self.endpoint in {"thanks.thanks", "confirm.sent"} else ""
        )
        path = self.rule
        for name, value in {"slug": "gated", **values}.items():
            path = path.replace(f"<{name}>", value)
        return f"{self.prefix}{path}{query}"


def apps_of(app: Flask) -> dict[str, Flask]:
    """Every app of a process by the path below which it is mounted."""
    mounts: dict[str, Flask] = app.wsgi_app.mounts  # type: ignore[attr-defined]
    return {"": app, **mounts}


def routes_of(apps: Mapping[str, Flask]) -> list[Route]:
    return [
        Route(prefix, rule.endpoint, method, rule.rule)
        for prefix, app in apps.items()
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
    ]


def shows(answer: TestResponse, text: str) -> bool:
    return text.encode() in answer.data


def take_side(desk: DeskWorld, client: str, email: str) -> Side:
    """A billed lead of a client with a debit to approve, and the links about it."""
    world, slug = desk.world, "guide" if client == "acme" else "rival"
    lead_id, signer = world.take(slug, email=email), world.signer
    user_name = "carol" if client == "acme" else "oscar"
    request = CorrectionRequest(f"{client}-0001", lead_id, "wrong_rate", amount=Decimal(5))

    meeting = Outcome(
        lead_id, EventKind.SCHEDULED, Actor.AGENCY, "Ada", occurred_at=NOW, meeting_at=MEETING
    )

    def bill(records: WriteTransaction) -> None:
        close_month(records, client, PARTIES, "2026-11", CLOSED, by="Ada")
        propose_debit(records, request, "Ada", CLOSED)

    world.ledger.transact(lambda records: record_outcome(records, meeting, NOW))
    desk.clock.move_to(CLOSED)
    world.ledger.transact(bill)
    key = world.ledger.read(lambda reading: reading.people.address_key(email))
    user = world.ledger.read(lambda reading: find_user(reading, user_name))
    debit_id = f"{client}-p0001"
    address = world.ledger.read(lambda reading: reading.outbox.address_id(email))
    links = {
        "thanks": signer.thanks("gated", lead_id),
        "sent": signer.sent("gated", lead_id),
        "confirmation": signer.confirmation(slug, lead_id, email, CLOSED + timedelta(days=1)),
        "files": signer.files("gated", lead_id),
        "download": signer.download(Grant("gated", lead_id, "cloud-guide.pdf")),
        "test lead": signer.test_lead(slug),
        "lead link": signer.lead_link(client, CONTACT, lead_id),
        "list link": signer.list_link(client, CONTACT),
        "meeting link": signer.meeting_link(client, CONTACT, lead_id),
        "debit link": signer.debit_link(client, CONTACT, debit_id),
        "unsubscribe": signer.unsubscribe(UnsubscribeGrant(letters_of_campaign(slug), address)),
        "consent": signer.consent(lead_id),
        "own data": signer.own_data(key),
        "user": signer.user(UserGrant(user.id, user.link_number, CLOSED + timedelta(days=1))),
    }
    desk.clock.move_to(NOW)
    return Side(client, lead_id, debit_id, links)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder: Path = tmp_path_factory.mktemp("doors")
    with time_machine.travel(NOW, tick=False) as clock:
        world = make_world(folder, desk=DESK_CONFIG, rate_limit="")
        (folder / "campaigns" / "gated.toml").write_text(GATED)
        add_users(world)
        desk = DeskWorld(world, clock, folder)
        mine, theirs = take_side(desk, "acme", MINE), take_side(desk, "other", THEIRS)
        clock.move_to(CLOSED)
        yield Doors(desk, mine, theirs)
        assert world.ledger.verify().problems == ()
        world.ledger.close()


def test_every_route_of_every_app_has_its_rule(doors: Doors) -> None:
    apps = apps_of(doors.desk.app)
    assert set(apps) == {"", "/api", DESK_PATH}
    found = {route.name for route in routes_of(apps)}
    pages_of_desk = {f"desk/{endpoint}" for endpoint in (*PUBLIC, *ROLES)}
    assert found == {*OPEN, *TOKENS, *LINKS, *pages_of_desk}
    alone = create_desk_app(
        web_config(doors.desk.folder, desk=DESK_CONFIG), doors.desk.world.ledger
    )
    assert set(apps_of(alone)) == {"", DESK_PATH}
    assert {route.endpoint for route in routes_of({"": alone})} == {"_health", "start"}


def test_the_server_adds_only_the_files_of_the_site(doors: Doors) -> None:
    ledger, config = doors.desk.world.ledger, web_config(doors.desk.folder)
    app = create_app(config, ledger)
    own = {route.name for route in routes_of(apps_of(app))}
    app.register_blueprint(static_site(doors.desk.folder / "output" / "www"))
    assert {route.name for route in routes_of(apps_of(app))} - own == {"static_site.serve_file"}


def test_a_link_opens_the_pages_of_its_purpose_and_nothing_else(doors: Doors) -> None:
    for route in routes_of(apps_of(doors.desk.app)):
        if route.prefix == "/api" or (route.prefix and route.name not in LINKS):
            continue
        for purpose, token in {"none": "1", **doors.mine.links}.items():
            answer = doors.open(route, token)
            may_enter = route.endpoint in OPEN or purpose in LINKS.get(route.name, set())
            assert (answer.status_code not in REFUSED) == may_enter, (route, purpose)
            assert answer.status_code < 500, (route, purpose)
            assert may_enter or not shows(answer, MINE), (route, purpose)


def test_a_changed_link_opens_nothing(doors: Doors) -> None:
    for route in routes_of(apps_of(doors.desk.app)):
        for purpose in LINKS.get(route.name, ()):
            token, other = doors.mine.links[purpose], doors.theirs.links[purpose]
            payload, separator, _ = token.rpartition(".")
            spliced = payload + separator + other.rpartition(".")[2]
            middle = len(token) // 2
            changes = (token[:-2], f"{token}x", f"x{token}", token[:middle] + token[middle + 1 :])
            for changed in (spliced, *changes):
                answer = doors.open(route, changed)
                assert answer.status_code in REFUSED, (route, purpose, changed)
                assert not shows(answer, MINE), (route, purpose)


def test_a_link_of_somebody_else_shows_nothing_of_mine(doors: Doors) -> None:
    shown = 0
    for route in routes_of(apps_of(doors.desk.app)):
        for purpose in LINKS.get(route.name, ()):
            answer = doors.open(route, doors.theirs.links[purpose])
            assert not shows(answer, MINE), (route, purpose)
            assert not shows(answer, doors.mine.lead_id), (route, purpose)
            shown += shows(answer, THEIRS)
            if "<lead_id>" in route.rule:
                assert answer.status_code in REFUSED, route
    assert shown >= 3  # the test would pass with pages that show nobody
    assert THEIRS not in doors.desk.user("carol").get(f"/leads/{doors.theirs.lead_id}").text


def test_a_link_that_shows_a_person_leaves_an_entry_in_the_access_log(doors: Doors) -> None:
    def last_look() -> int:
        looks = doors.desk.world.ledger.read(lambda reading: reading.users.accesses(limit=1))
        return looks[0][0] if looks else 0

    shown = set()
    for route in routes_of(apps_of(doors.desk.app)):
        for purpose in LINKS.get(route.name, ()):
            before = last_look()
            answer = doors.open(route, doors.mine.links[purpose])
            if shows(answer, MINE):
                shown.add(route.endpoint)
                assert last_look() > before, (route, purpose)
    assert {"thanks.files", "privacy.show", "privacy.download"} <= shown


def test_a_token_of_the_api_opens_the_api_of_its_client_alone(doors: Doors) -> None:
    world = doors.desk.world
    revoked = new_token()

    def add(records: WriteTransaction) -> None:
        revoke_token(
            records, add_token(records, "acme", "old", revoked, NOW, by="Ada").id, NOW, by="Ada"
        )

    world.ledger.transact(add)
    own, other = world.tokens["acme"], world.tokens["other"]
    bearers = {"none": "", "own": own, "other": other, "revoked": revoked, "changed": own[:-1]}
    bearers |= doors.mine.links
    for route in routes_of({"/api": apps_of(doors.desk.app)["/api"]}):
        for name, bearer in bearers.items():
            answer = doors.open(route, bearer=bearer)
            if route.endpoint in OPEN or name == "own":
                assert answer.status_code not in {401, 403, 404}, (route, name)
            elif name == "other":
                is_hidden = route.endpoint in OF_ONE_CLIENT
                assert (answer.status_code == 404) == is_hidden, route
                assert answer.status_code not in {401, 403}, route
            else:
                assert answer.status_code == 401, (route, name)
            assert name == "own" or not shows(answer, MINE), (route, name)
            assert answer.status_code < 500, (route, name)
    for name in ("own", "other"):  # the desk and the letters' links take no API token
        for route in routes_of(apps_of(doors.desk.app)):
            if route.prefix == "/api" or route.endpoint in OPEN or route.endpoint in PUBLIC:
                continue
            answer = doors.open(route, bearer=bearers[name])
            is_at_login = answer.status_code == 303 and answer.location == "/desk/login"
            is_refused = answer.status_code in {400, *REFUSED}
            assert is_at_login or is_refused, (route, answer.status)


@pytest.mark.parametrize("name", USERS)
def test_a_session_of_the_desk_opens_nothing_outside_the_desk(doors: Doors, name: str) -> None:
    for route in routes_of(apps_of(doors.desk.app)):
        if route.prefix == DESK_PATH or route.endpoint in OPEN:
            continue
        answer = doors.open(route, user=name)
        assert answer.status_code in REFUSED, route
        assert not shows(answer, MINE), route
