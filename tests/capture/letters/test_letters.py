"""What each letter says: links, deadlines, silence, prices, and how to get no more of them."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from capture.billing.statement import Party
from capture.letters import agency, documents, leads, samples, visitor
from capture.letters.letter import Letter
from capture.letters.render import WIDTH, Letterhead, moment_in_words
from capture.letters.samples import SAMPLES, Sample

TEMPLATES = Path(__file__).parents[3] / "theme/templates"
AGENCY = Party("Northgate Leads", ("1 Main Street", "New York"), email="hello@northgate.example")
LETTERHEAD = Letterhead(AGENCY, TEMPLATES)
BASE = "https://www.example.com/"


class Page(HTMLParser):
    """The links, the visible text and everything that a letter would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        if tag == "a":
            self.links.append(values.get("href") or "")
        self.loaded += [
            value or "" for name, value in attrs if name in {"src", "srcset", "background"}
        ]
        if tag in {"link", "img", "script", "iframe", "object", "video", "audio", "source", "form"}:
            self.loaded.append(tag)


def words(letter: Letter) -> str:
    """The text on one line, so that a test can look for a sentence."""
    return " ".join(letter.text.split())


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_letter_loads_nothing_and_its_links_are_absolute(sample: Sample) -> None:
    letter = sample.letter(LETTERHEAD)
    page = Page(letter.html)
    assert page.loaded == []
    assert "url(" not in letter.html
    assert "@import" not in letter.html
    web_links = [link for link in page.links if link != f"mailto:{AGENCY.email}"]
    assert all(link.startswith(BASE) for link in web_links)
    links = re.findall(r"https?://\S+/(?:[cgru]|consent|desk|privacy)/\S+", letter.text)
    assert set(links) == set(web_links)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_letter_names_the_agency_and_says_why_it_comes(sample: Sample) -> None:
    letter = sample.letter(LETTERHEAD)
    for line in (AGENCY.name, *AGENCY.address, AGENCY.email):
        assert line in letter.text
        assert line in letter.html
    assert "You get this letter because" in words(letter)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_lines_of_text_are_at_most_76_columns_except_links(sample: Sample) -> None:
    lines = sample.letter(LETTERHEAD).text.splitlines()
    assert [line for line in lines if len(line) > WIDTH and "https://" not in line] == []
    assert "\n\n\n" not in "\n".join(lines)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_text_and_html_say_the_same(sample: Sample) -> None:
    letter = sample.letter(LETTERHEAD)
    for word in set(re.findall(r"[A-Za-z0-9$.]{4,}", re.sub(r"https?://\S+", "", letter.text))):
        assert word.rstrip(".:") in letter.html


def test_only_letters_that_no_agreement_needs_can_be_unsubscribed() -> None:
    unsubscribable = {
        name for name, sample in SAMPLES.items() if sample.letter(LETTERHEAD).unsubscribe_url
    }
    assert unsubscribable == {"guide", "confirmation", "report"}
    for name, sample in SAMPLES.items():
        if name not in unsubscribable and sample.recipient == "the client":
            text = words(sample.letter(LETTERHEAD))
            assert "it cannot be unsubscribed. To change who gets it, ask Northgate Leads" in text


@pytest.mark.parametrize("name", ["guide", "confirmation", "lead_to_review", "review_warning"])
def test_a_letter_on_a_test_lead_is_marked(name: str) -> None:
    sample = SAMPLES[name]
    letter = sample.write(LETTERHEAD, replace(sample.facts, is_test=True))
    assert letter.subject.startswith("[test] ")
    assert "This is a test." in letter.text
    assert "This is a test." in letter.html
    assert not sample.letter(LETTERHEAD).subject.startswith("[test]")


def test_a_deadline_has_its_weekday_and_zone_in_words() -> None:
    moment = datetime(2026, 10, 25, 0, 30, 59, tzinfo=UTC)
    berlin = moment_in_words(moment, ZoneInfo("Europe/Berlin"))
    assert berlin == "Sunday, 25 October 2026, 02:30 (Central European Summer Time)"
    utc = moment_in_words(moment, ZoneInfo("UTC"))
    assert utc == "Sunday, 25 October 2026, 00:30 (Coordinated Universal Time)"


def test_the_hour_that_occurs_twice_is_told_apart_by_the_name_of_the_zone() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first, second = (
        moment_in_words(datetime(2026, 10, 25, hour, 30, tzinfo=UTC), zone) for hour in (0, 1)
    )
    assert first.replace("Summer", "Standard") == second


def test_a_lead_says_who_why_until_when_and_what_silence_does() -> None:
    letter = SAMPLES["lead_to_review"].letter(LETTERHEAD)
    text = words(letter)
    assert letter.subject == "Lead to review: Mercy Clinic, by Wed, 2 Dec, 10:15"
    assert "Answer before Wednesday, 2 December 2026, 10:15 (Eastern Standard Time)." in text
    assert (
        "If nobody answers by then, the lead counts as accepted and is charged: $50.00 per "
        "accepted lead, net of tax." in text
    )
    assert "- Number of employees is at least 101 (answer: 101-500)" in letter.text
    assert "Work e-mail: ann.lee@mercy-clinic.example" in letter.text


def test_the_subject_names_no_person() -> None:
    for name in ("lead_to_review", "review_warning", "meeting_question"):
        assert "Lee" not in SAMPLES[name].letter(LETTERHEAD).subject
    lead = replace(samples.LEAD, company="")
    letter = leads.lead_to_review(LETTERHEAD, lead)
    assert letter.subject.startswith(f"Lead to review: {lead.campaign}, {lead.lead_id}, by ")


def test_a_lead_that_silence_never_accepts_says_so() -> None:
    text = words(leads.lead_to_review(LETTERHEAD, samples.DEMO_LEAD))
    assert "There is no deadline. Only your own answer decides." in text
    assert "If nobody answers, the lead is not accepted and costs nothing." in text
    assert "counts as accepted" not in text


def test_a_free_lead_is_never_said_to_be_charged() -> None:
    text = words(leads.lead_to_review(LETTERHEAD, replace(samples.LEAD, is_free=True)))
    assert "It is free of charge" in text
    assert "Price: free of charge" in text
    assert "$50.00" not in text


def test_a_price_per_meeting_is_not_due_by_silence_on_the_lead() -> None:
    lead = replace(samples.DEMO_LEAD, deadline=samples.LEAD.deadline)
    text = words(leads.review_warning(LETTERHEAD, lead))
    assert "The acceptance alone is not charged; the price is $250.00 per appointment held" in text


def test_an_acceptance_that_the_agency_entered_is_named() -> None:
    text = words(leads.review_warning(LETTERHEAD, replace(samples.LEAD, is_entered=True)))
    assert "The agency has entered an acceptance for you; you may still reject the lead." in text


def test_a_digest_names_at_most_fifty_leads_and_says_how_many_more() -> None:
    facts = leads.DigestFacts((samples.LEAD,) * 60, samples.LEAD.list_url)
    letter = leads.leads_digest(LETTERHEAD, facts)
    assert letter.subject == "60 leads to review"
    assert letter.text.count("Without an answer") == 50
    assert (
        "10 more are in the list behind the first link. The first of their deadlines is Wednesday, "
        "2 December 2026, 10:15 (Eastern Standard Time)." in words(letter)
    )


def test_a_digest_of_one_lead_is_in_the_singular() -> None:
    facts = leads.DigestFacts((samples.LEAD,), samples.LEAD.list_url)
    letter = leads.leads_digest(LETTERHEAD, facts)
    assert "1 lead came since the last digest and waits for a review." in words(letter)


def test_a_meeting_question_says_what_silence_does() -> None:
    text = words(SAMPLES["meeting_question"].letter(LETTERHEAD))
    assert (
        "Please answer before Thursday, 3 December 2026, 14:00 (Eastern Standard Time). If nobody "
        "answers by then, the meeting counts as held. The price is $250.00" in text
    )
    endless = replace(samples.MEETING, answer_by=None)
    text = words(leads.meeting_question(LETTERHEAD, endless))
    assert "Until somebody answers, the meeting counts as neither held nor missed." in text


def test_a_statement_has_its_document_and_says_what_to_pay() -> None:
    letter = SAMPLES["statement"].letter(LETTERHEAD)
    assert letter.subject == "Invoice acme-0001: November 2026, $150.00"
    assert letter.attachments == (samples.STATEMENT.document,)
    assert "Please pay $150.00 by 31 December 2026. Quote reference acme-0001." in words(letter)
    assert "Account 12345" in letter.text
    without_details = replace(samples.STATEMENT, details=())
    assert "Details:" in letter.text
    assert "Details:" not in documents.statement(LETTERHEAD, without_details).text


def test_a_report_on_a_part_of_a_month_says_until_when() -> None:
    letter = SAMPLES["report"].letter(LETTERHEAD)
    assert "Leads in November 2026, up to 29 November" in letter.text
    assert letter.attachments == (samples.REPORT.page,)
    complete = documents.report(LETTERHEAD, replace(samples.REPORT, until=""))
    assert complete.subject == f"Report, November 2026: {samples.REPORT.campaign}"


def test_a_debit_costs_nothing_without_an_approval() -> None:
    text = words(SAMPLES["debit_to_approve"].letter(LETTERHEAD))
    assert "There is no deadline: if nobody answers, nothing is charged." in text


def test_the_guide_states_the_consent_as_it_was_recorded() -> None:
    letter = SAMPLES["guide"].letter(LETTERHEAD)
    text = words(letter)
    assert "Box for consent: ticked" in letter.text
    assert "> I agree that Acme Cloud, Inc. may contact me" in letter.text
    assert "On the page: https://www.example.com/articles/buying-leads/" in letter.text
    assert "This link works until Monday, 7 December 2026, 10:15 (Eastern Standard Time)." in text


def test_the_guide_states_that_no_box_was_ticked() -> None:
    consent = replace(samples.GUIDE.consent, is_given=False, page="")
    letter = visitor.guide(LETTERHEAD, replace(samples.GUIDE, consent=consent))
    assert "The box for consent was not ticked. So you consented to nothing." in words(letter)
    assert "I agree" not in letter.text
    assert "On the page" not in letter.text


def test_a_note_says_what_it_corrects() -> None:
    facts = replace(samples.STATEMENT, title="Credit note acme-0002", is_note=True)
    letter = documents.statement(LETTERHEAD, replace(facts, subtitle="on invoice acme-0001"))
    assert letter.subject == "Credit note acme-0002: on invoice acme-0001, $150.00"
    assert "The attached file acme-0001.pdf corrects a closed month." in words(letter)
    assert "is closed" not in words(letter)


def test_a_bounced_address_is_named() -> None:
    lead = replace(samples.DEMO_LEAD, is_bounced=True)
    text = words(leads.lead_to_review(LETTERHEAD, lead))
    assert "A mail server refused this person's address. Only your own answer decides." in text


def test_the_budget_of_a_month_is_named() -> None:
    text = words(leads.lead_to_review(LETTERHEAD, replace(samples.LEAD, budget="$5,000.00")))
    assert "net of tax, or nothing once the month's budget of $5,000.00 is used up." in text


def test_spam_says_how_to_rescue_a_lead() -> None:
    letter = SAMPLES["spam_digest"].letter(LETTERHEAD)
    assert "gatepost correct 9v3t5h1rj6bn --not-spam --as NAME" in letter.text
    many = replace(samples.SPAM, leads=samples.SPAM.leads * 15)
    letter = agency.spam_digest(LETTERHEAD, many)
    assert "10 more are in the list of leads:" in letter.text
    assert "gatepost leads acme-cloud-guide --stage spam" in letter.text
