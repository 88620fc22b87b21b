"""The two campaigns and the client that the project ships."""

from pathlib import Path

from capture.campaign.catalogue import read_catalogue

ROOT = Path(__file__).parents[3]


def test_the_shipped_campaigns_and_client_are_valid(tmp_path: Path) -> None:
    for name in ("cloud-guide.pdf", "lead-kpis.xlsx"):
        (tmp_path / name).write_bytes(b"the file")
    catalogue = read_catalogue(ROOT / "campaigns", ROOT / "clients", gated=tmp_path)
    assert list(catalogue.campaigns) == ["acme-cloud-guide", "acme-demo"]
    assert list(catalogue.clients) == ["acme"]
