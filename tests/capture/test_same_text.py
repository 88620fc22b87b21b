"""Two campaign files with the same bytes are two campaigns."""

from capture.closing.checks import check_documents
from capture.closing.close import read_statement
from capture.intake.receive import receive_submission
from capture.ledger.protocol import Ledger
from capture.ledger.terms import save_terms, saved_campaign
from tests.capture.desk import DAY
from tests.capture.months import close_one
from tests.samples import NOW, campaign, submission


def test_two_campaigns_with_the_same_text_have_separate_leads_and_parts(ledger: Ledger) -> None:
    lead_ids = {}
    for slug in ("copy", "guide"):
        terms = campaign(slug=slug)
        sent = submission(terms, email=f"ann@{slug}.example")
        ledger.transact(lambda records, terms=terms: save_terms(records, terms, NOW))
        lead_ids[slug] = ledger.transact(
            lambda records, terms=terms, sent=sent: receive_submission(records, terms, sent, NOW)
        ).lead_id
        kept = ledger.read(
            lambda reading, terms=terms: saved_campaign(reading, terms.slug, terms.version)
        )
        assert (kept.slug, kept.text) == (slug, terms.text)
    closed = ledger.transact(lambda records: close_one(records, "2026-11", NOW + 9 * DAY))
    assert closed is not None
    parts = read_statement(closed).parts
    assert {part.campaign: [line.lead_id for line in part.lines] for part in parts} == {
        slug: [lead_id] for slug, lead_id in lead_ids.items()
    }
    assert ledger.read(check_documents) == []
