"""Every form of the desk: what it records is an event with the person who sent it.

The routes are found in the desk. A new one with POST needs a step in the story, or a line in
`NO_ACT` that says why it is no act.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from capture.closing.close import close_month
from capture.closing.credit import CorrectionRequest
from capture.closing.debit import propose_debit
from capture.intake.quarantine import hold_back
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.jobs.store import JobStore
from capture.lead.events import Actor, EventKind, show_time
from capture.ledger.endpoints import Endpoint
from capture.ledger.messages import Attempt
from capture.ledger.protocol import WriteTransaction
from capture.outcomes.record import Outcome, record_outcome
from capture.review.acts import find_lead
from capture.signed_links import UnsubscribeGrant, UserGrant, passphrase_path
from capture.users.accounts import find_user
from capture.web.config import DESK_PATH
from capture.web.desk import leads
from tests.capture.ledger.contract_outbox import new_message
from tests.samples import ANSWERS, NOW, PARTIES, consent_to
from tests.web.desk.conftest import WORDS, Browser, DeskWorld
from tests.web.desk.test_access import apps_of, routes_of
from tests.web.desk.test_rules import desk_app

HOUR = timedelta(hours=1)
CLOSED = datetime(2026, 12, 5, 12, tzinfo=UTC)
SIGNALS = [{"name": "network", "weight": 2, "leads": 7, "minutes": 60}]
URL = "https://hooks.acme.example/in"
BANK = b"date,amount,currency,reference\n2026-12-04,2.00,USD,acme-0001\n"

NO_ACT: Mapping[str, str] = {
    "login.send_link": "nobody knows who asks; the letter is in the outbox",
    "payments.preview": "it reads the file and records nothing",
    "campaigns.start_backtest": "it shows a backtest; a long one starts work as leads.export does",
}
"""By route: why it records no act of a person."""


@dataclass
class Story:
    """Sends forms, and checks who is in the events."""

    desk: DeskWorld
    done: set[str] = field(default_factory=set)
    """The routes of the forms that were sent."""

    def send(
        self,
        user: str,
        path: str,
        *,
        browser: Browser | None = None,
        then: Callable[[], None] = lambda: None,
        **values: object,
    ) -> TestResponse:
        """Sends a form, and checks that the events after it name the user. `then` is done before
        the check."""
        ledger = self.desk.world.ledger
        sender = browser or self.desk.user(user)
        if browser is None:
            sender.get("/sessions")  # a token of the forms
        last, _ = ledger.read(lambda reading: reading.events.head())
        answer = sender.post(path, **values)
        assert answer.status_code in {200, 303}, (path, answer.text)
        then()
        events = [each.event for each in ledger.read(lambda r: list(r.events.select(after=last)))]
        people = {
            ledger.read(lambda reading, client=client: reading.people.pseudonym(client, user))
            for client in ("", "acme", "other")
        }
        own = [event for event in events if event.actor is not Actor.SYSTEM]
        assert own, (path, "no event")
        assert {event.data.get("by") for event in own} <= people, (path, own)
        adapter = desk_app(self.desk.app).url_map.bind("localhost")
        self.done.add(adapter.match(path, method="POST")[0])
        return answer

    def fields(self, user: str, page: str, action: str) -> dict[str, list[str]]:
        """What the form with this action on a page sends if nothing is typed."""
        return fields_of(self.desk.user(user).get(page), action)


def fields_of(page: TestResponse, action: str) -> dict[str, list[str]]:
    """The inputs and choices of the form with this action, as a browser sends them."""
    soup = BeautifulSoup(page.text, "html.parser")
    (form,) = soup.select(f'form[method=post][action="/desk{action}"]')
    fields: dict[str, list[str]] = {}
    for each in form.select("input[name]"):
        if each.get("type") not in {"checkbox", "radio"} or each.has_attr("checked"):
            fields.setdefault(str(each["name"]), []).append(str(each.get("value", "on")))
    for each in form.select("select[name]"):
        chosen = each.select_one("option[selected]") or each.select_one("option")
        fields[str(each["name"])] = [str(chosen.get("value", chosen.text))] if chosen else []
    return fields


def test_every_form_of_the_desk_records_an_event_with_its_person(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leads, "MOST_EXPORTED", -1)  # every export is long work
    story = Story(desk)
    log_in_and_out(story)
    manage_people(story)
    deliver(story)
    lead_ids = review(story)
    check(story)
    work(story)
    desk.clock.move_to(CLOSED)
    desk.log_out()  # every session has expired
    bill(story, lead_ids)
    rules = desk_app(desk.app).url_map.iter_rules()
    forms = {rule.endpoint for rule in rules if "POST" in (rule.methods or ())}
    assert story.done | set(NO_ACT) == forms
    assert not story.done & set(NO_ACT)


def session_ids(browser: Browser, path: str) -> list[str]:
    return re.findall(r'id="session-(\w+)"', browser.get(path).text)


def log_in_and_out(story: Story) -> None:
    desk = story.desk
    browser = desk.browser()
    browser.get("/login")
    story.send("vera", "/login", browser=browser, name="vera", passphrase=WORDS)
    browser.get("/sessions")
    story.send("vera", "/logout", browser=browser)
    carol = desk.world.ledger.read(lambda reading: find_user(reading, "carol"))
    for path, user, listed in (
        ("/sessions/{}/end", "carol", "/sessions"),
        ("/sessions/end-others", "carol", "/sessions"),
        (f"/people/{carol.id}/sessions/{{}}/end", "ada", f"/people/{carol.id}/sessions"),
        (f"/people/{carol.id}/sessions/end", "ada", f"/people/{carol.id}/sessions"),
    ):
        desk.user(user)
        desk.browser().log_in("carol")
        own = set(session_ids(desk.user("carol"), "/sessions"))
        story.send(user, path.format(min(own & set(session_ids(desk.user(user), listed)))))
        desk.log_out()


def manage_people(story: Story) -> None:
    ledger = story.desk.world.ledger
    story.send("ada", "/people", name="Dora", role="viewer", client="", email="")
    dora = ledger.read(lambda reading: find_user(reading, "Dora"))
    story.send("ada", f"/people/{dora.id}/link")
    dora = ledger.read(lambda reading: find_user(reading, "Dora"))
    grant = UserGrant(dora.id, dora.link_number, NOW + HOUR)
    path = passphrase_path(story.desk.world.signer.user(grant)).removeprefix("/desk")
    browser = story.desk.browser()
    browser.get(path)
    story.send("Dora", path, browser=browser, passphrase=WORDS, repeated=WORDS)
    story.send("ada", f"/people/{dora.id}/deactivate")
    story.send("ada", "/tokens", client="acme", name="warehouse")
    token = ledger.read(lambda reading: list(reading.api.tokens()))[-1]
    story.send("ada", f"/tokens/{token.id}/revoke")
    story.send("ada", "/campaigns/guide/pause")
    story.send("ada", "/campaigns/guide/resume")


def deliver(story: Story) -> None:
    def queue(records: WriteTransaction) -> None:
        for name in "abc":
            records.outbox.queue(new_message(name))
        for message in records.outbox.claim(NOW, NOW + HOUR, 2):
            records.outbox.record_failed(message, NOW, Attempt("refused", 550, "no such user"))
        records.endpoints.save(Endpoint(id="e1", client="acme", url=URL, secret=b"x", made_at=NOW))
        records.endpoints.pause("e1", NOW, "it answered 410")

    story.desk.world.ledger.transact(queue)
    story.send("ada", "/deliveries/1/again")
    story.send("ada", "/deliveries/2/all-again")
    story.send("ada", "/deliveries/3/drop")
    story.send("ada", "/deliveries/webhooks/e1/resume")


def review(story: Story) -> list[str]:
    """Returns the ids of two accepted leads."""
    take = story.desk.world.take
    first, second, third, fourth = take(), take(), take(), take()
    story.send("carol", f"/review/{first}", action="accept", seen=0)
    story.send("carol", f"/review/{first}/undo")
    story.send("carol", f"/leads/{second}/review", action="accept", seen=0)
    story.send("carol", "/leads", lead=[third], act="accept")
    story.send("ada", f"/leads/{second}/outcome", outcome="scheduled", at="2026-11-25T10:00")
    story.send("ada", f"/leads/{second}/note", note="call on Monday")
    action = f"/leads/{fourth}/correction"
    answers = story.fields("ada", f"/leads/{fourth}", action)
    story.send("ada", action, **{**answers, "answer-company_size": "1-50"})
    return [second, third]


def check(story: Story) -> None:
    world = story.desk.world
    held = [world.take(), world.take()]
    terms = world.terms["guide"]
    sent = [
        Submission(
            {**ANSWERS, "email": email},
            consent_to(terms.version),
            spam_signals=("honeypot", "too_fast"),
        )
        for email in ("s@spam.example", "t@spam.example")
    ]

    def prepare(records: WriteTransaction) -> str:
        for lead_id in held:
            hold_back(records, find_lead(records, lead_id), SIGNALS, NOW)
        first, _ = [receive_submission(records, terms, each, NOW) for each in sent]
        return first.lead_id

    spam = world.ledger.transact(prepare)
    story.send("ada", "/quarantine", act="release", lead_id=held[0])
    story.send("ada", f"/leads/{held[1]}/quarantine", action="discard")
    story.send("ada", f"/quarantine/spam/{spam}")
    alike = {"campaign": "guide", "signals": "honeypot,too_fast"}
    story.send("ada", "/quarantine/spam", **alike, seen_at=show_time(NOW))


def work(story: Story) -> None:
    """Exports as long work, of which one is interrupted."""
    desk = story.desk
    first = story.send("carol", "/leads/export", format="csv", then=desk.run_jobs).location
    desk.user("carol").post("/leads/export", format="xlsx")
    store = JobStore(desk.world.config.jobs)
    with store.next_waiting(NOW) as job:
        assert job is not None  # its process ends without a result
    story.send("carol", f"/jobs/{job.id}/again", then=desk.run_jobs)
    story.send("carol", f"{first.removeprefix('/desk')}/delete")


def bill(story: Story, lead_ids: list[str]) -> None:
    action = "/months/2026-11/close"
    page = story.desk.user("ada").get(action)
    seen = dict(re.findall(r'name="(seen-acme)" value="([^"]+)"', page.text))
    story.send("ada", action, client="acme", **seen)
    credited, debited = (f"/statements/acme-0001/lines/{lead_id}" for lead_id in lead_ids)
    story.send("ada", f"{credited}/credit", amount="20.00", reason="goodwill")
    story.send("ada", f"{debited}/debit", amount="5.00", reason="wrong_rate")
    story.send("carol", "/debits/acme-p0001", answer="approved")
    story.send("ada", "/statements/acme-0001/payments", amount="1.00", paid_on="2026-12-05")
    ada = story.desk.user("ada")
    ada.get("/payments")
    preview = ada.post("/payments/import", file=(BytesIO(BANK), "bank.csv"))
    action = "/payments/record"
    story.send("ada", action, **{**fields_of(preview, action), "entry": ["0"]})
    action = "/payments/all"
    fields = story.fields("ada", "/payments?client=acme", action)
    story.send("ada", action, **{**fields, "paid_on": "2026-12-05"})


CONTACT = "leads@acme-cloud.example.com"
ANN, BEN = "ann@person.example", "ben@person.example"
NO_ACT_OUTSIDE: Mapping[str, str] = {
    "views.count_view": "it counts a view of a page, of nobody",
    "privacy.send_link": "nobody knows who asks; the letter is in the outbox",
}
"""By route outside the desk: why it records no act of a person."""


def test_every_form_outside_the_desk_records_an_event_with_its_person(desk: DeskWorld) -> None:
    world = desk.world
    ledger, signer = world.ledger, world.signer
    first, second, third = world.take(email=BEN), world.take(), world.take(email=ANN)
    desk.clock.move_to(CLOSED)
    meeting = Outcome(
        second, EventKind.SCHEDULED, Actor.AGENCY, "Ada", occurred_at=NOW, meeting_at=CLOSED
    )
    request = CorrectionRequest("acme-0001", second, "wrong_rate", amount=Decimal(5))
    fourth, fifth = world.take(at=CLOSED), world.take(at=CLOSED)

    def bill(records: WriteTransaction) -> None:
        close_month(records, "acme", PARTIES, "2026-11", CLOSED, by="Ada")
        propose_debit(records, request, "Ada", CLOSED)
        propose_debit(records, replace(request, lead_id=third), "Ada", CLOSED)
        record_outcome(records, meeting, CLOSED)

    ledger.transact(bill)
    address_ids = [ledger.read(lambda r, of=each: r.outbox.address_id(of)) for each in (ANN, BEN)]
    key = ledger.read(lambda reading: reading.people.address_key(ANN))
    unsubscribe = signer.unsubscribe(UnsubscribeGrant("guide", address_ids[0]))
    confirmation = signer.confirmation("guide", first, BEN, CLOSED + HOUR)
    listed = f"/r/{signer.list_link('acme', CONTACT)}/{fifth}"
    linked = f"/r/{signer.debit_link('acme', CONTACT, 'acme-p0002')}"
    form = {**ANSWERS, "email": "new@person.example", "consent": "y"}
    form["gp_version"] = world.terms["guide"].version
    reviews = {"reviews": [{"lead_id": fourth, "type": "accepted"}]}
    visitor = {"", *address_ids}
    of = {
        name: ledger.read(lambda reading, name=name: reading.people.pseudonym("acme", name))
        for name in ("crm", CONTACT)
    }
    steps: list[tuple[str, dict[str, object], set[str]]] = [
        ("/f/guide", {"data": form}, visitor),
        (f"/c/{confirmation}", {"data": {"action": "not_me"}}, visitor),
        (f"/u/{unsubscribe}", {"data": {"action": "unsubscribe"}}, visitor),
        (f"/privacy/me/{signer.own_data(key)}", {"data": {"withdraw": third}}, visitor),
        (listed, {"data": {"action": "accept"}}, {of[CONTACT]}),
        (linked, {"data": {"action": "decline"}}, {of[CONTACT]}),
        (f"/api/v1/leads/{second}/events", {"json": {"type": "held"}}, {of["crm"]}),
        ("/api/v1/reviews", {"json": reviews}, {of["crm"]}),
        ("/api/v1/debits/acme-p0001/answer", {"json": {"type": "approved"}}, {of["crm"]}),
    ]
    done = set()
    for path, content, people in steps:
        last, _ = ledger.read(lambda reading: reading.events.head())
        headers = {"Idempotency-Key": path[-40:]} if path.startswith("/api") else {}
        answer = world.request("POST", path, headers=headers, **content)
        assert answer.status_code in {200, 201, 303}, (path, answer.text)
        events = [
            each.event for each in ledger.read(lambda r, n=last: list(r.events.select(after=n)))
        ]
        own = [event for event in events if event.actor is not Actor.SYSTEM]
        assert own, (path, "no event")
        assert {event.data.get("by", "") for event in own} <= people, (path, own)
        done.add(endpoint_of(world.app, path))
    posted = {
        route.endpoint
        for route in routes_of(apps_of(world.app))
        if route.method == "POST" and route.prefix != DESK_PATH
    }
    assert done | set(NO_ACT_OUTSIDE) == posted


def endpoint_of(app: Flask, path: str) -> str:
    """The endpoint of a path outside the desk."""
    apps = apps_of(app)
    prefix = "/api" if path.startswith("/api") else ""
    adapter = apps[prefix].url_map.bind("localhost")
    return str(adapter.match(path.removeprefix(prefix), method="POST")[0])
