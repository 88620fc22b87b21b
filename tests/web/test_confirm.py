"""Proof of the address on the web: to open a page proves nothing."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from capture.intake.confirm import confirm_address
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.privacy.erase import erase_leads
from capture.privacy.withdraw import (
    are_letters_blocked,
    campaign_of_letters,
    letters_of_campaign,
    withdraw_consent,
)
from capture.review.acts import find_lead
from capture.signed_links import LinkSigner, confirmation_path
from capture.web.app import create_app
from capture.web.config import WebConfig
from tests.samples import CAMPAIGN, later_event
from tests.service import TEST_KEY, make_project, web_config
from tests.web.markup import Markup

SIGNER = LinkSigner(TEST_KEY, WebConfig.link_life)
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
ADDRESS = "ann@clinic.example"
DEMO = f'confirm = "email"\n{CAMPAIGN}'
GATED = DEMO.replace('kind = "demo"', 'kind = "gated"\nassets = ["cloud-guide.pdf"]')
DAYS = {days: timedelta(days=days) for days in (6, 7, 8)}


class Site:
    """The lead service with two campaigns with `confirm = "email"`."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        make_project(folder)
        self.folder = folder
        for slug, text in (("demo", DEMO), ("gated", GATED)):
            (folder / "campaigns" / f"{slug}.toml").write_text(text)
        config = web_config(folder)
        self.ledger = ledger
        self.app = create_app(config, ledger)
        self.web: FlaskClient = self.app.test_client()

    def send(self, slug: str = "demo", **changes: str) -> TestResponse:
        form = self.web.get(f"/f/{slug}").text
        version = re.search(r'name="gp_version"[^>]* value="(\w+)"', form)
        assert version is not None
        person = {
            "full_name": "Ann Lee",
            "email": ADDRESS,
            "company_size": "101+",
            "consent": "y",
            "gp_version": version[1],
        }
        return self.web.post(f"/f/{slug}", data={**person, **changes})

    def newest(self) -> Lead:
        return self.ledger.read(lambda reading: next(reading.leads.select(newest_first=True)))

    def lead(self, lead: Lead) -> Lead:
        return self.ledger.read(lambda reading: find_lead(reading, lead.lead_id))

    def take(self, slug: str = "demo", **changes: str) -> tuple[Lead, str]:
        """Sends a form; returns the lead, and the path of the link in its letter."""
        assert self.send(slug, **changes).status_code == 303
        lead = self.newest()
        address = changes.get("email", ADDRESS)
        ends = lead.received_at + timedelta(days=7)
        return lead, confirmation_path(SIGNER.confirmation(slug, lead.lead_id, address, ends))

    def change(self, work: Any) -> None:
        self.ledger.transact(work)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", TEST_KEY)
    yield Site(tmp_path / "project", ledger)
    assert ledger.verify().problems == ()
    ledger.close()


def press(site: Site, path: str, **form: str) -> TestResponse:
    return site.web.post(path, data=form)


# The page after the form.


@pytest.mark.parametrize("slug", ["demo", "gated"])
def test_the_page_after_the_form_says_that_a_letter_comes_and_gives_no_files(
    site: Site, slug: str
) -> None:
    page = site.web.get(site.send(slug).location)
    assert page.status_code == 200
    assert "A letter is on its way to the address that you gave." in page.text
    assert "No letter after ten minutes?" in page.text
    for absent in (ADDRESS, "/d/", "cloud-guide.pdf"):
        assert absent not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"


def test_the_page_after_the_form_has_the_value_that_the_browser_stores(site: Site) -> None:
    page = site.web.get(site.send().location)
    lead = site.newest()
    (kept,) = [tag for _, tag in Markup(page.text).tags if "data-proof" in tag]
    expected = (lead.lead_id, SIGNER.browser_proof(lead.lead_id))
    assert (kept["data-lead"], kept["data-proof"]) == expected
    assert "/theme/confirm.js" in page.text
    assert "/theme/touch.js" not in page.text
    assert "Set-Cookie" not in page.headers


def test_with_another_token_or_campaign_the_page_links_to_the_form(site: Site) -> None:
    lead, _ = site.take()
    other = SIGNER.sent("gated", lead.lead_id)
    for token in ("", "x", other, SIGNER.thanks("demo", lead.lead_id)):
        page = site.web.get(f"/f/demo/sent?t={token}")
        assert page.status_code == 410
        assert "/f/demo" in page.text
    assert site.web.get("/f/unknown/sent?t=x").status_code == 404


def test_every_visitor_gets_the_same_page_after_the_form(site: Site) -> None:
    """Rule 6 of docs/rules.md."""
    pages = set()
    for number, changes in enumerate(
        (
            {},
            {"company_size": "1-50"},
            {"homepage": "x", "email": "bob@clinic.example"},
            {"full_name": "Ann B. Lee"},
        )
    ):
        page = site.web.get(site.send("gated", **changes).location)
        lead_id = site.newest().lead_id
        proof = SIGNER.browser_proof(lead_id)
        pages.add((page.status_code, page.text.replace(lead_id, "ID").replace(proof, "PROOF")))
        assert len(pages) == 1, number


# Opening the link.


def test_opening_the_link_shows_the_button_and_changes_nothing(site: Site) -> None:
    lead, path = site.take()
    for _ in range(2):
        page = site.web.get(path)
        site.web.head(path)
        site.web.get(f"{path}/thanks")
    assert page.status_code == 200
    assert "Confirm my address" in page.text
    assert "This was not me" in page.text
    assert "touch.js" not in page.text  # it would store the path with the token
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert site.lead(lead).review == "unconfirmed"


def test_the_button_proves_the_address_and_leads_to_a_thank_you(site: Site) -> None:
    lead, path = site.take()
    answer = press(site, path, action="confirm", proof="")
    assert (answer.status_code, answer.location) == (303, f"{path}/thanks")
    assert site.lead(lead).review == "qualified"
    assert "Your address is confirmed" in site.web.get(answer.location).text


def test_the_button_leads_to_the_files(site: Site) -> None:
    lead, path = site.take("gated")
    assert "Confirm and get the files" in site.web.get(path).text
    answer = press(site, path, action="confirm")
    page = site.web.get(answer.location)
    assert answer.location.startswith("/g/")
    assert "your address is confirmed" in page.text
    assert "/d/" in page.text
    assert site.lead(lead).review == "qualified"


def test_a_second_click_leads_to_the_same_page(site: Site) -> None:
    lead, path = site.take()
    first, second = (press(site, path, action="confirm") for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert site.lead(lead).review == "qualified"


def test_the_value_in_the_browser_proves_the_address_too(site: Site) -> None:
    lead, path = site.take()
    answer = press(site, path, proof=SIGNER.browser_proof(lead.lead_id))
    assert answer.status_code == 303
    assert site.lead(lead).review == "qualified"


@pytest.mark.parametrize("proof", ["", "x", "ä", SIGNER.browser_proof("2222222222zz")])
def test_after_a_wrong_or_missing_value_the_page_still_has_the_button(
    site: Site, proof: str
) -> None:
    lead, path = site.take()
    answer = press(site, path, proof=proof)
    assert answer.status_code == 422
    assert "Nothing was confirmed. Press one of the buttons." in answer.text
    assert "Confirm my address" in answer.text
    assert site.lead(lead).review == "unconfirmed"


def test_a_form_of_another_site_changes_nothing(site: Site) -> None:
    lead, path = site.take()
    for action in ("confirm", "not_me"):
        answer = site.web.post(
            path, data={"action": action}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 403
    found = site.lead(lead)
    assert (found.review, found.consent_withdrawn) == ("unconfirmed", False)


def test_a_forged_link_is_not_found(site: Site) -> None:
    lead, path = site.take()
    for wrong in ("/c/x", "/c/...", path[:-1], path.replace(lead.lead_id, "2222222222zz")):
        for answer in (site.web.get(wrong), press(site, wrong, action="confirm")):
            assert answer.status_code == 404
            assert "This link is not complete." in answer.text
    assert site.web.get("/c/x/thanks").status_code == 404
    assert site.lead(lead).review == "unconfirmed"


# The end of the link.


def test_after_seven_days_the_link_says_so_and_links_to_the_form(
    site: Site, clock: time_machine.Traveller
) -> None:
    lead, path = site.take()
    clock.move_to(NOW + DAYS[7] - timedelta(seconds=1))
    assert site.web.get(path).status_code == 200
    clock.move_to(NOW + DAYS[7])
    for answer in (site.web.get(path), press(site, path, action="confirm")):
        assert answer.status_code == 410
        assert "Send the form again to get a new letter." in answer.text
        assert "/f/demo" in answer.text
    assert site.lead(lead).review == "unconfirmed"


def test_a_link_to_an_address_that_was_corrected_meanwhile_has_ended(site: Site) -> None:
    """The link of the old letter does not prove the new address."""
    lead, path = site.take()
    other, ends = "bob@clinic.example", NOW + DAYS[7]
    wrong = confirmation_path(SIGNER.confirmation("demo", lead.lead_id, other, ends))
    assert site.web.get(wrong).status_code == 410
    assert press(site, wrong, action="confirm").status_code == 410
    assert site.web.get(path).status_code == 200


def test_after_erasure_the_link_has_ended(site: Site) -> None:
    lead, path = site.take()
    site.change(lambda records: erase_leads(records, [lead.lead_id], NOW))
    for answer in (site.web.get(path), press(site, path, action="confirm")):
        assert answer.status_code == 410
    assert site.lead(lead).confirmed is False


def test_a_link_of_a_removed_campaign_still_proves_the_address(site: Site) -> None:
    """Rule 18: leads received before continue."""
    lead, path = site.take("gated")
    (site.folder / "campaigns" / "gated.toml").unlink()
    site.web = create_app(site.app.extensions["gatepost"].config, site.ledger).test_client()
    assert "in the form “The guide”" in site.web.get(path).text  # the ledger has its title
    assert press(site, path, action="confirm").location == f"{path}/thanks"
    assert site.lead(lead).review == "qualified"
    page = site.web.get(press(site, path, action="not_me").location).text
    assert "The form “The guide”" in page
    link = re.search(r'href="(/u/[^"]+)"', page)
    assert link is not None
    assert "letters of the form “The guide”" in site.web.get(link[1]).text


# Rule 6: no page reveals the verdict.


def test_the_pages_are_the_same_for_every_verdict(
    site: Site, clock: time_machine.Traveller
) -> None:
    ways = set()
    qualified, _ = site.take(email="first@clinic.example")
    site.change(lambda records: confirm_address(records, qualified.lead_id, NOW))
    for changes, stage in (
        ({}, "unconfirmed"),
        ({"company_size": "1-50", "email": "bob@clinic.example"}, "disqualified"),
        ({"full_name": "Other", "email": "first@clinic.example"}, "duplicate"),
    ):
        clock.move_to(NOW)
        lead, path = site.take(**changes)
        assert lead.review == stage
        pages = [site.web.get(path), press(site, path), press(site, path, action="confirm")]
        pages += [site.web.get(path), site.web.get(f"{path}/thanks")]
        clock.move_to(NOW + DAYS[8])
        pages += [site.web.get(path), press(site, path, action="confirm")]
        clock.move_to(NOW)
        pages += [press(site, path, action="not_me"), site.web.get(path)]
        texts = [re.sub(r"/u/[^\"]+", "UNDO", page.text) for page in pages]
        ways.add(
            tuple(
                (page.status_code, text.replace(path, "PATH").replace(lead.lead_id, "ID"))
                for page, text in zip(pages, texts, strict=True)
            )
        )
    assert len(ways) == 1


# This was not me.


def test_not_me_withdraws_the_request_and_blocks_the_letters_until_it_is_undone(site: Site) -> None:
    lead, path = site.take()
    answer = press(site, path, action="not_me")
    assert (answer.status_code, answer.location) == (303, path)
    page = site.web.get(answer.location)
    assert "The request is withdrawn" in page.text
    assert site.lead(lead).review == "consent_withdrawn"
    assert "withdrawn" in press(site, path, action="confirm").text
    assert site.lead(lead).review == "consent_withdrawn"
    link = re.search(r'href="(/u/[^"]+)"', page.text)
    assert link is not None
    assert "letters of the form “The guide”" in site.web.get(link[1]).text
    assert "Unsubscribe?" in press(site, link[1], action="subscribe").text
    assert "Your consent is withdrawn" in site.web.get(path).text


def test_the_undo_link_names_exactly_what_not_me_has_blocked(site: Site) -> None:
    _, path = site.take()
    press(site, path, action="not_me")
    link = re.search(r'href="/u/([^"]+)"', site.web.get(path).text)
    assert link is not None
    grant = SIGNER.read_unsubscribe(link[1])

    def blocked() -> tuple[bool, bool]:
        return site.ledger.read(
            lambda reading: (
                are_letters_blocked(reading, "demo", ADDRESS),
                reading.outbox.is_unsubscribed(grant.address_id, grant.letter),
            )
        )

    assert grant.letter == letters_of_campaign("demo")
    assert campaign_of_letters(grant.letter) == "demo"
    assert blocked() == (True, True)
    press(site, f"/u/{link[1]}", action="subscribe")
    assert blocked() == (False, False)


def test_after_a_withdrawal_the_page_after_the_proof_says_so(site: Site) -> None:
    """For example, if somebody pressed both buttons."""
    lead, path = site.take()
    press(site, path, action="confirm")
    press(site, path, action="not_me")
    page = site.web.get(f"{path}/thanks").text
    assert "The request is withdrawn" in page
    assert "has arrived" not in page
    assert site.lead(lead).consent_withdrawn


def test_after_a_withdrawal_elsewhere_there_is_nothing_to_confirm(site: Site) -> None:
    lead, path = site.take()
    site.change(lambda records: withdraw_consent(records, lead.lead_id, NOW))
    page = site.web.get(path)
    assert "Your consent is withdrawn" in page.text
    assert "/u/" not in page.text


def test_a_lead_in_quarantine_shows_the_same_pages(site: Site) -> None:
    lead, path = site.take()
    site.change(
        lambda records: records.append(
            later_event(lead.lead_id, EventKind.HELD_BACK, campaign="demo", signals=[])
        )
    )
    assert site.web.get(path).status_code == 200
    assert press(site, path, action="confirm").status_code == 303
    assert site.lead(lead).review == "quarantined"
