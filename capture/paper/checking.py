"""How to check a statement: what its client can do without trusting anybody."""

from capture.agreement.words import count
from capture.money import show_money
from capture.paper.sheet import Section
from capture.statement import Statement


def checking_section(bill: Statement, digest: str) -> Section:
    """The steps, and the hashes that they need."""
    name = bill.number or "preview"
    steps = (
        "The leads. Each was delivered to you under its id. The evidence file of this statement "
        "holds each of them with its answers, its verdict criterion by criterion, its events and "
        "the agreement that judged it, and nobody else's. Ask for it: "
        f"gatepost evidence {name} -o {name}.db",
        f"The sum. {count(len(bill.lines), 'line')} above, {show_money(bill.total, bill.currency)} "
        "net. Tax is taken once, of the net total, and rounded half to even.",
        f"The text. What was frozen at the close is {name}.json, which we send with this "
        f"statement. Its SHA-256 is below; sha256sum {name}.json must print the same.",
        "The ledger. This prints whether the statement, drawn again from the events, still has "
        f"that hash: gatepost verify --against {name} --hash {digest[:16]}",
        f"The past. The chain's head below is the hash of event {bill.seen} and of all events "
        "before it. Keep this page: an event that was changed later would give another head.",
        "A mistake. Say which line. A closed statement is never changed: a credit note gives back, "
        "and a debit note needs your approval.",
    )
    return Section(
        "How to check this statement",
        steps=steps,
        proof=(
            ("SHA-256 of the statement", digest),
            (f"Chain's head at event {bill.seen}", bill.head),
        ),
    )
