"""Who sees what: every page, file and answer of each role is searched for marked texts.

One installation has a marked text in each field that somebody must not see. The addresses are found
in the apps; a route with a new kind of part in its path needs values in `values_of_paths`.
"""

import html
import itertools
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from pypdf import PdfReader
from werkzeug.test import TestResponse

from capture.closing.close import close_month
from capture.delivery.endpoints import NewEndpoint, SecretBox, add_endpoint
from capture.intake.quarantine import discard, hold_back, release
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.events import Actor, EventKind
from capture.ledger.messages import Attempt, Channel, NewMessage
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.users import Access, User
from capture.review.acts import Act, accept, dispute, find_lead, reject
from capture.review.notes import write_note
from capture.signed_links import consent_path, own_data_path, review_path
from capture.users.accounts import find_user, set_email
from capture.users.looks import THE_PERSON
from capture.web.config import DESK_PATH
from capture.web.desk import leads
from capture.web.desk.statements import FILES
from tests.samples import ANSWERS, NOW, PARTIES, consent_to
from tests.web.api.conftest import make_world
from tests.web.desk.conftest import DESK_CONFIG, USERS, Browser, DeskWorld, add_users
from tests.web.desk.test_access import CONTACT, apps_of, routes_of
from tests.web.desk.test_rules import PUBLIC, ROLES

CLOSED = datetime(2026, 12, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EMAIL = "subject@marked-clinic.example"
COSTS = '[months."2026-11"]\nads = 98765.43\n'
NETWORK = [{"name": "network", "weight": 2, "leads": 7, "minutes": 60}]

AGENCY, VIEWER, CLIENT, API, LINK = "agency", "viewer", "client", "API", "link"
OTHER, PERSON = "other client", "person"
CLIENTS = {CLIENT, API, LINK}
"""The ways of the lead's own client to it: the desk, the API, and the link of a letter."""

FIELDS: Mapping[str, set[str]] = {
    # what the person sent
    "Subjecta Marked": {AGENCY, *CLIENTS, PERSON},
    EMAIL: {AGENCY, *CLIENTS, OTHER, PERSON},  # the same person is a lead of the other client
    "555 typed-mark": {AGENCY, *CLIENTS, PERSON},
    "/first-mark": {AGENCY, CLIENT, API, PERSON},
    "source-mark": {AGENCY, CLIENT, API, PERSON},
    "referrer-mark.example": {AGENCY, PERSON},
    "click-mark": {AGENCY, PERSON},
    # why it was held back, and what the agency thinks of it
    "7 companies or mailboxes sent the form": {AGENCY},
    "Risk signals": {AGENCY},
    "release-note-mark": {AGENCY},
    "agency-note-mark": {AGENCY},
    "dispute-note-mark": {AGENCY},
    "Agnes of the agency": {AGENCY},
    # other leads of the person and of others
    "Subjecta Disqualified": {AGENCY, PERSON},
    "Subjecta Elsewhere": {AGENCY, OTHER, PERSON},
    "Spamma Marked": {AGENCY},
    "a field that people cannot see was filled in": {AGENCY},
    "Quaranta Marked": {AGENCY},
    "discard-note-mark": {AGENCY},
    "Rejecta Marked": {AGENCY, *CLIENTS},
    # how it was delivered, and how the agency works
    "download-mark.pdf": {AGENCY, PERSON},
    "answer-mark": {AGENCY},
    "hook-mark.example": {AGENCY},
    "oscar@mark.example": {AGENCY},
    "98,765": set(),  # the agency's costs, which only `gatepost kpi` shows
}
"""By marked text: who sees it. Nobody else finds it on any page, in any file or answer."""


WITH_FILTERS = ("/?month=2026-11", "/content?month=2026-11", "/leads?q=marked", "/review?show=all")
"""Further addresses of pages that show more with a filter."""


PERSON_SHOWN = re.compile("Subjecta|Spamma|Quaranta|Discarda|Rejecta")
"""The name of any marked person."""


@dataclass(frozen=True)
class Look:
    """An answer that shows a person."""

    who: str
    """The name of a user, or a role without users."""
    path: str
    entries: Sequence[Access]
    """The new entries of the access log."""


@dataclass
class Installation:
    """A desk with the marked leads."""

    desk: DeskWorld
    leads: dict[str, str] = field(default_factory=dict)
    """By name: the id of a lead."""
    jobs: list[str] = field(default_factory=list)
    """The ids of long work that ada and carol have requested."""
    looks: list[Look] = field(default_factory=list)

    def look(self, who: str, path: str, answer_to: Callable[[str], TestResponse]) -> TestResponse:
        """The answer to a request, which is kept as a look if it shows a person."""
        accesses = self.desk.world.ledger.read(lambda r: r.users.accesses(limit=1))
        last = accesses[0][0] if accesses else 0
        answer = answer_to(path)
        if PERSON_SHOWN.search(text_of(answer)):
            after = self.desk.world.ledger.read(lambda r: r.users.accesses(limit=9))
            entries = [access for number, access in after if number > last]
            self.looks.append(Look(who, path, entries))
        return answer

    def take(self, name: str, slug: str = "guide", **more: object) -> str:
        """Receives a lead whose name is marked. `more` replaces parts of its submission."""
        answers = {"full_name": name, "email": EMAIL, **more.pop("answers", {})}  # type: ignore[dict-item]
        terms = self.desk.world.terms[slug]
        sent = Submission({**ANSWERS, **answers}, consent_to(terms.version), **more)  # type: ignore[arg-type]
        lead = self.desk.world.ledger.transact(
            lambda records: receive_submission(records, terms, sent, NOW)
        )
        self.leads[name] = lead.lead_id
        return lead.lead_id

    def values_of_paths(self) -> Mapping[str, Sequence[str]]:
        """By part of a path: every value that there is."""
        terms = self.desk.world.terms
        return {
            "lead_id": list(self.leads.values()),
            "number": ["acme-0001", "other-0001"],
            "name": [name for name, kind in FILES.items() if not kind.is_einvoice],
            "slug": list(terms),
            "version": [terms["guide"].version, terms["rival"].version],
            "month": ["2026-11", "2026-12"],
            "client": ["acme", "other"],
            "job_id": self.jobs,
            "user_id": [user.id for user in self.desk.world.ledger.read(select_users)],
        }

    def paths(self, prefix: str) -> Iterator[str]:
        """Every address below a prefix that can be opened with GET."""
        values = self.values_of_paths()
        for route in routes_of({prefix: apps_of(self.desk.app)[prefix]}):
            if route.method == "GET" and route.endpoint not in PUBLIC:
                names = re.findall(r"<(?:.*:)?(\w+)>", route.rule)
                for chosen in itertools.product(*(values[name] for name in names)):
                    yield route.path(**dict(zip(names, chosen, strict=True)))


def select_users(reading: ReadTransaction) -> Sequence[User]:
    return reading.users.select()


def fill(installation: Installation) -> None:
    """Records the marked leads, and what happened to them."""
    take, ledger = installation.take, installation.desk.world.ledger
    take("Subjecta Disqualified", "sales", answers={"company_size": "1-50"})
    take("Subjecta Elsewhere", "rival")
    subject = take(
        "Subjecta Marked",
        unverified={"phone": "555 typed-mark"},
        first_touch={
            "path": "/first-mark",
            "utm_source": "source-mark",
            "referrer": "https://referrer-mark.example",
        },
        last_touch={"path": "/last", "gclid": "click-mark"},
    )
    take(
        "Spamma Marked", answers={"email": "s@spam.example"}, spam_signals=("honeypot", "too_fast")
    )
    held = take("Quaranta Marked", "notified", answers={"email": "q@q.example"})
    discarded = take("Discarda Marked", "notified", answers={"email": "d@d.example"})
    take("Rejecta Marked", answers={"email": "r@r.example"})

    def check(records: WriteTransaction) -> None:
        for lead_id in (subject, held, discarded):
            hold_back(records, find_lead(records, lead_id), NETWORK, NOW)
        release(records, subject, "Agnes of the agency", NOW, "release-note-mark")
        discard(records, discarded, "Agnes of the agency", NOW, "discard-note-mark")
        write_note(records, subject, "Agnes of the agency", "agency-note-mark", NOW)

    def deliver(records: WriteTransaction) -> None:
        records.downloads.count(subject, "download-mark.pdf", NOW)
        set_email(records, find_user(records, "oscar"), "oscar@mark.example", NOW, by="Ada")
        new = NewEndpoint("acme", "https://hook-mark.example/in")
        endpoint = add_endpoint(
            records, SecretBox(b"a key of webhooks"), new, NOW, by="Ada"
        ).endpoint
        message = NewMessage(
            key="marked",
            channel=Channel.WEBHOOK,
            kind="lead.qualified",
            recipient=endpoint.id,
            queued_at=NOW,
            due_at=NOW,
            client="acme",
            lead_id=subject,
        )
        records.outbox.queue(message)
        (claimed,) = records.outbox.claim(NOW, NOW + HOUR, 1)
        records.outbox.record_failed(claimed, NOW, Attempt("it answered 500", 500, "answer-mark"))

    ledger.transact(check)
    ledger.transact(deliver)


def decide_and_close(installation: Installation) -> None:
    """The client accepts one lead and rejects another, and the month is closed."""
    ledger, leads = installation.desk.world.ledger, installation.leads
    subject, rejected = leads["Subjecta Marked"], leads["Rejecta Marked"]

    def decide(records: WriteTransaction) -> None:
        accept(records, Act(subject, "carol", Actor.CLIENT), NOW + HOUR)
        reject(records, Act(rejected, "carol", Actor.CLIENT), "too_small", NOW + HOUR)
        by_agency = Act(rejected, "Agnes of the agency", Actor.AGENCY, "dispute-note-mark")
        dispute(records, by_agency, NOW + 2 * HOUR)

    ledger.transact(decide)
    installation.desk.clock.move_to(CLOSED)
    for client in ("acme", "other"):
        ledger.transact(
            lambda records, client=client: close_month(  # type: ignore[misc]
                records, client, PARTIES, "2026-11", CLOSED, by="Ada"
            )
        )


def export_as_long_work(installation: Installation) -> None:
    """An export of ada and one of carol, each in a process of its own."""
    desk = installation.desk
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leads, "MOST_EXPORTED", -1)
        for name in ("ada", "carol"):
            browser = desk.user(name)
            browser.get("/leads")
            answer = browser.post("/leads/export", format="csv")
            installation.jobs.append(answer.location.rpartition("/")[2])
    desk.run_jobs()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder: Path = tmp_path_factory.mktemp("fields")
    with time_machine.travel(NOW, tick=False) as clock:
        world = make_world(folder, desk=DESK_CONFIG, rate_limit="")
        (folder / "campaigns" / "guide.costs.toml").write_text(COSTS)
        add_users(world)
        installation = Installation(DeskWorld(world, clock, folder))
        fill(installation)
        yield installation
        assert world.ledger.verify().problems == ()
        world.ledger.close()


def text_of(answer: TestResponse) -> str:
    """All text of a page or a file, also of what is compressed in it."""
    data = answer.data
    if data.startswith(b"%PDF"):
        return "\n".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)
    if data.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(data)) as archive:
            data = b"\n".join(archive.read(name) for name in archive.namelist())
    return html.unescape(data.decode(errors="replace"))


def post_export(browser: Browser, shape: str) -> TestResponse:
    return browser.post("/leads/export", format=shape)


def seen_at_the_desk(installation: Installation, name: str) -> str:
    browser = installation.desk.user(name)
    paths = [*installation.paths(DESK_PATH), *(f"{DESK_PATH}{path}" for path in WITH_FILTERS)]
    answers = [
        installation.look(name, path, lambda path: browser.client.get(path, buffered=True))
        for path in paths
    ]
    if USERS[name][0] in ROLES["leads.export"]:
        browser.get("/leads")
        answers += [
            installation.look(
                name, shape, lambda shape: browser.post("/leads/export", format=shape)
            )
            for shape in ("csv", "xlsx")
        ]
    assert {answer.status_code for answer in answers} <= {200, 303, 403, 404, 409}
    return "\n".join(map(text_of, answers))


def seen_by_api(installation: Installation, client: str) -> str:
    answers = [
        installation.look(
            f"{API} {client}",
            path,
            lambda path: installation.desk.world.get(path, client=client),
        )
        for path in installation.paths("/api")
        if "openapi" not in path
    ]
    assert {answer.status_code for answer in answers} <= {200, 404}
    return "\n".join(map(text_of, answers))


def seen_by_links(installation: Installation) -> Mapping[str, str]:
    """What the client's contact and the person themself see behind their links."""
    signer, ledger = installation.desk.world.signer, installation.desk.world.ledger
    leads = installation.leads.values()
    key = ledger.read(lambda reading: reading.people.address_key(EMAIL))
    listed = review_path(signer.list_link("acme", CONTACT))
    lead = review_path(signer.lead_link("acme", CONTACT, installation.leads["Subjecta Marked"]))
    own = own_data_path(signer.own_data(key))
    paths = {
        LINK: [lead, listed, *(f"{listed}/{lead_id}" for lead_id in leads)],
        PERSON: [
            own,
            f"{own}/your-data.json",
            consent_path(signer.consent(installation.leads["Subjecta Marked"])),
        ],
    }
    client = installation.desk.app.test_client()
    return {
        name: "\n".join(
            text_of(installation.look(name, path, lambda path: client.get(path, buffered=True)))
            for path in chosen
        )
        for name, chosen in paths.items()
    }


@pytest.fixture(scope="module")
def seen(installation: Installation) -> Mapping[str, str]:
    """By role: all text that it can see."""
    by_links = seen_by_links(installation)  # they show most while a lead waits for its review
    decide_and_close(installation)
    export_as_long_work(installation)
    return {
        AGENCY: seen_at_the_desk(installation, "ada"),
        VIEWER: seen_at_the_desk(installation, "vera"),
        CLIENT: seen_at_the_desk(installation, "carol"),
        OTHER: seen_at_the_desk(installation, "oscar") + seen_by_api(installation, "other"),
        API: seen_by_api(installation, "acme"),
        **by_links,
    }


@pytest.mark.parametrize("text", FIELDS)
def test_each_field_is_seen_by_its_roles_and_by_nobody_else(
    seen: Mapping[str, str], text: str
) -> None:
    assert {role for role, words in seen.items() if text in words} == FIELDS[text]


@pytest.mark.usefixtures("seen")
def test_each_answer_that_shows_a_person_is_in_the_access_log_with_who_looks(
    installation: Installation,
) -> None:
    ids = {user.name: user.id for user in installation.desk.world.ledger.read(select_users)}
    outsiders = {
        LINK: f"{CONTACT}, contact of acme",
        PERSON: THE_PERSON,
        f"{API} acme": "API token crm of acme",
        f"{API} other": "API token crm of other",
    }
    assert {look.who for look in installation.looks} == {"ada", "carol", "oscar", *outsiders}
    not_logged = [
        (look.who, look.path)
        for look in installation.looks
        if {(entry.user_id, entry.name) for entry in look.entries}
        != {(ids.get(look.who, ""), outsiders.get(look.who, ""))}
    ]
    assert not_logged == []


@pytest.mark.usefixtures("seen")  # the month is closed
def test_the_evidence_does_not_show_that_the_agency_wrote_a_note(
    installation: Installation,
) -> None:
    kinds = installation.desk.world.kinds(installation.leads["Subjecta Marked"])
    assert EventKind.NOTED.value in kinds
    path = "/statements/acme-0001/files/evidence"
    with installation.desk.user("carol").get(path) as answer:
        assert EventKind.ACCEPTED.value.encode() in answer.data
        assert EventKind.NOTED.value.encode() not in answer.data
