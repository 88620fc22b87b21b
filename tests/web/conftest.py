"""One running service for each module; its tests share it and use different people."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import Service, make_project, serving


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A separate project folder for the test."""
    return make_project(tmp_path)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two workers behind one trusted proxy, so that each test can post from its own address."""
    with serving(make_project(tmp_path_factory.mktemp("project"))) as started:
        yield started
        assert started.run("verify").returncode == 0
