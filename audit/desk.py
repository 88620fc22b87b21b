"""Fetches every page of the desk on a demonstration, as each of its users gets it."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playwright.sync_api import APIRequestContext, APIResponse, Browser, sync_playwright

from audit.crawl import find_pages
from audit.demonstration import DemoUser, demonstration, launch
from audit.pages import Resource, nu_errors

BEFORE_LOGIN: Final = ("login", "forgot")
UNKNOWN: Final = "no/such/page"
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


def faults(project: Path) -> Iterator[str]:
    """Each error of the Nu HTML checker in a page of the desk; `project` must have been built."""
    with tempfile.TemporaryDirectory() as folder:
        pages = _fetch_desk(Path(folder), project)
    print(f"{len(pages)} pages of the desk", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        yield from nu_errors(pages, Path(folder))


def _fetch_desk(folder: Path, project: Path) -> dict[str, Resource]:
    """The pages of each user, and those before the login, by role and address."""
    with demonstration(folder, project) as (origin, users), sync_playwright() as playwright:
        browser = launch(playwright)
        desk = f"{origin}/desk/"
        pages = _pages_before_login(browser, desk, users[0])
        for user in users:
            pages |= _pages_of(browser, desk, user)
        browser.close()
        return pages


def _pages_before_login(browser: Browser, desk: str, user: DemoUser) -> dict[str, Resource]:
    """The login, the forms beside it, and the login again after a mistake."""
    context = browser.new_context()
    addresses = [*(f"{desk}{path}" for path in BEFORE_LOGIN), user.link]
    answers = [context.request.get(address) for address in addresses]
    answers.append(_send_nothing(context.request, addresses[0]))
    pages = {f"nobody {answer.status} {answer.url}": _resource(answer) for answer in answers}
    context.close()
    return pages


def _pages_of(browser: Browser, desk: str, user: DemoUser) -> dict[str, Resource]:
    """Every page that links lead the user to, and the answer to an unknown address."""
    context = browser.new_context(timezone_id="America/New_York")
    page = context.new_page()
    user.log_in(page)
    addresses = [*find_pages(page, desk).values(), f"{desk}{UNKNOWN}"]
    answers = [context.request.get(address) for address in addresses]
    pages = {f"{user.role} {answer.url}": _resource(answer) for answer in answers}
    context.close()
    return pages


def _send_nothing(request: APIRequestContext, address: str) -> APIResponse:
    """The answer to the page's form with its token and nothing else."""
    token = _TOKEN.search(request.get(address).text())
    assert token is not None, address
    return request.post(address, form={"csrf_token": token[1]})


def _resource(answer: APIResponse) -> Resource:
    kind = answer.headers["content-type"].partition(";")[0]
    return Resource(answer.status, kind, answer.body())
