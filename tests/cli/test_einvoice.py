"""`gatepost statement NUMBER --format xml` and `--format facturx`, by the real commands."""

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pypdf
import pytest
import time_machine

from tests.capture.documents.einvoices import problems, read_xml
from tests.cli.conftest import Project

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
_CLIENT = """\
country = "NL"
city = "Amsterdam"
postcode = "1012 AB"
vat_id = "NL123456789B01"
vat_category = "reverse_charge"
vat_reason_code = "VATEX-EU-AE"
buyer_reference = "BR-7"
"""
_SETTINGS = {
    "COUNTRY": "DE",
    "CITY": "Berlin",
    "POSTCODE": "10115",
    "VAT_ID": "DE123456789",
    "LEGAL_ID": "HRB 12345",
    "EMAIL": "bills@northgate.example",
    "PHONE": "+49 30 1234567",
    "IBAN": "DE02120300000000202051",
    "BIC": "BYLADEM1001",
}


def run(project: Project, *args: str) -> str:
    """Runs a command that must succeed in December; its output."""
    with time_machine.travel(DECEMBER, tick=False):
        ran = project.run(*args)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def words(text: str) -> str:
    """The text with single spaces, because tables are padded."""
    return " ".join(text.split())


def set_client(project: Project, lines: str) -> None:
    """Adds lines to the client's file, above its first table."""
    file = project.folder / "clients/acme.toml"
    file.write_text(file.read_text().replace("\nlanguages", f"\n{lines}\nlanguages", 1))


@pytest.fixture
def lead_id(project: Project, monkeypatch: pytest.MonkeyPatch) -> str:
    """One lead of a client in the Netherlands; the agency is in Germany."""
    for name, value in _SETTINGS.items():
        monkeypatch.setenv(f"GATEPOST_AGENCY_{name}", value)
    set_client(project, _CLIENT)
    return project.take()


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
def test_invoice_and_credit_note_are_valid_e_invoices(
    project: Project, lead_id: str, syntax: str
) -> None:
    run(project, "close", "acme", "--month", "2026-11")
    credit = ("credit", "acme-0001", "--lead", lead_id, "--reason", "goodwill")
    run(project, *credit, "--amount", "20", "--as", "Ada")
    for number, kind, total in (("acme-0001", "380", 50), ("acme-0002", "381", 20)):
        xml = run(project, "statement", number, "--format", "xml", "--syntax", syntax).encode()
        assert problems(xml) == []
        read = read_xml(xml)
        assert (read.kind, read.number, read.total) == (kind, number, total)
        assert ("Lead reference", lead_id) in read.lines[0].attributes


def test_factur_x_is_a_pdf_with_the_xml_in_it(project: Project, lead_id: str) -> None:
    assert lead_id
    run(project, "close", "acme", "--month", "2026-11")
    run(project, "statement", "acme-0001", "--format", "facturx", "-o", "acme-0001.pdf")
    xml = run(project, "statement", "acme-0001", "--format", "xml").encode()
    reader = pypdf.PdfReader(io.BytesIO(Path("acme-0001.pdf").read_bytes()))
    assert reader.attachments == {"factur-x.xml": [xml]}
    assert "Invoice acme-0001" in reader.pages[0].extract_text()


def test_personal_data_are_in_the_xml_only_by_the_clients_choice(
    project: Project, lead_id: str
) -> None:
    campaign = project.folder / "campaigns/guide.toml"
    campaign.write_text(
        campaign.read_text().replace('label = "Name"\n', 'label = "Name"\nautocomplete = "name"\n')
    )
    set_client(project, 'line_reference = "initials"')
    named = project.take(email="bob@other.example", full_name="Bob Smith")
    run(project, "close", "acme", "--month", "2026-11")
    xml = run(project, "statement", "acme-0001", "--format", "xml")
    assert problems(xml.encode()) == []
    names = {
        dict(line.attributes)["Lead reference"]: dict(line.attributes).get("Lead", "")
        for line in read_xml(xml.encode()).lines
    }
    assert names == {lead_id: "", named: "B.S."}
    assert "Bob" not in xml
    assert "B.S." not in run(project, "statement", "acme-0001", "--format", "json")


def test_what_was_closed_stays_when_the_files_change(project: Project, lead_id: str) -> None:
    assert lead_id
    run(project, "close", "acme", "--month", "2026-11")
    xml = run(project, "statement", "acme-0001", "--format", "xml")
    file = project.folder / "clients/acme.toml"
    file.write_text(file.read_text().replace("Amsterdam", "Utrecht"))
    assert run(project, "statement", "acme-0001", "--format", "xml") == xml
    assert "all is well" in run(project, "verify")
    parties = json.loads(run(project, "statement", "acme-0001", "--format", "json"))["parties"]
    assert parties["customer"]["electronic_address"] == "EM:accounts@acme-cloud.example.com"
    assert parties["supplier"]["electronic_address"] == "EM:bills@northgate.example"
    assert (parties["vat_category"], parties["iban"]) == ("reverse_charge", _SETTINGS["IBAN"])


def test_a_preview_says_what_an_e_invoice_lacks(
    project: Project, lead_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lead_id
    preview = ("statement", "preview", "acme", "--month", "2026-11")
    assert "e-invoice nothing is missing" in words(run(project, *preview))
    monkeypatch.setenv("GATEPOST_AGENCY_EMAIL", "")
    assert "e-invoice the setting AGENCY_EMAIL or " in words(run(project, *preview))
    monkeypatch.setenv("GATEPOST_AGENCY_COUNTRY", "")
    assert "e-invoice the setting AGENCY_COUNTRY is missing" in words(run(project, *preview))


def test_nothing_is_said_of_e_invoices_before_somebody_begins_with_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEPOST_AGENCY_EMAIL", "bills@northgate.example")
    project.take()
    assert "e-invoice" not in run(project, "statement", "preview", "acme", "--month", "2026-11")
    run(project, "statement", "preview", "acme", "--month", "2026-11", "--format", "json")
    run(project, "month-end", "--month", "2026-11")
    run(project, "close", "acme", "--month", "2026-11")


@pytest.mark.parametrize(
    ("command", "document"),
    [
        (
            ("statement", "preview", "acme", "--month", "2026-11", "--format", "json"),
            "the invoice of acme for 2026-11",
        ),
        (("month-end", "--month", "2026-11"), "the invoice of acme for 2026-11 in USD"),
        (("month-end", "--month", "2026-11", "--json"), "the invoice of acme for 2026-11 in USD"),
        (("month-end", "--month", "2026-11", "--close"), "acme-0001"),
        (("close", "acme", "--month", "2026-11"), "acme-0001"),
    ],
)
def test_what_is_missing_for_an_e_invoice_that_was_begun_is_one_warning(
    project: Project, command: tuple[str, ...], document: str
) -> None:
    set_client(project, 'country = "NL"\nvat_category = "exempt"')
    project.take()
    warning = (
        f"warning: {document} cannot be an e-invoice: the setting AGENCY_VAT_ID or "
        "AGENCY_TAX_ID is missing; a change counts for months that are closed after it"
    )
    with time_machine.travel(DECEMBER, tick=False):
        ran = project.run(*command)
    assert ran.code == 0
    assert [line for line in ran.err.splitlines() if "e-invoice" in line] == [warning]


def test_what_is_missing_is_one_line(project: Project) -> None:
    project.take()
    run(project, "close", "acme", "--month", "2026-11")
    for shape in ("xml", "facturx"):
        ran = project.run("statement", "acme-0001", "--format", shape, "-o", "out")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == (
            "acme-0001 cannot be an e-invoice: clients/acme.toml has no vat_category, and no VAT "
            "is charged; a change counts for months that are closed after it\n"
        )
        assert not Path("out").exists()


def test_a_syntax_belongs_to_xml(project: Project) -> None:
    ran = project.run("statement", "acme-0001", "--format", "pdf", "--syntax", "ubl")
    assert ran.code == 2
    assert "--syntax works only with --format xml" in ran.err


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('country = "Holland"', "country"),
        ('vat_id = "123456789"', "vat_id"),
        ('vat_id = "GR123456789"', "vat_id"),
        ('electronic_address = "bills@acme.example"', "electronic_address"),
        ('vat_category = "standard"', "is standard, so it needs a vat_rate above 0"),
        ('vat_category = "reverse_charge"', "is reverse_charge, so it needs vat_id"),
        ('vat_category = "exempt"', "is exempt, so it needs a vat_note that says why"),
        ('vat_category = "exempt"\nvat_reason_code = "VATEX-1"', "vat_reason_code"),
        ('vat_category = "zero"\nvat_reason_code = "VATEX-EU-G"', "does not belong to zero"),
        ('vat_reason_code = "VATEX-EU-G"', "has no vat_category"),
        ('vat_category = "K"', "vat_category"),
    ],
)
def test_a_wrong_key_is_found_when_the_file_is_checked(
    project: Project, line: str, problem: str
) -> None:
    file = project.folder / "clients/acme.toml"
    file.write_text(re.sub("(?m)^vat_note.*\n", "", file.read_text()))
    set_client(project, line)
    ran = project.run("campaigns", "check")
    assert ran.code == 1
    assert "clients/acme.toml" in ran.err + ran.out
    assert problem in ran.err + ran.out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COUNTRY", "Germany"),
        ("VAT_ID", "DE 123"),
        ("ELECTRONIC_ADDRESS", "1234:x"),
        ("IBAN", "DE02120300000000202052"),
        ("BIC", "BANK"),
    ],
)
def test_a_wrong_setting_is_one_line(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"GATEPOST_AGENCY_{name}", value)
    ran = project.run("statements")
    assert ran.code == 1
    assert ran.err.startswith(f"GATEPOST_AGENCY_{name}={value!r} (environment): is not ")
    assert len(ran.err.splitlines()) == 1
