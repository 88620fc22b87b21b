"""The service reads campaigns through a link to the current release, which may be replaced."""

import os
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from capture.errors import NotFound
from capture.ledger import open_ledger
from capture.web.config import LiveSite, WebConfig
from capture.web.services import LiveCatalogue
from gatepost.server.serve import web_config
from gatepost.settings import Settings
from tests.service import GUIDE, make_project


@pytest.fixture
def config(tmp_path: Path) -> WebConfig:
    """Two releases with the same time and size; the first is current."""
    make_project(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two", symlinks=True)
    new = tmp_path / "two/campaigns" / f"{GUIDE}.toml"
    old = new.read_text()
    assert "at_least = 101" in old
    (tmp_path / "one/campaigns" / new.name).write_text(old)
    new.write_text(old.replace("at_least = 101", "at_least = 501"))
    shutil.copy(new, tmp_path / "two/campaigns/brand-new.toml")
    facts = tmp_path / "two/output/site.json"
    facts.write_text(facts.read_text().replace('"A site."', '"A cite."'))
    for path in (p for p in tmp_path.rglob("*") if p.is_file() and not p.is_symlink()):
        os.utime(path, ns=(10**18, 10**18))
    (tmp_path / "current").symlink_to("one")
    settings = Settings(
        campaigns_dir=tmp_path / "current/campaigns",
        clients_dir=tmp_path / "current/clients",
        gated_dir=tmp_path / "current/content/gated",
        output_dir=tmp_path / "current/output",
        var_dir=tmp_path / "var",
        database_url=f"sqlite:///{tmp_path}/var/gatepost.db",
    )
    return web_config(settings)


@pytest.fixture
def catalogue(config: WebConfig) -> Iterator[LiveCatalogue]:
    ledger = open_ledger(config.database_url, config.duplicate_key)
    yield LiveCatalogue(config, ledger)
    ledger.close()


def swap(config: WebConfig) -> None:
    root = config.campaigns.parents[1]
    (root / ".current").symlink_to("two")
    (root / ".current").replace(root / "current")


def version_shown(config: WebConfig) -> str:
    """The campaign version in the forms of the current release."""
    return sha256((config.campaigns / f"{GUIDE}.toml").read_bytes()).hexdigest()


def test_a_changed_form_of_a_new_release_is_known_immediately(
    config: WebConfig, catalogue: LiveCatalogue
) -> None:
    swap(config)
    version = version_shown(config)
    assert catalogue.campaign(GUIDE, version).version == version


def test_a_new_campaign_of_a_new_release_is_known_immediately(
    config: WebConfig, catalogue: LiveCatalogue
) -> None:
    with pytest.raises(NotFound):
        catalogue.campaign("brand-new")
    swap(config)
    assert catalogue.campaign("brand-new").slug == "brand-new"


def test_two_releases_of_the_same_time_are_distinguished(
    config: WebConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.web.config.RELOAD_SECONDS", 0)
    site = LiveSite(config.site_facts)
    swap(config)
    assert site.current().tagline == "A cite."
