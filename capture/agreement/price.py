"""Price, what is billable and when a line falls due, caps, months and payment."""

from capture.agreement.model import Clause, Section
from capture.agreement.words import amount, count, listed, percent, price_amount, price_unit
from capture.billing import sentences
from capture.campaign import Campaign, Caps, Client, Price


def price_section(campaign: Campaign) -> Section:
    """The model in words, and all that follows from it."""
    price = campaign.price
    once = (
        "A customer is billed once for each period of revenue."
        if price.billable == "revenue"
        else "A lead is billed once in its life."
    )
    clauses = [
        Clause(
            f"The price is {price_amount(campaign)} {price_unit(campaign)}, net of tax. Nothing "
            f"else is charged for. {once}"
        ),
        Clause(_due(price)),
        *map(Clause, sentences(price)),
    ]
    if price.billable != "accepted":
        clauses.append(Clause(_final(campaign)))
    clauses.append(
        Clause(
            f"All amounts are in {campaign.currency}. Each line is rounded by itself to the "
            "currency's smallest unit; a half goes to the even neighbour."
        )
    )
    return Section("Price, and what is billable", tuple(clauses))


def _due(price: Price) -> str:
    if price.billable == "accepted":
        return "A line falls due at the moment of acceptance, by the client's word or by silence."
    event = {
        "scheduled": "the moment at which a time for the appointment was agreed",
        "held": "the moment at which the appointment was held",
        "won": "the moment at which the sale was won",
        "revenue": "the moment at which a period's revenue came in",
    }[price.billable]
    return (
        f"A line falls due at {event} or at the moment of acceptance, by the client's word or by "
        "silence, whichever is later."
    )


def _final(campaign: Campaign) -> str:
    hours = count(campaign.review.hours, "hour")
    unless = (
        "says that the person did not come or names a reason of the validation window"
        if campaign.price.billable == "held"
        else "names a reason of the validation window"
    )
    silence = (
        f" An appointment of which nobody says anything is taken as held {hours} after its time, "
        "unless the client says one of these before."
        if campaign.price.billable == "held"
        else ""
    )
    final = (
        "A booking that the client records by its own word is final, apart from being cancelled as "
        "said above."
        if campaign.price.billable == "scheduled"
        else "An outcome that the client records by its own word is final."
    )
    return (
        f"{final} One that the agency records, for itself or for the client, becomes final, and "
        f"falls due, {hours} later unless the client {unless}.{silence} These hours count as those "
        "of the validation window do."
    )


def caps_section(campaign: Campaign) -> Section | None:
    """Each cap that is set; None if there is none."""
    clauses = [Clause(text) for text in _lead_caps(campaign.caps)]
    if campaign.caps.money_a_month is not None:
        most = amount(campaign.caps.money_a_month, campaign.currency)
        clauses.append(
            Clause(
                f"No more than {most} is billed for a month. Lines count in the order in which "
                "they fall due, then of their lead ids; a line that would cross the cap is wholly "
                "free."
            )
        )
    return Section("Caps", tuple(clauses)) if clauses else None


def _lead_caps(caps: Caps) -> list[str]:
    said = []
    if caps.leads_a_month is not None:
        said.append(
            f"The client takes at most {count(caps.leads_a_month, 'qualified lead')} a month."
        )
    if caps.leads_a_company is not None:
        said.append(
            f"The client takes at most {count(caps.leads_a_company, 'qualified lead')} a month "
            "from one company, told by the domain of the e-mail address. A person with a free "
            "mailbox counts for no company."
        )
    if not said:
        return []
    cap = "the cap" if len(said) == 1 else "a cap"
    over = (
        f"A lead over {cap} is recorded, and neither delivered nor billed."
        if caps.over == "refuse"
        else f"A lead over {cap} is delivered, marked as free from the start, never billed, and "
        "fills no place."
    )
    counted = (
        "Qualified and accepted leads count, in the month of their receipt. A rejection frees its "
        "place for later leads of that month, never for earlier ones."
    )
    return [*said, over, counted]


def payment_section(campaign: Campaign, client: Client) -> Section:
    """Months, statements, tax, and when payment is due."""
    days = client.payment_days
    due = f"{count(days, 'day')} after its date" if days else "on its date"
    order = (
        f" It carries the order number {client.purchase_order}." if client.purchase_order else ""
    )
    clauses = [
        Clause(
            f"Days and months are those of the time zone {campaign.time_zone}. A line belongs to "
            "the month in which it falls due or, if that month is closed already, to the earliest "
            "one that is open."
        ),
        Clause(
            f"A statement is made out to {client.legal_name}, sent to "
            f"{listed(client.contacts.bills)}, and payable {due}.{order}"
        ),
    ]
    tax = []
    if client.vat_rate:
        tax.append(f"VAT of {percent(client.vat_rate)} is added to each statement.")
    if client.vat_note:
        tax.append(client.vat_note)
    if tax:
        clauses.append(Clause(" ".join(tax)))
    return Section("Months and payment", tuple(clauses))
