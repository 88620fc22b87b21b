"""A statement as tables in the terminal."""

from capture.billing.statement import Statement, StatementLine
from capture.cli.show import moment, show_facts, show_heading, show_rows
from capture.documents.einvoice_requirements import einvoice_fault, einvoice_gap
from capture.documents.price_words import show_price
from capture.documents.statement_rows import FLAGS
from capture.money import show_money


def show_statement(statement: Statement, digest: str) -> None:
    """Prints the statement as tables, one for each campaign. `digest`: its SHA-256."""
    currency = statement.currency
    show_facts(
        [
            (statement.parties.document, statement.number or "preview, not closed"),
            ("client", statement.client),
            ("month", statement.month),
            ("total", show_money(statement.total, currency)),
            *_added(statement),
            ("to pay", f"{show_money(statement.to_pay, currency)} by {statement.due_on}"),
            ("drawn", f"{moment(statement.closed_at)}, from events up to {statement.last_event}"),
            ("chain head", statement.chain_head),
            ("SHA-256", digest),
            *_einvoice_facts(statement),
        ]
    )
    for part in statement.parts:
        show_heading(f"{part.campaign} ({part.model}), {show_money(part.total, currency)}")
        counts = part.counts
        facts = [
            ("in review", f"{counts.in_review}, for a later month"),
            ("over the cap", f"{counts.over_cap_refused} refused, {counts.over_cap_free} free"),
        ]
        if part.parked:
            facts.append(("parked", f"{len(part.parked)}, for a later month"))
        show_facts(facts)
        if part.lines:
            columns = ("lead_id", "period", "paid for", "due", "price", "amount", "marks", "met")
            rows = [_table_row(line, currency) for line in part.lines]
            show_rows(columns, rows, as_json=False)


def _einvoice_facts(statement: Statement) -> list[tuple[str, str]]:
    """Whether it can be an e-invoice, once somebody began to fill in what that needs."""
    parties = statement.parties
    if parties.document == "invoice" and parties.supplier.country:
        return [("e-invoice", einvoice_fault(statement) or "nothing is missing")]
    gap = einvoice_gap(parties, statement.client, statement.currency)
    return [("e-invoice", gap)] if gap else []


def _table_row(line: StatementLine, currency: str) -> dict[str, str | None]:
    price, note = show_price(line, currency)
    return {
        "lead_id": line.lead_id,
        "period": line.period,
        "paid for": line.event,
        "due": moment(line.due_at),
        "price": f"{price} ({note})" if note else price,
        "amount": show_money(line.amount, currency),
        "marks": " ".join(flag for flag in FLAGS if getattr(line, flag)),
        "met": "; ".join(criterion.rule for criterion in line.met),
    }


def _added(statement: Statement) -> list[tuple[str, str]]:
    """The amounts between the lines' total and the amount to pay."""
    rows = [
        (f"VAT {statement.parties.vat_rate} %", statement.vat),
        ("credit brought forward", statement.brought_forward),
        ("credit carried forward", statement.credit_left),
    ]
    return [(name, show_money(amount, statement.currency)) for name, amount in rows if amount]
