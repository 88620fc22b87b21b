"""Reading a bank's file: CSV and CAMT.053; nothing is guessed, and hostile files are refused."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.closing import bank_files
from capture.closing.bank_files import BankEntry, read_bank_file
from capture.errors import FileErrors, GatepostError, Refused

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
HEADING = "date,amount,currency,reference\n"


def read(text: str | bytes) -> list[BankEntry]:
    return read_bank_file(text.encode() if isinstance(text, str) else text, "bank")


def read_one(text: str | bytes) -> BankEntry:
    (entry,) = read(text)
    return entry


class TestCsv:
    def test_a_row_is_an_entry(self) -> None:
        entry = read_one("date,amount,currency,reference,id\n2026-12-30,59.50,EUR,acme-0001,B-7\n")
        assert entry == BankEntry(
            "B-7", "line 2", date(2026, 12, 30), Decimal("59.50"), "EUR", ("acme-0001",)
        )

    def test_a_german_export_is_read(self) -> None:
        entry = read_one(
            "\ufeffBuchungstag;Valutadatum;Verwendungszweck;Betrag;Währung;"
            "Beguenstigter/Zahlungspflichtiger\r\n"
            '30.12.2026;31.12.2026;"Rechnung ""acme-0001""";1.234,50;EUR;Acme Cloud GmbH\r\n'
        )
        assert (entry.day, entry.amount) == (date(2026, 12, 30), Decimal("1234.50"))
        assert (entry.texts, entry.payer) == (('Rechnung "acme-0001"',), "Acme Cloud GmbH")

    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("1200", "1200"),
            ("+59.5", "59.5"),
            ("-59,50", "-59.50"),
            ("1.234,50", "1234.50"),
            ("1,234.50", "1234.50"),
            ("1.234.567", "1234567"),
            ("1234.500", "1234.500"),
            ("0,125", "0.125"),
            ("12.3450", "12.345"),
        ],
    )
    def test_an_amount_that_has_one_meaning_is_read(self, text: str, amount: str) -> None:
        assert read_one(f'{HEADING}2026-12-30,"{text}",EUR,a\n').amount == Decimal(amount)

    @pytest.mark.parametrize("text", ["1.234", "1,234", "-12.500"])
    def test_an_amount_with_two_meanings_is_refused(self, text: str) -> None:
        with pytest.raises(FileErrors, match=r"can be \d+ or \d+\.\d+; write"):
            read(f'{HEADING}2026-12-30,"{text}",EUR,a\n')

    @pytest.mark.parametrize(
        "text",
        ["", "59.50 EUR", "1'200.00", "12,34,567.00", "1e3", "NaN", "٣", "59,50-", "--5", "9" * 30],
    )
    def test_an_unusual_amount_is_refused(self, text: str) -> None:
        with pytest.raises(FileErrors, match="write an amount such as"):
            read(f'{HEADING}2026-12-30,"{text}",EUR,a\n')

    @pytest.mark.parametrize(
        "text", ["", "30.12.26", "12/30/2026", "2026-02-30", "20261230", "2026-W53-3", "٣٠.12.2026"]
    )
    def test_an_unclear_date_is_refused(self, text: str) -> None:
        with pytest.raises(FileErrors, match=r"2: date = .*: write 2026-12-30 or 30\.12\.2026"):
            read(f"{HEADING}{text},5.00,EUR,a\n")

    def test_all_mistakes_are_reported_with_their_lines(self) -> None:
        with pytest.raises(FileErrors) as caught:
            read(f"{HEADING}soon,5.00,EUR,a\n2026-12-30,five,euro,b\n2026-12-30,5.00,EUR\n")
        assert [problem.line for problem in caught.value.problems] == [2, 3, 3, 4]

    @pytest.mark.parametrize("heading", ["Soll/Haben", "Info", "status"])
    def test_a_column_that_may_change_the_meaning_is_refused(self, heading: str) -> None:
        with pytest.raises(FileErrors, match=f"unknown column {heading!r}".replace("'", '"')):
            read(f"{HEADING.strip()},{heading}\n2026-12-30,5.00,EUR,a,S\n")

    def test_a_missing_column_is_named(self) -> None:
        with pytest.raises(FileErrors, match="no column for currency"):
            read("date,amount,reference\n2026-12-30,5.00,a\n")

    def test_rows_without_ids_get_the_same_ids_again(self) -> None:
        rows = "2026-12-30,5.00,EUR,acme-0001\n" * 2
        entries = read(HEADING + rows)
        assert entries[0].id != entries[1].id  # two payments
        longer = read(f"{HEADING}2026-12-29,7.00,EUR,other\n2026-12-30,5.0,EUR,acme-0001\n{rows}")
        assert [entry.id for entry in longer[1:3]] == [entry.id for entry in entries]

    def test_an_unusual_id_is_stored_as_its_hash(self) -> None:
        entry = read_one("date,amount,currency,reference,id\n2026-12-30,5.00,EUR,a,=Ann Lee()\n")
        assert entry.id.startswith("bank-")
        assert "Ann" not in entry.id

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"\x00" * 50, b'"', b"date\n"])
    def test_what_is_no_table_is_refused(self, content: bytes) -> None:
        with pytest.raises(GatepostError, match="bank"):
            read(content)

    def test_an_archive_is_refused(self) -> None:
        with pytest.raises(Refused, match="a ZIP archive; unpack it"):
            read(b"PK\x03\x04...")


def camt(*entries: str, statement: str = "S1", namespace: str = NAMESPACE) -> str:
    return (
        f'<?xml version="1.0"?><Document xmlns="{namespace}"><BkToCstmrStmt><Stmt>'
        f"<Id>{statement}</Id><Acct><Id><IBAN>DE02</IBAN></Id></Acct>{''.join(entries)}"
        "</Stmt></BkToCstmrStmt></Document>"
    )


def booked(  # noqa: PLR0913 - the fields of an entry
    amount: str = "59.50",
    details: str = "<TxDtls><RmtInf><Ustrd>acme-0001</Ustrd></RmtInf></TxDtls>",
    *,
    direction: str = "CRDT",
    status: str = "<Cd>BOOK</Cd>",
    day: str = "<Dt>2026-12-30</Dt>",
    more: str = "",
) -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>{more}'
        f"<Sts>{status}</Sts><BookgDt>{day}</BookgDt><NtryDtls>{details}</NtryDtls></Ntry>"
    )


class TestCamt:
    def test_a_booked_credit_is_an_entry(self) -> None:
        entry = read_one(camt(booked()))
        assert entry == BankEntry(
            "DE02/S1/1/1",
            "entry DE02/S1/1/1",
            date(2026, 12, 30),
            Decimal("59.50"),
            "EUR",
            ("acme-0001",),
            joined="acme-0001",
        )

    def test_older_versions_prefixes_and_times_are_read(self) -> None:
        text = camt(
            booked(status="BOOK", day="<DtTm>2026-12-30T23:30:00+01:00</DtTm>"),
            namespace="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02",
        )
        text = text.replace("<", "<n:").replace("<n:/", "</n:").replace("<n:?", "<?")
        entry = read_one(text.replace("xmlns=", "xmlns:n="))
        assert (entry.day, entry.amount) == (date(2026, 12, 30), Decimal("59.50"))

    def test_what_is_not_booked_and_what_came_back_is_left_out(self) -> None:
        pending = booked(status="<Cd>PDNG</Cd>")
        returned = booked(more="<RvslInd>true</RvslInd>")
        assert read(camt(pending, returned)) == []

    def test_money_that_left_the_account_is_negative(self) -> None:
        assert read_one(camt(booked(direction="DBIT"))).amount == Decimal("-59.50")

    def test_the_booked_amount_counts_and_not_the_ordered_one(self) -> None:
        ordered = (
            '<TxDtls><AmtDtls><InstdAmt><Amt Ccy="USD">100.00</Amt></InstdAmt></AmtDtls>'
            "<RmtInf><Ustrd>acme-0001</Ustrd></RmtInf></TxDtls>"
        )
        assert read_one(camt(booked("92.00", ordered))).amount == Decimal("92.00")

    def test_each_part_of_a_collective_entry_is_a_payment(self) -> None:
        parts = "".join(
            f'<TxDtls><Amt Ccy="EUR">{amount}</Amt><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>'
            for amount, text in (("50.00", "acme-0001"), ("9.50", "acme-0002"))
        )
        entries = read(camt(booked(details=parts)))
        assert [(entry.id, entry.amount, entry.fault) for entry in entries] == [
            ("DE02/S1/1/1", Decimal("50.00"), ""),
            ("DE02/S1/1/2", Decimal("9.50"), ""),
        ]

    @pytest.mark.parametrize(
        "details",
        [
            "<TxDtls><RmtInf><Ustrd>a</Ustrd></RmtInf></TxDtls><TxDtls/>",
            '<TxDtls><Amt Ccy="EUR">50.00</Amt></TxDtls><TxDtls><Amt Ccy="EUR">9.49</Amt></TxDtls>',
            '<TxDtls><Amt Ccy="EUR">50.00</Amt></TxDtls><TxDtls><Amt Ccy="USD">9.50</Amt></TxDtls>',
            "<Btch><NbOfTxs>2</NbOfTxs></Btch><TxDtls/>",
        ],
    )
    def test_parts_that_do_not_add_up_are_marked(self, details: str) -> None:
        entry = read_one(camt(booked(details=details)))
        assert entry.fault == "its parts do not add up to 59.50 EUR"
        assert (entry.id, entry.amount) == ("DE02/S1/1", Decimal("59.50"))

    def test_a_text_that_the_bank_cut_is_also_read_joined(self) -> None:
        cut = "<TxDtls><RmtInf><Ustrd>acme-</Ustrd><Ustrd>0001</Ustrd></RmtInf></TxDtls>"
        entry = read_one(camt(booked(details=cut)))
        assert (entry.texts, entry.joined) == (("acme- 0001",), "acme-0001")

    @pytest.mark.parametrize("details", ["", "<TxDtls/>"])
    def test_an_entry_without_remittance_has_its_own_text(self, details: str) -> None:
        more = "<AddtlNtryInf>Transfer acme-0001</AddtlNtryInf>"
        text = camt(booked(details=details)).replace("</Ntry>", f"{more}</Ntry>")
        assert read_one(text).texts == ("Transfer acme-0001",)

    def test_two_parts_of_one_statement_share_no_id(self) -> None:
        both = camt(booked(), "</Stmt><Stmt><Id>S1</Id><Acct><Id><IBAN>DE02</IBAN></Id></Acct>")
        entries = read(both.replace("</Stmt></Bk", f"{booked()}</Stmt></Bk"))
        assert [entry.id for entry in entries] == ["DE02/S1/1/1", "DE02/S1/2/1"]

    @pytest.mark.parametrize(
        "day", ["", "<Dt>2026-02-30</Dt>", "<Dt>30.12.2026</Dt>", "<Dt>2026-12-301</Dt>"]
    )
    def test_an_invalid_date_is_refused_with_its_entry(self, day: str) -> None:
        with pytest.raises(Refused, match=r"bank: entry DE02/S1/1: its booking date .* is no date"):
            read(camt(booked(day=day)))

    @pytest.mark.parametrize("amount", ["", "NaN", "1e9", "-5.00", "5,00", "1" * 40])
    def test_an_invalid_amount_is_refused_with_its_entry(self, amount: str) -> None:
        with pytest.raises(Refused, match=r"bank: entry DE02/S1/1: it has no amount"):
            read(camt(booked(amount)))

    @pytest.mark.parametrize(
        "namespace",
        ["", "urn:iso:std:iso:20022:tech:xsd:camt.052.001.08", "uriso:std:camt.053.001.02"],
    )
    def test_another_message_is_refused(self, namespace: str) -> None:
        with pytest.raises(Refused, match=r"bank: no CAMT\.053 file: its root element is"):
            read(camt(booked(), namespace=namespace))

    def test_a_statement_without_an_id_is_refused(self) -> None:
        with pytest.raises(Refused, match="a statement has no id or no account"):
            read(camt(booked(), statement=""))


BOMB = (
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    "]><Document>&b;</Document>"
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><Document>&a;</Document>'


class TestHostileFiles:
    @pytest.mark.parametrize("text", [BOMB, OUTSIDE, "<!DOCTYPE a><Document/>"])
    def test_entities_and_document_types_are_refused(self, text: str) -> None:
        with pytest.raises(Refused, match="bank: it defines a document type or entities"):
            read(text)

    def test_a_truncated_file_is_refused_at_every_length(self) -> None:
        text = camt(booked())
        for length in range(1, len(text)):
            with pytest.raises(Refused, match="bank: not well-formed XML"):
                read(text[:length])

    @pytest.mark.parametrize("encoding", ["nonsense", "utf-7", "shift_jis", "rot13", "base64"])
    def test_an_unusable_encoding_is_refused(self, encoding: str) -> None:
        with pytest.raises(Refused, match="bank: "):
            read(f'<?xml version="1.0" encoding="{encoding}"?><Document/>')

    def test_a_file_in_utf_16_is_read(self) -> None:
        text = camt(booked()).replace('version="1.0"', 'version="1.0" encoding="utf-16"')
        assert read_one(text.encode("utf-16")).amount == Decimal("59.50")

    def test_a_huge_file_is_refused_before_it_is_read(self) -> None:
        with pytest.raises(Refused, match="bank: over 20 MB"):
            read(b"<" + b" " * bank_files.MAX_BYTES)

    def test_too_many_tags_are_refused_before_they_are_read(self) -> None:
        with pytest.raises(Refused, match="over 2,000,000 XML tags"):
            read("<a>" * 2_000_001)

    def test_deeply_nested_tags_are_refused(self) -> None:
        with pytest.raises(Refused, match="bank: "):
            read(f"<Document>{'<a>' * 200_000}")

    @given(st.binary(max_size=200))
    def test_any_bytes_are_read_or_refused(self, content: bytes) -> None:
        for start in (b"", b"<", HEADING.encode()):
            with suppress(GatepostError):
                read(start + content)
