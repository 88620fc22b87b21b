"""A client's own record; single mistakes in it stand in mistakes.toml."""

from capture.campaign.files import read_client

C = "clients/acme.toml"


def test_a_missing_header_is_told_where_its_keys_stand(after) -> None:
    assert after(("[contacts]\n", ""), file=C) == [
        f"{C}: contacts: is missing; add the table [contacts]",
        f'{C}:6: bills = ["bills@acme.example.com"]: is not a key of this table; '
        "it belongs under [contacts]",
    ]


def test_a_client_without_extras_owes_in_thirty_days_in_english(project) -> None:
    client = read_client(project / C)
    assert (client.payment_days, client.languages, client.slug) == (30, ("en",), "acme")
    assert str(client.vat_rate) == "19"
