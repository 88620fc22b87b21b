"""The processes that fork builds; their start takes longer than several builds."""

from collections.abc import Iterator

import pytest

from tests.publish.rebuilding.rebuilds import Servers, build_servers


@pytest.fixture(scope="session")
def builds() -> Iterator[Servers]:
    with build_servers() as servers:
        yield servers
