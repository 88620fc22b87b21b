"""Requests that no page of the desk sends. Each is answered with a page, and never with a 500.

The parameters of each route are learnt from what its view reads, so a new one needs no entry here.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import cycle
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.long import rounds
from tests.web.desk.conftest import PREFIX, Browser, DeskWorld
from tests.web.desk.test_quarantine import held
from tests.web.desk.test_rules import desk_app

LONG = "".join(sha256(bytes([number])).hexdigest() for number in range(140))
"""Longer than a header may be, also compressed."""
NASTY = (
    *(LONG, "a\0b", "..", "%2f", "9" * 4400, "-1", "9223372036854775808", "1e999999999", "\u0661"),
    *("\u202e\u2028", "<script>alert(1)</script>", "\r\nA: b", "0001-01-01", "9999-12-31"),
    *("0001-01", "9999-12", "0000-01", "9999-12-31T23:59", "0001-01-01T00:00:00+23:59~x"),
    *("9999-12-31T23:59:59-23:59_x", "~0001-01-01T00:00:00+23:59~x", "2026-11-30T00:00:00~x"),
    *("9999-12-31T23:59:59-23:59~0001-01-01T00:00:00+23:59~x", "0001-01-01T00:00:00+23:59_x"),
)
"""Texts for parameters and parts of a path: lengths, signs, numbers, times and positions."""
CHOICES = {
    "action": ("accept", "reject", "settle", "release"),
    "outcome": ("scheduled", "won", "revenue", "objected"),
    "act": ("accept", "reject", "discard"),
}
"""Values without which a form is refused before its other fields are read."""


class Fuzz:
    """A user's browser that sends nasty requests, and the names that each view reads from them."""

    def __init__(self, app: Flask, browser: Browser, known: Mapping[str, str]) -> None:
        self.browser, self.known = browser, known
        self.names: defaultdict[str, set[str]] = defaultdict(set)
        self.endpoint, self.turn = "", 0
        self.failures: list[str] = []
        browser.get("/no/such")  # a page for every role, with the token of its forms

        class Recorded(ImmutableMultiDict[str, str]):
            def get(recorded, key: str, *rest: Any, **options: Any) -> Any:  # type: ignore[override]  # noqa: N805
                self.names[self.endpoint].add(key)
                return super().get(key, *rest, **options)

            def getlist(recorded, key: str, *rest: Any) -> Any:  # type: ignore[override]  # noqa: N805
                self.names[self.endpoint].add(key)
                return super().getlist(key, *rest)

        storage = {"parameter_storage_class": Recorded}
        app.request_class = type("RecordedRequest", (app.request_class,), storage)

    def send(self, rule: Rule, method: str, path: str, values: Mapping[str, str]) -> None:
        """Sends one request, and notes an answer that is no page."""
        self.endpoint = f"{method} {rule.rule}"
        answer: TestResponse = (
            self.browser.post(path, **values)
            if method == "POST"
            else self.browser.client.get(f"{PREFIX}{path}", query_string=values)
        )
        sizes = [len(value) for name, value in answer.headers if name in {"Set-Cookie", "Location"}]
        is_page = answer.status_code < 500 and b"<script>alert" not in answer.data
        if not is_page or max(sizes, default=0) > 4000:
            self.failures.append(f"{self.endpoint} {values!r:.80}: {answer.status} {sizes}")

    def attack(self, rule: Rule, method: str) -> None:
        """Sends every text in each part of the path, and in each parameter that the view reads."""
        for text in NASTY if rule.arguments else ():
            self.send(rule, method, self.path(rule, text), {})
        path = self.path(rule)
        self.send(rule, method, path, {})
        tried: set[str] = {"csrf_token"}
        while names := self.names[f"{method} {rule.rule}"] - tried:
            tried |= names
            for name in sorted(names):
                others = cycle(self.choices(tried))
                for text in self.texts(method):
                    self.send(rule, method, path, {**next(others), name: text})

    def texts(self, method: str) -> Sequence[str]:
        """All texts; of forms, which write to the ledger, each time another fourth of them."""
        step = rounds(4, 1) if method == "POST" else 1
        self.turn += 1
        return NASTY[self.turn % step :: step]

    def path(self, rule: Rule, text: str = "") -> str:
        """The route's path with this text in each part; without one, with values that it finds."""
        path = rule.rule.replace("int(max=9223372036854775807):", "")
        for name in rule.arguments:
            path = path.replace(f"<{name}>", quote(text or self.known.get(name, "1"), safe=""))
        return path

    def choices(self, names: set[str]) -> Iterator[dict[str, str]]:
        yield {}
        for name in CHOICES.keys() & names:
            for value in CHOICES[name]:
                yield {name: value, "lead": self.known["lead_id"], "stated": "yes", "told": "yes"}


@pytest.mark.parametrize(
    ("method", "name"),
    [
        *(("GET", "ada"), ("GET", "carol"), ("GET", "vera")),
        *(
            pytest.param("POST", name, marks=[pytest.mark.slow, pytest.mark.long])
            for name in ("ada", "carol")
        ),
    ],
)
def test_no_text_in_a_request_breaks_a_page(desk: DeskWorld, method: str, name: str) -> None:
    app, lead_id = desk_app(desk.app), desk.world.take("sales")
    held(desk)
    known = {"lead_id": lead_id, "slug": "guide", "month": "2026-11", "client": "acme"}
    fuzz = Fuzz(app, desk.user(name), known | {"version": desk.world.terms["guide"].version})
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.endpoint != "login.leave":
            fuzz.attack(rule, method)
    assert fuzz.failures == []
