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
