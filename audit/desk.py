"""Fetches every page of the desk, and those behind the links of letters, on a demonstration."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from playwright.sync_api import APIRequestContext, APIResponse, Browser, sync_playwright

from audit.crawl import find_pages
from audit.demonstration import DEMO, DemoUser, demonstration, launch
from audit.letters import letter_paths
from audit.pages import Resource, nu_errors

BEFORE_LOGIN: Final = ("login", "forgot")
UNKNOWN: Final = "no/such/page"
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


def faults(project: Path) -> Iterator[str]:
    """Each error of the Nu HTML checker in one of these pages; `project` must have been built."""
    with tempfile.TemporaryDirectory() as folder:
        pages = _fetch_desk(Path(folder), project)
    print(f"{len(pages)} pages of the desk and behind the links of letters", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        yield from nu_errors(pages, Path(folder))


def _fetch_desk(folder: Path, project: Path) -> dict[str, Resource]:
    """The pages of each user, and those before the login, by role and address."""
    with demonstration(folder, project) as (origin, users), sync_playwright() as playwright:
        browser = launch(playwright)
        desk = f"{origin}/desk/"
        pages = _pages_before_login(browser, desk, users[0])
        pages |= _pages_of_letters(browser, origin, letter_paths(folder / DEMO))
        for user in users:
            pages |= _pages_of(browser, desk, user)
        browser.close()
        return pages


def _pages_before_login(browser: Browser, desk: str, user: DemoUser) -> dict[str, Resource]:
    """The login, the forms beside it, an invitation, and two of them after a mistake."""
    context = browser.new_context()
    addresses = [*(f"{desk}{path}" for path in BEFORE_LOGIN), user.link]
    answers = [context.request.get(address) for address in addresses]
    answers += [_send(context.request, address) for address in (addresses[0], user.link)]
    pages = {f"nobody {answer.status} {answer.url}": _resource(answer) for answer in answers}
    context.close()
    return pages


def _pages_of_letters(
    browser: Browser, origin: str, paths: Mapping[str, str]
) -> dict[str, Resource]:
    """The pages behind the links of letters, and the answers to their forms without a value."""
    context = browser.new_context()
    answers = {name: context.request.get(f"{origin}{path}") for name, path in paths.items()}
    answers |= {
        f"{name}, after nothing was chosen": context.request.post(answer.url, form={})
        for name, answer in answers.items()
        if '<form method="post"' in answer.text()
    }
    pages = {f"{name} {answer.status}": _resource(answer) for name, answer in answers.items()}
    context.close()
    return pages


def _pages_of(browser: Browser, desk: str, user: DemoUser) -> dict[str, Resource]:
    """Every page that links lead the user to, and the answer to an unknown address."""
    context = browser.new_context(timezone_id="America/New_York")
    page = context.new_page()
    user.log_in(page)
    addresses = [*find_pages(page, desk).values(), f"{desk}{UNKNOWN}", user.link]
    answers = [context.request.get(address) for address in addresses]
    if user.role == "agency":  # the page with the link of an invitation
        answers.append(_send(context.request, f"{desk}people", name="New", role="viewer"))
    pages = {f"{user.role} {answer.url}": _resource(answer) for answer in answers}
    context.close()
    return pages


def _send(request: APIRequestContext, address: str, **fields: str) -> APIResponse:
    """The answer to a form with the token of its page and these fields."""
    token = _TOKEN.search(request.get(address).text())
    assert token is not None, address
    return request.post(address, form={"csrf_token": token[1], **fields})


def _resource(answer: APIResponse) -> Resource:
    kind = answer.headers["content-type"].partition(";")[0]
    return Resource(answer.status, kind, answer.body())
