"""Two campaign files with the same bytes are two campaigns."""

from capture.closing.close import close_month, read_statement
from capture.intake.receive import receive_submission
from capture.ledger.protocol import Ledger
from capture.ledger.terms import save_terms, saved_campaign
from tests.capture.desk import DAY
from tests.samples import NOW, PARTIES, campaign, submission


def test_two_campaigns_with_the_same_text_have_separate_leads_and_statements(
    ledger: Ledger,
) -> None:
    for number, slug in enumerate(("guide", "copy"), start=1):
        terms = campaign(slug=slug)
        sent = submission(terms, email=f"ann@{slug}.example")
        ledger.transact(lambda records, terms=terms: save_terms(records, terms, NOW))
        receipt = ledger.transact(
            lambda records, terms=terms, sent=sent: receive_submission(records, terms, sent, NOW)
        )
        closed = ledger.transact(
            lambda records, terms=terms: close_month(
                records, terms, PARTIES, "2026-11", NOW + 9 * DAY
            )
        )
        assert closed is not None
        statement = read_statement(closed)
        assert (statement.number, statement.campaign) == (f"acme-000{number}", slug)
        assert [line.lead_id for line in statement.lines] == [receipt.lead_id]
        stored = ledger.read(
            lambda reading, terms=terms: saved_campaign(reading, terms.slug, terms.version)
        )
        assert (stored.slug, stored.text) == (slug, terms.text)
