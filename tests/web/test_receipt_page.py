"""`/consent/<token>`: the receipt of a consent as a page."""

from datetime import timedelta

from capture.privacy.withdraw import withdraw_consent
from capture.signed_links import consent_path
from capture.web.services import EXTENSION
from tests.samples import CAMPAIGN, NOW, campaign
from tests.web.person import ASK, HOUR, WORDING, Person


def test_the_receipt_shows_the_old_wording_after_a_change(person: Person) -> None:
    lead_id = person.send_form("/a-post/")
    newer = CAMPAIGN.replace(WORDING, "I agree to everything.")
    (person.folder / "campaigns/guide.toml").write_text(newer)
    person.world.app.extensions[EXTENSION].catalogue._checked_at = float("-inf")
    text = person.text(consent_path(person.world.signer.consent(lead_id)))
    assert WORDING in text
    assert "I agree to everything." not in text
    assert campaign().version in text
    assert "<dt>On the page</dt><dd>/a-post/</dd>" in text
    assert f'href="{ASK}"' in text


def test_the_receipt_names_only_pages_that_can_be_ours(person: Person) -> None:
    lead_id = person.send_form("/Win 1000 dollars at casino.example")
    text = person.text(consent_path(person.world.signer.consent(lead_id)))
    assert "casino" not in text


def test_the_link_does_not_end_and_the_receipt_shows_the_withdrawal(person: Person) -> None:
    lead_id = person.send_form()
    path = consent_path(person.world.signer.consent(lead_id))
    person.clock.move_to(NOW + timedelta(days=400))
    later = NOW + HOUR
    person.world.ledger.transact(lambda records: withdraw_consent(records, lead_id, later))
    text = person.text(path)
    assert WORDING in text
    assert "<dt>Withdrawn</dt><dd>Monday, 23 November 2026, 11:00" in text
