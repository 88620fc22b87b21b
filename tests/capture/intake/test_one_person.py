"""One mailbox is one person, for duplicates, suppression lists and keys of older versions.

See rule 39 of docs/rules.md.
"""

import pytest

from capture.errors import FileErrors
from capture.intake.receive import receive_submission
from capture.intake.suppression import match_suppressions, read_suppressions, suppress
from capture.lead.identity import keys_to_match, select_keys
from capture.ledger.protocol import Ledger
from tests.samples import CAMPAIGN, NOW, campaign, submission

COMPANY = f'{CAMPAIGN}\n[duplicates]\nkeys = ["email", "company_domain"]\n'


def stages(ledger: Ledger, *emails: str, text: str = CAMPAIGN) -> list[str]:
    terms = campaign(text=text)

    def take(email: str) -> str:
        sent = submission(terms, email=email)
        built = ledger.transact(lambda records: receive_submission(records, terms, sent, NOW))
        assert built.gate_result is not None
        return built.gate_result.kind.value

    return [take(email) for email in emails]


def entries(text: str) -> list[str]:
    return [entry.text for entry in read_suppressions(text.encode(), "list.csv")]


def faults(content: str) -> list[str]:
    with pytest.raises(FileErrors) as raised:
        read_suppressions(content.encode(), "list.csv")
    return [str(problem) for problem in raised.value.problems]


def test_three_addresses_of_one_gmail_mailbox_are_one_billable_lead(ledger: Ledger) -> None:
    came = stages(ledger, "ana+a@gmail.com", "a.n.a@gmail.com", "ana@googlemail.com")
    assert came == ["qualified", "duplicate", "duplicate"]


def test_two_addresses_with_nothing_before_their_tag_are_two_persons(ledger: Ledger) -> None:
    came = stages(ledger, "+a@plus.example", "+b@plus.example", "+A@plus.example")
    assert came == ["qualified", "qualified", "duplicate"]


def test_a_domain_with_a_sharp_s_is_another_company(ledger: Ledger) -> None:
    came = stages(ledger, "ann@fass.example", "ben@faß.example", "cy@faß.example", text=COMPANY)
    assert came == ["qualified", "qualified", "duplicate"]


def test_a_key_of_version_1_still_matches(ledger: Ledger) -> None:
    stages(ledger, "ann@fass.example")
    (lead_id,) = ledger.read(lambda reading: [lead.lead_id for lead in reading.leads.select()])
    old = select_keys(keys_to_match({"email": "ann@fass.example"}), {"email"})
    del old["email/2"]
    ledger.transact(lambda records: records.people.replace_keys(lead_id, "acme", old))
    assert stages(ledger, "ann+x@faß.example", "ben@fass.example") == ["duplicate", "qualified"]


def test_the_personal_data_have_the_exact_address(ledger: Ledger) -> None:
    stages(ledger, "A.n.a+guide@googlemail.com")
    (personal_data,) = ledger.read(
        lambda r: [r.people.personal_data(lead.lead_id) for lead in r.leads.select()]
    )
    assert personal_data is not None
    assert personal_data.answers["email"] == "A.n.a+guide@googlemail.com"


def test_a_suppression_list_matches_every_spelling_and_names_the_leads(ledger: Ledger) -> None:
    stages(ledger, "a.n.a@gmail.com", "ben@clinic.example", "cy@clinic.example")
    content = b"ana+x@googlemail.com\nclinic.example\nnobody@else.example"
    listed = read_suppressions(content, "l.csv")
    matches = ledger.read(lambda reading: match_suppressions(reading, "acme", listed))
    assert [(match.entry.line, match.is_known, len(match.leads)) for match in matches] == [
        (1, False, 1),
        (2, False, 2),
        (3, False, 0),
    ]
    assert ledger.transact(lambda records: suppress(records, "acme", listed, NOW, by="Ada")) == 3
    assert ledger.transact(lambda records: suppress(records, "acme", listed, NOW, by="Ada")) == 0
    assert stages(ledger, "an.a@gmail.com", "di@clinic.example") == ["suppressed"] * 2


def test_an_entry_of_version_1_still_matches(ledger: Ledger) -> None:
    keys = [("email", "ana@gmail.com")]
    ledger.transact(lambda records: records.people.suppress("acme", keys, NOW))
    (listed,) = read_suppressions(b"ana@gmail.com", "l.csv")
    assert stages(ledger, "ana+x@gmail.com") == ["suppressed"]
    assert ledger.transact(lambda records: suppress(records, "acme", [listed], NOW, by="Ada")) == 0
    assert stages(ledger, "a.na@gmail.com") == ["suppressed"]


def test_a_domain_that_can_match_no_lead_is_refused_with_the_reason() -> None:
    assert faults("domain\ngmail.com\n@eu.gmail.com\nmailinator.com\nnot an address\n") == [
        "list.csv:2: 'gmail.com': gmail.com is a free mail provider, not a company (rule 2), so it "
        "would match no lead; list the addresses instead",
        "list.csv:3: '@eu.gmail.com': eu.gmail.com is a free mail provider, not a company (rule 2)"
        ", so it would match no lead; list the addresses instead",
        "list.csv:4: 'mailinator.com': mailinator.com is a provider of disposable addresses; "
        "forms refuse them, so it would match no lead; remove the line",
        "list.csv:5: 'not an address': neither an e-mail address nor a domain",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a@b.example\nrival.example\n",
        "Email\na@b.example\n\nrival.example\n",
        'sep=;\r\nName;E-mail\r\n"Lee; Ann";a@b.example\r\n;rival.example\r\n',
        "\ufeffname,email,domain\nAnn,a@b.example,\nRival,,rival.example\n",
        "a@b.example;Acme, Inc.\nrival.example;Rival, Ltd.\n",
        'email\tname\n"a@b.example"\tAnn\nrival.example\n',
    ],
)
def test_a_list_is_read_like_any_other_table(text: str) -> None:
    assert entries(text) == ["a@b.example", "rival.example"]


def test_a_repeated_entry_of_a_list_is_read_once() -> None:
    assert entries("ana@gmail.com\na.na+x@gmail.com\n") == ["ana@gmail.com"]
