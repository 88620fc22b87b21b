"""What tests of several rooms share."""

from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import needs as parts
from tests.needs import needs, starts_server

SERVERS = frozenset({"browser", "service", "server", "preview", "nginx"})
"""Fixtures that start a process which listens, or a browser."""


@pytest.hookimpl(tryfirst=True)  # before pytest itself selects by -m
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks a test as `server` by its fixtures; a module without such a fixture says so itself.

    Modules with servers or slow tests come first: side by side, a long one that begins last is
    waited for with an idle core.
    """
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("server")
    long = {item.path for item in items if takes_long(item)}
    items.sort(key=lambda item: item.path not in long)


def takes_long(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("server", "slow"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Lets `starts_server` know which test is running."""
    parts.running = item
    return (yield)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real one, the system's."""
    starts_server()
    program = needs("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking"],
        )
        yield started
        started.close()
