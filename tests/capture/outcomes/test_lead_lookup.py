"""A row names its lead by id, or by e-mail address and campaign."""

import pytest

from capture.lead.events import Actor
from capture.review.acts import Act, reject
from tests.capture.outcomes.desk import ANN, DAY, HEADING, WON, Desk, known
from tests.samples import NOW, campaign


class TestLeadLookup:
    @pytest.mark.parametrize("address", ["ANN@Clinic.example", "ann+guide@clinic.example"])
    def test_an_e_mail_address_is_compared_as_for_duplicates(
        self, desk: Desk, address: str
    ) -> None:
        lead_id = desk.receive_lead()
        assert desk.import_table(WON.replace(ANN, address))[0].lead_id == lead_id
        assert known(desk.import_table(WON)) == [True]

    def test_a_row_means_the_only_lead_that_was_received_by_its_time(self, desk: Desk) -> None:
        terms = campaign("[duplicates]\nwindow = 365")
        first, second = desk.receive_lead(terms), desk.receive_lead(terms, NOW + 400 * DAY)
        late = f"{ANN},refunded,2028-01-03T09:00,,100.00"
        assert desk.import_table(WON, at=NOW + 500 * DAY)[0].lead_id == first
        (problem,) = desk.faults(WON, late, at=NOW + 500 * DAY)
        assert problem.startswith("3: email: 2 leads in guide by that time: ")
        assert first in problem
        assert second in problem
        assert problem.endswith("; name the right one by its lead_id")

    def test_an_address_without_a_lead_is_refused(self, desk: Desk) -> None:
        desk.receive_lead(company_size="1-50")
        message = (
            "email: 0 leads in guide by that time that the client was given; check the address "
            "and the time, or name the lead by its lead_id"
        )
        assert desk.faults(WON) == [f"2: {message}"]

    def test_a_duplicate_does_not_make_an_address_ambiguous(self, desk: Desk) -> None:
        first = desk.receive_lead()
        desk.receive_lead(full_name="A. Lee", at=NOW + DAY)
        assert desk.import_table(WON)[0].lead_id == first

    def test_the_campaign_column_selects_among_the_leads_of_a_person(self, desk: Desk) -> None:
        desk.receive_lead()
        other = desk.receive_lead(campaign(slug="other"))
        heading = HEADING.replace("email,", "email,campaign,")
        row = WON.replace(ANN, f"{ANN},other")
        assert desk.import_table(row, heading=heading)[0].lead_id == other
        (problem,) = desk.faults(WON, slug="gude")
        assert problem == ("2: no lead ever came to campaign 'gude'; look at the list of campaigns")

    def test_a_lead_id_must_be_of_the_named_campaign(self, desk: Desk) -> None:
        lead_id = desk.receive_lead()
        heading = HEADING.replace("email,", "lead_id,campaign,")
        row = WON.replace(ANN, f"{lead_id},other")
        assert desk.faults(row, heading=heading) == [
            f'2: campaign = "other": lead {lead_id} is of guide'
        ]
        unknown = WON.replace(ANN, "nobody,guide")
        assert desk.faults(unknown, heading=heading) == [
            '2: lead_id = "nobody": no such lead; look for it in the list of leads'
        ]

    def test_an_outcome_of_a_rejected_lead_is_refused_with_the_id_of_the_lead(
        self, desk: Desk
    ) -> None:
        lead_id = desk.receive_lead()
        act = Act(lead_id, "Carol", Actor.CLIENT)
        desk.ledger.transact(lambda records: reject(records, act, "too_small", NOW + DAY))
        assert desk.faults(WON) == [
            f"2: lead {lead_id} is rejected: only a qualified or accepted lead can be won"
        ]
