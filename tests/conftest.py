"""Fixtures and hooks for the tests of all rooms."""

from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from tests import needs as needs_module
from tests.needs import needs, starts_server

# No time limit for one example: its time depends on the load of the machine.
settings.register_profile("gatepost", parent=settings(), deadline=None)
settings.load_profile("gatepost")

SERVERS = frozenset({"browser", "service", "server", "preview", "nginx"})
"""Fixtures that start a server or a browser."""


@pytest.hookimpl(tryfirst=True)  # before pytest itself selects by -m
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests with a fixture of `SERVERS` as `server`; other such modules mark themselves.

    Modules with servers or slow tests run first. If a long module started last, all other workers
    would wait for it.
    """
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("server")
    long_modules = {item.path for item in items if is_long(item)}
    items.sort(key=lambda item: item.path not in long_modules)


def is_long(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("server", "slow"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tells `starts_server` which test is running."""
    needs_module.running = item
    return (yield)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    starts_server()
    program = needs("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking"],
        )
        yield browser
        browser.close()
