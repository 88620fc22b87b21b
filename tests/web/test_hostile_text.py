"""Hostile text in every field: never a 500, and harmless in page, export and terminal."""

import csv
import io
import itertools
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote_from_bytes, urlencode

import openpyxl
import pytest
import time_machine
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from capture.lead.model import Lead
from gatepost.cli import gatepost
from tests.long import rounds
from tests.samples import NOW
from tests.service import make_project
from tests.web.command_site import CommandSite, let_command_share_keys
from tests.web.markup import Markup

pytestmark = [pytest.mark.slow, pytest.mark.long]

CAMPAIGN = """\
title = "Everything"
client = "acme"
currency = "USD"
time_zone = "UTC"
kind = "demo"
consent = "I agree."
[fields]
full_name = { label = "Name", max_length = 10000 }
email = { label = "Work e-mail", type = "email" }
company = { label = "Company", required = false, max_length = 10000 }
website = { label = "Website", type = "url", required = false, max_length = 10000 }
seats = { label = "Seats", type = "integer", required = false }
size = { label = "Size", type = "choice", choices = ["1-50", "51+"], required = false }
needs = { label = "Needs", type = "multiple_choice", choices = ["=1+1", "<b>"], required = false }
country = { label = "Country", type = "country", required = false }
phone = { label = "Phone", type = "phone", required = false }
message = { label = "Message", type = "long_text", required = false, max_length = 10000 }
[criteria]
full_name = { none_of = ["Nobody"] }
[price]
model = "cpl"
rate = 50
billable = "accepted"
[review]
reasons = { no_person = "The person does not exist." }
[quarantine]
enabled = false  # all posts of this test come from one network
"""
VERSION = sha256(CAMPAIGN.encode()).hexdigest()
FIELDS = ("full_name", "email", "company", "website", "seats", "size", "needs", "country", "phone")
CONTROL = (
    "gp_version",
    "gp_id",
    "gp_seconds",
    "gp_first",
    "gp_last",
    "gp_page",
    "gp_test",
    "homepage",
)
NAMES = (*FIELDS, "message", "consent", *CONTROL)
HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</textarea></select><form action=//evil.example><input name=email>",
    "{{ 7*7 }}{% raw %}",
    "a\r\nSet-Cookie: a=b\r\n\r\n<html>",
    "nul\0inside",
    '=cmd|"/c calc"!A0',
    "  =1+1",
    "\u00a0@SUM(A1)",
    "+1",
    "-1",
    "\t=1",
    "\r\n=1",
    "\uff1d1+1",
    "'; DROP TABLE leads; --",
    "\x1b]0;title\x07\x1b[2J\x1b[31mred\x9b31m",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "[red]markup[/red][/]",
    "e\u0301" + "\u0301" * 400,
    "x" * 900,
    "\U0001f600" * 300,
    "\ud7ff\ue000\ufffe\uffff\U000e0041",
    "\\u0000\\ud800 _x000D_ &#x3c;b&#x3e;",
)
anything = st.one_of(
    st.sampled_from(HOSTILE).map(str.encode),
    st.binary(max_size=40),
    st.text(max_size=40).map(str.encode),
)
touch = st.dictionaries(
    st.sampled_from(["path", "referrer", "time", "utm_source", "gclid", "constructor"]),
    st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20), st.none(), st.integers()),
).map(lambda touch: json.dumps(touch).encode())
numbers = itertools.count()
quickly = settings(
    max_examples=rounds(120, 3000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Site(CommandSite):
    """The service in this process, over a real ledger in a project of its own."""

    def __init__(self, folder: Path) -> None:
        (make_project(folder) / "campaigns" / "everything.toml").write_text(CAMPAIGN)
        super().__init__(folder)

    def leads(self) -> list[Lead]:
        return self.ledger.read(lambda reading: list(reading.leads.select()))

    def post(self, form: Mapping[str, bytes], **more: str) -> TestResponse:
        """Posts the raw bytes of each field, percent-encoded, with the page's version."""
        form = {"gp_version": VERSION.encode(), **form}
        body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in form.items())
        kind = "application/x-www-form-urlencoded"
        return self.client.post("/f/everything", data=body, content_type=kind, **more)


@pytest.fixture(scope="module", autouse=True)
def _on_a_fixed_day() -> Iterator[None]:
    """A fixed day in mid-month: what silence accepts two days later is in the same month."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def parts_of(pages: list[str]) -> tuple[set[object], set[str]]:
    """Every kind of tag with the names of its attributes, and every address."""
    tags = [tag for page in pages for tag in Markup(page).tags]
    kinds = {(name, tuple(sorted(attributes))) for name, attributes in tags}
    addresses = {
        attributes.get(key, "") for _, attributes in tags for key in ("href", "src", "action")
    }
    return kinds, addresses


@pytest.fixture
def harmless(site: Site) -> tuple[set[object], set[str]]:
    """All tags and addresses of pages for harmless forms, valid and invalid in every way."""
    right = {"size": b"51+", "needs": b"=1+1", "country": b"US", "consent": b"y"}
    wrong = dict.fromkeys((*FIELDS, "message"), b"?")
    some = {"full_name": b"Ann", "email": b"x", "seats": b"1", "website": b"a.example"}
    old = {**right, "gp_version": b"0" * 64, "email": b"ann@old.example"}
    long = dict.fromkeys((*FIELDS, "message"), b"x" * 5000)  # optional contact data too is refused
    forms = [right, wrong, {}, some, old, long]
    return parts_of(
        [*(site.post(form).text for form in forms), site.client.get("/f/everything").text]
    )


def test_hostile_input_is_answered_and_escaped(
    site: Site, harmless: tuple[set[object], set[str]]
) -> None:
    @quickly
    @given(st.dictionaries(st.sampled_from(NAMES), anything), anything)
    def any_form(form: dict[str, bytes], referer: bytes) -> None:
        text = referer.decode("latin-1").replace("\r", "").replace("\n", "")
        answer = site.post(form, headers={"Referer": text})
        assert answer.status_code in {303, 413, 422}
        kinds, addresses = parts_of([answer.text])
        if answer.status_code == 422:
            assert kinds <= harmless[0]
            assert addresses <= harmless[1]

    any_form()
    assert site.ledger.verify().problems == ()


def test_a_hostile_query_does_not_change_the_page(
    site: Site, harmless: tuple[set[object], set[str]]
) -> None:
    @quickly
    @given(
        st.dictionaries(st.sampled_from(["utm_source", "test", "gclid", "x"]), anything), anything
    )
    def any_query(query: dict[str, bytes], path: bytes) -> None:
        page = site.client.get(f"/f/everything?{urlencode(query)}")
        assert page.status_code == 200
        assert parts_of([page.text])[0] <= harmless[0]
        for where in ("/f/", "/d/", "/f/everything/thanks?t="):
            assert site.client.get(where + quote_from_bytes(path)).status_code in {
                404,
                410,
                200,
                308,
            }

    any_query()


@pytest.mark.parametrize("name", NAMES)
def test_a_megabyte_in_any_field_is_refused(site: Site, name: str) -> None:
    assert site.post({name: b"<" * 1_000_000}).status_code == 413


@pytest.mark.parametrize("name", NAMES)
def test_sixty_kilobytes_in_any_field_are_answered(site: Site, name: str) -> None:
    assert site.post({name: "\u0301".encode() * 10_000}).status_code in {303, 422}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Many qualified leads, with hostile text in every text field."""
    site = Site(tmp_path_factory.mktemp("stored"))

    @quickly
    @given(*[st.one_of(st.just(b""), anything)] * 3, touch, touch)
    def good_form(name: bytes, company: bytes, message: bytes, first: bytes, last: bytes) -> None:
        number = next(numbers)
        answer = site.post(
            {
                "full_name": b"Ann " + name,
                "email": f"ann@clinic{number}.example".encode(),
                "company": company,
                "message": message,
                "needs": b"=1+1",
                "phone": b"+1 212 555 0100",
                "seats": b"-5",
                "consent": b"y",
                "gp_first": first,
                "gp_last": last,
            }
        )
        assert answer.status_code in {303, 422}

    good_form()
    for text in HOSTILE:
        form = {"email": f"ann@clinic{next(numbers)}.example".encode(), "consent": b"y"}
        site.post(form | dict.fromkeys(("full_name", "company", "message"), text.encode()))
    return site


@pytest.fixture
def run(stored: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """Runs `gatepost ...` on the hostile leads, in this process."""
    monkeypatch.chdir(stored.folder)
    let_command_share_keys(monkeypatch)
    assert len(stored.leads()) > 100

    def command(*words: str) -> bytes:
        done = CliRunner().invoke(gatepost, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout_bytes

    return command


def exported(run: Callable[..., bytes], shape: str) -> bytes:
    when = ("--month", "2026-11", "--as-of", "2199-01-01")
    return run("export", "everything", *when, "--format", shape)


def test_no_cell_of_a_csv_export_is_a_formula(run: Callable[..., bytes]) -> None:
    rows = list(csv.reader(io.StringIO(exported(run, "csv").decode(), newline="")))
    assert len(rows) > 100
    assert {len(row) for row in rows} == {len(rows[0])}
    cells = {cell for row in rows for cell in row} - {"+12125550100"}  # a phone number is none
    starts = {cell.strip()[:1] for cell in cells} | {cell[:1] for cell in cells}
    assert not starts & {"=", "+", "@", "\t", "\r", "\n", "\uff1d"}
    negative = {cell for row in rows for cell in row if cell.strip().startswith("-")}
    assert negative <= {"-5"}  # a number that is one


def test_an_xlsx_export_contains_only_texts_and_numbers(run: Callable[..., bytes]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(exported(run, "xlsx"))).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert all(cell.hyperlink is None for cell in cells)
    heads = {sheet.cell(1, cell.column).value for cell in cells if cell.data_type == "n"}
    assert heads == {"amount", "seats"}


def test_a_json_lines_export_has_one_object_a_line(run: Callable[..., bytes], stored: Site) -> None:
    rows = [json.loads(line) for line in exported(run, "jsonl").decode().split("\n")[:-1]]
    qualified = {lead.lead_id for lead in stored.leads() if lead.review == "qualified"}
    assert len(rows) == len(qualified)
    assert {row["lead_id"] for row in rows} == qualified


def test_terminal_output_contains_no_control_sequences(
    run: Callable[..., bytes], stored: Site
) -> None:
    outputs = [run("leads", "everything", "--limit", "10000")]
    outputs += [run("leads", "--json"), run("campaigns", "list")]
    outputs += [run("lead", lead.lead_id) for lead in stored.leads()]
    outputs += [run("lead", "--json", lead.lead_id) for lead in stored.leads()[-len(HOSTILE) :]]
    characters = set().union(*(text.decode() for text in outputs)) - {"\n"}
    obeyed = {c for c in characters if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}}
    assert obeyed == set()
