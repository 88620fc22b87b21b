"""The text of a new campaign file: sound as it stands, and closed until somebody has read it."""

import json
from datetime import date, timedelta
from string import Template
from typing import Final

from capture.campaign.client import Client

_CLOSED_FOR: Final = timedelta(days=365)

_BLANK: Final = Template("""\
#:schema ../docs/campaign.schema.json
# New, and closed: mend what stands here, agree on it with the client, then set the day of opening.

title = $title
summary = ""
kind = "demo"                         # the visitor asks for a call; "gated" gives out files

client = $client
currency = $currency
time_zone = $time_zone
opens = $opens

consent = $consent

[fields.full_name]
label = "Full name"
autocomplete = "name"

[fields.email]
label = "Work e-mail"
type = "email"
autocomplete = "email"

[fields.company]
label = "Company"
autocomplete = "organization"

[fields.company_size]
label = "Number of employees"
type = "choice"
choices = ["1-50", "51-200", "201-1000", "1001+"]

# What makes a lead qualified: it must meet every criterion.
[criteria.company_size]
at_least = 51

[price]
model = "cpl"                         # cost per lead
rate = 50.00                          # $currency_name, net of tax
billable = "accepted"

[review]
hours = 48

[review.reasons]
too_small = "The company has 50 employees or fewer."
known_customer = "The company was a customer already on the day of the request."
invalid_contact = "The person does not exist, or cannot be reached."
""")


def blank_campaign(
    title: str, client: Client, *, currency: str, time_zone: str, today: date
) -> str:
    """TOML for a new campaign; it opens a year from `today`, unless somebody changes that."""
    consent = (
        f"I agree that {client.legal_name} may contact me by e-mail. I can withdraw at any time."
    )
    return _BLANK.substitute(
        title=_quoted(title),
        client=_quoted(client.slug),
        currency=_quoted(currency),
        currency_name=currency,
        time_zone=_quoted(time_zone),
        opens=(today + _CLOSED_FOR).isoformat(),
        consent=_quoted(consent),
    )


def _quoted(text: str) -> str:
    """A basic string of TOML, which is one of JSON without the sign for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
