"""The agency's costs files, which are separate because the client has the campaign file."""

from pathlib import Path

import pytest

from capture.campaign.catalogue import read_all_costs, read_catalogue, read_costs
from capture.errors import FileErrors
from tests.samples import CAMPAIGN

FIXED = 'since = "2026-10"\n[fixed]\nwriting = 600.00\ntools = 90.50\n'


def write_costs(folder: Path, text: str) -> Path:
    path = folder / "guide.costs.toml"
    path.write_text(text)
    return path


def test_a_months_sum_has_fixed_and_additional_costs(tmp_path: Path) -> None:
    costs = read_costs(write_costs(tmp_path, f'{FIXED}[months."2026-11"]\nads = 1200\n'), "USD")
    assert costs.by_month("2026-12", "USD") == {
        "2026-10": 69_050,
        "2026-11": 189_050,
        "2026-12": 69_050,
    }
    assert costs.by_month("2026-10", "USD") == {"2026-10": 69_050}


def test_fixed_costs_end_with_until(tmp_path: Path) -> None:
    costs = read_costs(write_costs(tmp_path, f'until = "2026-11"\n{FIXED}'), "USD")
    assert list(costs.by_month("2027-03", "USD")) == ["2026-10", "2026-11"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fixed]\nads = 5\n", ':1: fixed: has no first month; add since = "2026-11" at the top'),
        ('since = "2026-13"\n', ':1: since = "2026-13": must be a month such as 2026-11'),
        ('[months."11"]\nads = 5\n', ":1: months.11: must be a month such as 2026-11"),
        ('until = "2026-09"\n' + FIXED, ':1: until = "2026-09": is before since = 2026-10'),
        (
            FIXED + "ads = 0.001\n",
            ":5: fixed.ads = 0.001: has more decimals than USD allows; write fewer",
        ),
        (FIXED + "ads = -1\n", ":5: fixed.ads = -1: must be more than 0"),
        ("monthly = 4\n", ":1: monthly = 4: is not a known key; did you mean `months`?"),
    ],
)
def test_a_mistake_is_reported_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FileErrors) as caught:
        read_costs(write_costs(tmp_path, text), "USD")
    assert f"guide.costs.toml{message}" in str(caught.value)


def test_costs_without_a_campaign_are_a_mistake(tmp_path: Path) -> None:
    write_costs(tmp_path, FIXED)
    with pytest.raises(FileErrors, match=r"guide\.costs\.toml: there is no campaign `guide`"):
        read_all_costs(tmp_path, {})


def test_a_costs_file_does_not_change_campaigns_or_versions(tmp_path: Path) -> None:
    for folder in ("campaigns", "clients"):
        (tmp_path / folder).mkdir()
    (tmp_path / "campaigns/guide.toml").write_text(CAMPAIGN)
    (tmp_path / "clients/acme.toml").write_text(
        (Path(__file__).parents[3] / "clients/acme.toml").read_text()
    )
    folders = [tmp_path / name for name in ("campaigns", "clients", "gated")]
    before = read_catalogue(*folders).campaigns
    write_costs(tmp_path / "campaigns", FIXED)
    assert read_catalogue(*folders).campaigns == before


def test_costs_in_the_campaign_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "guide.toml").write_text(CAMPAIGN + "\n[costs]\nads = 5\n")
    with pytest.raises(FileErrors, match=r"costs: is not a key of this file.*<slug>\.costs\.toml"):
        read_catalogue(tmp_path, tmp_path / "none", tmp_path / "none")
