"""Reads the entries of a bank's file: CSV, or CAMT.053 (ISO 20022).

No value is guessed. A CSV file with an unknown column, or with a date or amount that can be read in
two ways, is refused. In CAMT.053, tags are read by their local names, so every version of the
message is accepted. Only booked entries count; a reversal of an outgoing payment is no income.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from capture.campaign.problems import show_value
from capture.csv_table import Columns, in_order, read_table
from capture.errors import FileErrors, Problem, Refused
from capture.money import CURRENCIES

MAX_BYTES: Final = 20_000_000
"""The largest file that is read."""
_MAX_TAGS: Final = 2_000_000
_MAX_ENTRIES: Final = 50_000

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#+=-]{0,79}")
"""An id that is stored as it is. Of any other id the hash is stored."""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One payment of a bank's file, in either direction."""

    id: str
    """The same whenever the file is read again: the bank's id, or a hash of the entry."""
    place: str
    """Where it is in the file, such as `line 2`."""
    day: date
    """The day on which it was booked."""
    amount: Decimal
    """Major units; negative if the money left the account."""
    currency: str
    texts: tuple[str, ...]
    """Texts that may name a document."""
    joined: str = ""
    """The remittance text without the spaces that a bank may have put into a number."""
    payer: str = ""
    fault: str = ""
    """Why the file does not say enough about this entry; empty if it does."""


def read_bank_file(content: bytes, where: str) -> list[BankEntry]:
    """The entries of a CSV or CAMT.053 file, in their order. `where` is its name in messages.

    Raises `FileErrors` with all mistakes of a CSV file, and `Refused` for every other file that
    cannot be read completely.
    """
    if len(content) > MAX_BYTES:
        raise Refused(f"{where}: over {MAX_BYTES // 1_000_000} MB; export a shorter period")
    if content.startswith(b"PK\x03\x04"):
        raise Refused(f"{where}: a ZIP archive; unpack it and import each file in it")
    start = content[:100].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    entries = _read_camt(content, where) if start.startswith(b"<") else _read_csv(content, where)
    if len(entries) > _MAX_ENTRIES:
        raise Refused(f"{where}: over {_MAX_ENTRIES:,} entries; export a shorter period")
    return entries


def _stored_id(text: str) -> str:
    return text if _ID.fullmatch(text) else f"bank-{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


# CSV.


_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "date": ("booking date", "buchungstag", "buchungsdatum"),
    "amount": ("betrag",),
    "currency": ("währung", "waehrung"),
    "reference": ("reference text", "remittance information", "verwendungszweck"),
    "id": ("entry id", "transaction id"),
    "payer": (
        "auftraggeber",
        "zahlungspflichtiger",
        "name zahlungsbeteiligter",
        "beguenstigter/zahlungspflichtiger",
        "begünstigter/zahlungspflichtiger",
    ),
    # The columns from here on are not read.
    "value date": ("valutadatum", "wertstellung", "valuta"),
    "account": ("auftragskonto", "iban auftragskonto"),
    "payer account": ("iban", "kontonummer/iban", "iban zahlungsbeteiligter"),
    "payer bank": ("bic", "bic (swift-code)", "bic (swift-code) zahlungsbeteiligter"),
    "booking text": ("buchungstext",),
    "balance": ("saldo", "saldo nach buchung"),
}
"""Accepted headings by column. A heading that is not listed may change what an amount means, such
as a column for debit and credit, so it is refused."""

_COLUMNS: Final = Columns(
    names={heading: name for name, others in _HEADINGS.items() for heading in (name, *others)},
    required=("date", "amount", "currency", "reference"),
    unknown="unknown column",
    place="in a bank's file; delete it if it does not change what the amounts mean",
)

_ISO_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_GERMAN_DAY: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")

_GROUPED: Final = re.compile(
    r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,4}|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{1,4}"
    r"|[0-9]{1,3}(?:\.[0-9]{3}){2,}|[0-9]{1,3}(?:,[0-9]{3}){2,}"
)
"""1.234,50 and 1,234.50; 1.234.567 can only have thousands."""
_SIMPLE: Final = re.compile(r"([0-9]{1,15})(?:[.,]([0-9]{1,6}))?")


def _read_csv(content: bytes, where: str) -> list[BankEntry]:
    table = read_table(content, where, _COLUMNS)
    problems: list[Problem] = []
    entries: list[BankEntry] = []
    repeats: Counter[str] = Counter()
    for line, cells in table.rows(problems):
        row = {name: cell.strip() for name, cell in cells.items()}
        faults: list[str] = []
        entry = _csv_entry(row, line, repeats, faults)
        problems += [Problem(where, line, fault) for fault in faults]
        entries.append(entry)
    if problems:
        raise FileErrors(in_order(problems))
    return entries


def _csv_entry(
    row: Mapping[str, str], line: int, repeats: Counter[str], faults: list[str]
) -> BankEntry:
    """The entry of a row; `faults` gets a message for each cell that cannot be read."""
    day, amount, currency = date.min, Decimal(0), row["currency"]
    try:
        day = _csv_day(row["date"])
    except ValueError:
        faults.append(f"date = {show_value(row['date'])}: write 2026-12-30 or 30.12.2026")
    try:
        amount = _csv_amount(row["amount"])
    except Refused as refused:
        faults.append(f"amount = {show_value(row['amount'])}: {refused}")
    if currency not in CURRENCIES:
        faults.append(f"currency = {show_value(currency)}: write a code such as EUR")
    if row.get("id"):
        id_ = _stored_id(row["id"])
    else:
        key = f"{day} {amount.normalize()} {currency} {' '.join(row['reference'].split())}"
        repeats[key] += 1  # equal rows are different payments
        id_ = f"csv-{_digest(f'{key} {repeats[key]}')}"
    texts = (row["reference"],)
    return BankEntry(id_, f"line {line}", day, amount, currency, texts, payer=row.get("payer", ""))


def _csv_day(text: str) -> date:
    """Raises `ValueError`, also for 01/02/2026, which is a day of January or of February."""
    if iso := _ISO_DAY.fullmatch(text):
        return date(int(iso[1]), int(iso[2]), int(iso[3]))
    if german := _GERMAN_DAY.fullmatch(text):
        return date(int(german[3]), int(german[2]), int(german[1]))
    raise ValueError(text)


def _csv_amount(text: str) -> Decimal:
    """Raises `Refused` if it is no amount, or if its separator can mean decimals or thousands."""
    negative, digits = text.startswith("-"), text.removeprefix("-").removeprefix("+")
    if _GROUPED.fullmatch(digits):
        signs = re.sub("[0-9]", "", digits)
        has_decimals = len(set(signs)) > 1
        whole, fraction = digits.rsplit(signs[-1], 1) if has_decimals else (digits, "0")
        digits = f"{re.sub('[.,]', '', whole)}.{fraction}"
    elif simple := _SIMPLE.fullmatch(digits):
        whole, fraction = simple[1], simple[2] or ""
        if len(fraction) == 3 and len(whole) <= 3 and not whole.startswith("0"):
            raise Refused(
                f"can be {whole}{fraction} or {whole}.{fraction}; write {whole}{fraction}.00 or "
                f"{whole}.{fraction}0"
            )
        digits = f"{whole}.{fraction}" if fraction else whole
    else:
        raise Refused("write an amount such as 1200.00 or 1.200,00")
    return Decimal(f"-{digits}" if negative else digits)


# CAMT.053.


_CAMT: Final = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.[0-9]{2}\}Document")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_AMOUNT: Final = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,5})?")
_NO_ID: Final = "NOTPROVIDED"
"""What a bank writes where a payer gave no id."""
_NAMES: Final = (("Pty", "Nm"), ("Nm",))
"""Paths of a payer's name, in newer and in older versions."""


def _read_camt(content: bytes, where: str) -> list[BankEntry]:
    if content.count(b"<") > _MAX_TAGS:
        raise Refused(f"{where}: over {_MAX_TAGS:,} XML tags; export a shorter period")
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise Refused(
            f"{where}: it defines a document type or entities, which no bank's file does"
        ) from None
    except (ParseError, ValueError, LookupError) as error:  # the latter two: its encoding
        raise Refused(f"{where}: not well-formed XML: {error}; download it again") from None
    if not _CAMT.fullmatch(root.tag):
        raise Refused(
            f"{where}: no CAMT.053 file: its root element is {show_value(root.tag)}; download the "
            "account statement as CAMT.053"
        )
    counts: Counter[str] = Counter()
    return [
        entry
        for statement in _all(root, "BkToCstmrStmt", "Stmt")
        for entry in _statement_entries(statement, where, counts)
    ]


def _statement_entries(statement: Element, where: str, counts: Counter[str]) -> Iterator[BankEntry]:
    """`counts` has the number of entries read so far, by account, statement and page."""
    account = _text(statement, "Acct", "Id", "IBAN")
    account = account or _text(statement, "Acct", "Id", "Othr", "Id")
    id_ = _text(statement, "Id")
    if not account or not id_:
        raise Refused(f"{where}: a statement has no id or no account; download it again")
    page = _text(statement, "StmtPgntn", "PgNb")
    key = "/".join(part for part in (account, id_, page) if part)
    for entry in _all(statement, "Ntry"):
        counts[key] += 1
        status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
        direction = _text(entry, "CdtDbtInd")
        is_reversal = _text(entry, "RvslInd") in {"true", "1"}
        if status == "BOOK" and not (direction == "CRDT" and is_reversal):
            place = f"entry {key}/{counts[key]}"
            if direction not in {"CRDT", "DBIT"}:
                raise Refused(f"{where}: {place}: it says neither credit nor debit")
            yield from _parts(entry, place, where, -1 if direction == "DBIT" else 1)


def _parts(entry: Element, place: str, where: str, sign: int) -> Iterator[BankEntry]:
    """The payments of an entry: itself, or those that a collective entry consists of."""
    day = _entry_day(entry, f"{where}: {place}")
    total = _money(_all(entry, "Amt"))
    if total is None:
        raise Refused(f"{where}: {place}: it has no amount with a currency")
    details = list(_all(entry, "NtryDtls", "TxDtls"))
    amounts = [_part_amount(detail) for detail in details] if len(details) > 1 else [total]
    expected = _text(entry, "NtryDtls", "Btch", "NbOfTxs")
    if not _adds_up(amounts, total) or (details and expected not in {"", str(len(details))}):
        fault = f"its parts do not add up to {total[0]} {total[1]}"
        yield _bank_entry(place, day, (sign * total[0], total[1]), details, fault)
        return
    for number, (part, money) in enumerate(zip(details or [entry], amounts, strict=True), start=1):
        if money is not None:
            signed = sign * money[0], money[1]
            # An entry may have texts of its own, which are about all its parts.
            parts = [part] if len(amounts) > 1 or part is entry else [part, entry]
            yield _bank_entry(f"{place}/{number}", day, signed, parts)


def _bank_entry(
    place: str, day: date, money: "_Money", parts: Sequence[Element], fault: str = ""
) -> BankEntry:
    """One payment with the texts of its parts: only one, unless they do not add up."""
    lines = [line for part in parts for line in _texts(part, "RmtInf", "Ustrd")]
    texts = [" ".join(lines)]
    for part in parts:
        texts += _texts(part, "RmtInf", "Strd", "CdtrRefInf", "Ref")
        texts += _texts(part, "RmtInf", "Strd", "RfrdDocInf", "Nb")
        texts += _texts(part, "Refs", "EndToEndId")
        texts += _texts(part, "AddtlNtryInf")
    payers = [_texts(part, "RltdPties", "Dbtr", *path) for part in parts for path in _NAMES]
    return BankEntry(
        id=_stored_id(place.removeprefix("entry ")),
        place=place,
        day=day,
        amount=money[0],
        currency=money[1],
        texts=tuple(dict.fromkeys(text for text in texts if text and text != _NO_ID)),
        joined="".join(lines),  # banks cut a text anywhere
        payer=next((name for names in payers for name in names), ""),
        fault=fault,
    )


def _entry_day(entry: Element, where: str) -> date:
    text = _text(entry, "BookgDt", "Dt") or _text(entry, "BookgDt", "DtTm")
    try:
        if matched := _DAY.match(text):
            return date.fromisoformat(matched[0])
    except ValueError:  # such as 2026-02-30
        pass
    raise Refused(f"{where}: its booking date {show_value(text)} is no date such as 2026-12-30")


_Money = tuple[Decimal, str]
"""An amount in major units, and its currency."""


def _part_amount(detail: Element) -> _Money | None:
    """What was booked, which is not always what the payer ordered (`InstdAmt`)."""
    return _money([*_all(detail, "Amt"), *_all(detail, "AmtDtls", "TxAmt", "Amt")])


def _adds_up(amounts: Iterable[_Money | None], total: _Money) -> bool:
    known = [money for money in amounts if money is not None and money[1] == total[1]]
    return len(known) == len(list(amounts)) and sum(amount for amount, _ in known) == total[0]


def _money(elements: Iterable[Element]) -> _Money | None:
    for element in elements:
        text, currency = (element.text or "").strip(), element.get("Ccy", "")
        return (Decimal(text), currency) if _AMOUNT.fullmatch(text) and currency else None
    return None


def _all(parent: Element, name: str, *rest: str) -> Iterator[Element]:
    """The elements at a path of local names."""
    for child in parent:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == name:
            if rest:
                yield from _all(child, *rest)
            else:
                yield child


def _texts(parent: Element, *path: str) -> list[str]:
    return [(element.text or "").strip() for element in _all(parent, *path)]


def _text(parent: Element, *path: str) -> str:
    return next(iter(_texts(parent, *path)), "")
