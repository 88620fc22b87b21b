"""All campaigns and clients together, and references between their files."""

import pytest

from capture.campaign.catalogue import Catalogue, read_catalogue
from capture.errors import NotFound


@pytest.fixture
def catalogue(project) -> Catalogue:
    return read_catalogue(project / "campaigns", project / "clients", project / "gated")


def test_campaigns_and_clients_are_found_by_the_names_of_their_files(catalogue) -> None:
    assert catalogue.campaign("guide").client == "acme"
    assert catalogue.client("acme").legal_name == "Acme, Inc."


def test_an_unknown_campaign_is_refused_with_a_similar_name(catalogue) -> None:
    with pytest.raises(NotFound, match=r"^no campaign `giude`; did you mean `guide`\?$"):
        catalogue.campaign("giude")


def test_an_unknown_client_is_refused_with_the_known_clients(catalogue) -> None:
    with pytest.raises(NotFound, match=r"^no client `bmw`; there are: acme$"):
        catalogue.client("bmw")


def test_a_catalogue_cannot_be_changed(catalogue) -> None:
    with pytest.raises(TypeError):
        catalogue.campaigns["other"] = catalogue.campaign("guide")


def test_missing_folders_count_as_empty(tmp_path) -> None:
    catalogue = read_catalogue(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert (dict(catalogue.campaigns), dict(catalogue.clients)) == ({}, {})


@pytest.mark.parametrize(
    ("client", "fix"),
    [("acne", "did you mean `acme`?"), ("bmw", "write clients/bmw.toml")],
)
def test_a_client_without_a_file_is_reported(problems_after_change, client, fix) -> None:
    assert problems_after_change(('client = "acme"', f'client = "{client}"')) == [
        f'campaigns/guide.toml:2: client = "{client}": no such client; {fix}'
    ]


def test_a_client_with_an_invalid_file_is_not_reported_as_unknown(problems_after_change) -> None:
    assert problems_after_change(("vat_rate = 19", "vat_rate = -1"), file="clients/acme.toml") == [
        "clients/acme.toml:4: vat_rate = -1: must be 0 or more"
    ]


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("guid.pdf", "did you mean `guide.pdf`?"),
        ("Guide.pdf", "did you mean `guide.pdf`?"),
        ("numbers.xlsx", "add it there"),
    ],
)
def test_a_missing_asset_is_reported(problems_after_change, name, fix) -> None:
    assert problems_after_change(('"guide.pdf"', f'"{name}"')) == [
        f'campaigns/guide.toml:7: assets holds "{name}": no such file in gated/; {fix}'
    ]


def test_a_link_that_leads_out_of_the_gated_folder_is_refused(
    project, problems_after_change
) -> None:
    (project / "secret").write_text("leads")
    (project / "gated" / "link.pdf").symlink_to(project / "secret")
    assert problems_after_change(('"guide.pdf"', '"link.pdf"')) == [
        'campaigns/guide.toml:7: assets holds "link.pdf": is a link that leads out of gated/; '
        "put the file itself there"
    ]


def test_a_link_inside_the_gated_folder_is_accepted(project, problems_after_change) -> None:
    (project / "gated" / "latest.pdf").symlink_to("guide.pdf")
    assert problems_after_change(('"guide.pdf"', '"latest.pdf"')) == []


def test_a_folder_is_not_an_asset(project, problems_after_change) -> None:
    (project / "gated" / "all").mkdir()
    assert problems_after_change(('"guide.pdf"', '"all"')) == [
        'campaigns/guide.toml:7: assets holds "all": is not a file in gated/; name a file'
    ]


def test_the_mistakes_of_all_files_are_reported_together(
    project, problems_after_change, campaign_text
) -> None:
    broken = campaign_text.replace('"USD"', '"usd"').replace('"acme"', '"acne"')
    (project / "campaigns" / "demo.toml").write_text(broken)
    (project / "clients" / "Bad Name.toml").write_text("")
    assert problems_after_change(("at_least = 51", "at_least = 0x")) == [
        "clients/Bad Name.toml: name it in small letters, digits and single hyphens, "
        "such as acme-demo.toml",
        'campaigns/demo.toml:2: client = "acne": no such client; did you mean `acme`?',
        'campaigns/demo.toml:3: currency = "usd": is not an ISO 4217 code; did you mean `USD`?',
        "campaigns/guide.toml:38: not TOML: there is text after the value; write one key on a line",
    ]
