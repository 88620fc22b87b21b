"""Client files; mistakes.toml has the single mistakes."""

from capture.campaign.files import read_client

C = "clients/acme.toml"


def test_a_missing_header_is_reported_at_its_keys(problems_after_change) -> None:
    assert problems_after_change(("[contacts]\n", ""), file=C) == [
        f"{C}: contacts: is missing; add the table [contacts]",
        f'{C}:6: bills = ["bills@acme.example.com"]: is not a key of this table; '
        "it belongs under [contacts]",
    ]


def test_the_defaults_are_thirty_days_and_english(project) -> None:
    client = read_client(project / C)
    assert (client.payment_days, client.languages, client.slug) == (30, ("en",), "acme")
    assert str(client.vat_rate) == "19"


def test_a_campaign_that_notifies_by_mail_is_valid_once_its_client_has_an_address(
    problems_after_change,
) -> None:
    notified_by_mail = ("hours = 48", 'hours = 48\nnotice = "email"')
    bills = 'bills = ["bills@acme.example.com"]\n'
    address = (bills, f'{bills}notices = ["leads@acme.example.com"]\n')
    assert len(problems_after_change(notified_by_mail)) == 1
    assert problems_after_change(address, file=C) == []


def test_a_client_gets_a_letter_for_each_lead_by_default(project) -> None:
    assert read_client(project / C).notice_frequency == "each"
