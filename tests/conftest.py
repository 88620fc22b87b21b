"""Fixtures and hooks for the tests of all rooms."""

import gc
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, expect, sync_playwright

from tests import needs as needs_module
from tests.command_server import stop_own_server
from tests.memory_folder import use_memory
from tests.needs import needs, starts_server
from tests.reuse import reuse
from tests.waiting import HANG_SECONDS

# No time limit for one example: its time depends on the load of the machine.
settings.register_profile("gatepost", parent=settings(), deadline=None)
settings.load_profile("gatepost")

# Tests start hundreds of commands: each would compile our modules again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

memory_folder = use_memory()

# A shell lets what runs in the background ignore SIGINT, and all processes of the tests inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A browser's page is as slow as the machine is busy.
expect.set_options(timeout=HANG_SECONDS * 1000)

TESTS = Path(__file__).parent
SERVERS = frozenset({"browser", "service", "server", "preview", "nginx"})
"""Fixtures that start a server or a browser."""
SLOW_FILES = frozenset(
    {
        "capture/documents/test_agreement_formats.py",
        "capture/documents/test_einvoice.py",
        "capture/documents/test_facturx.py",
        "capture/documents/test_printed_sums.py",
        "capture/form/test_drawing.py",
        "capture/intake/test_simulated_week.py",
        "capture/ledger/test_verify.py",
        "capture/test_drawing.py",
        "capture/test_export.py",
        "cli/test_backtest.py",
        "cli/test_einvoice.py",
        "cli/test_evidence.py",
        "cli/test_month_end.py",
        "cli/test_month_end_failures.py",
        "cli/test_output.py",
        "cli/test_printed_invoice.py",
        "deploy/test_limits.py",
        "gatepost/test_imports.py",
        "gatepost/test_release.py",
        "gatepost/test_settings.py",
        "publish/importers/test_markup.py",
        "publish/test_build.py",
        "publish/test_content_paths.py",
        "publish/test_gated.py",
        "publish/test_markdown_cache.py",
        "publish/test_pictures.py",
        "publish/test_problems.py",
        "publish/test_released_site.py",
        "publish/test_site_facts.py",
        "web/api/test_one_fact.py",
        "web/api/test_problems.py",
    }
)
"""Files that take the most time without a server: they draw documents, build sites, start commands
or use much data. `make check` leaves them out, and so stays quick enough to run before a commit."""


LONGEST_FILES = (
    "web/desk/test_every_page.py",
    "web/test_every_public_page.py",
    "web/desk/test_story.py",
    "deploy/test_push.py",
    "deploy/test_ledger_check.py",
    "gatepost/preview/test_preview.py",
    "deploy/test_publishing_under_load.py",
    "test_docs.py",
    "test_docs_shell.py",
    "gatepost/preview/test_browser.py",
    "web/desk/test_hostile_requests.py",
    "web/test_hostile_text.py",
)
"""Files that take a minute or more, the longest first. A file runs in one process."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Looks for no garbage among the modules and tests, neither now nor later: all of them stay.

    That would take a quarter of the time of collecting them, in each process.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before pytest itself selects by -m
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests with a fixture of `SERVERS` as `server`, and those of `SLOW_FILES` as `slow`.

    Other such modules mark themselves.

    The longest files run first, then the other modules with servers or slow tests. If a long module
    started last, all other workers would wait for it.
    """
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("server")
        if item.path.relative_to(TESTS).as_posix() in SLOW_FILES:
            item.add_marker("slow")
    places = {TESTS / name: place for place, name in enumerate(LONGEST_FILES)}
    long_modules = {item.path: len(places) for item in items if is_long(item)} | places
    items.sort(key=lambda item: long_modules.get(item.path, len(places) + 1))


def is_long(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("server", "slow"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tells `starts_server` which test is running."""
    needs_module.running = item
    return (yield)


@pytest.fixture(scope="session", autouse=True)
def _reused_tables_and_templates() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        tables = reuse(patch)
        yield
        tables.close()


@pytest.hookimpl(tryfirst=True)  # before pytest itself chooses a folder
def pytest_configure(config: pytest.Config) -> None:
    """Keeps paths short: the address of a Unix socket has 107 bytes at most."""
    if memory_folder and config.option.basetemp is None:
        config.option.basetemp = memory_folder.path / "t"


def pytest_sessionfinish(exitstatus: int) -> None:
    stop_own_server()
    if memory_folder and exitstatus == pytest.ExitCode.TESTS_FAILED:
        memory_folder.keep()


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
