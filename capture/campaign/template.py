"""The text of a new campaign file, and the parser of TOML with our error messages."""

import json
import re
import tomllib
from datetime import date, timedelta
from decimal import Decimal
from string import Template
from typing import Any, Final

from capture.campaign.client import Client
from capture.campaign.problems import first_open_line
from capture.errors import FileErrors, Problem

_CLOSED_FOR: Final = timedelta(days=365)

_BLANK: Final = Template("""\
#:schema ../docs/campaign.schema.json
# New and closed: edit this file, agree on it with the client, then set the opening day.

title = $title
summary = ""
kind = "demo"                         # the visitor asks for a call; "gated" gives out files
confirm = "email"                     # a lead counts once its person confirms; "none": immediately

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

# A report for the client, as a promise in the agreement; remove the table for none.
[reporting]
every = "month"                       # on the first day of each month; "week": also each Monday
""")


def blank_campaign(
    title: str, client: Client, *, currency: str, time_zone: str, today: date
) -> str:
    """TOML of a new campaign: valid, and closed for a year from `today`.

    A person has to read it and change the date before the campaign opens.
    """
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
    """The text as a TOML basic string: like a JSON string, but DEL must be escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# Parsing: a syntax error becomes a message with the line, the mistake and the fix.

_AT_LINE: Final = re.compile(r" \(at line (\d+), column \d+\)$")
_AT_END: Final = " (at end of document)"
_FIXES: Final = (
    ("Cannot overwrite a value", "this key is set already; keep one of the two"),
    ("Cannot declare", "this [table] is there already; put its keys together under one header"),
    ("Cannot mutate", "this table is complete already; put its keys together in one place"),
    ("Cannot redefine", "this table is complete already; put its keys together in one place"),
    ("Duplicate inline table key", "a key is set twice in one line; keep one of the two"),
    ("Expected '='", 'write key = value, such as title = "The guide"'),
    ("Expected newline", "there is text after the value; write one key on a line"),
    ("Expected ']'", "the header of a table is not closed; end it with ]"),
    ("Unclosed array", "a list is not closed; put commas between entries and ] at its end"),
    ("Unclosed inline table", "an inline table is not closed; end it with } on the same line"),
    ("Unterminated string", "a text is not closed; end it with a quote"),
    ("Expected ", "a text is not closed; end it with the quotes that it begins with"),
    ("Illegal character '\\n'", 'a text is not closed; end it with ", or write it between """'),
    ("Found invalid character '\\n'", "a text is not closed; end it with a quote"),
    ("Illegal character", "a control character is not allowed here; remove it"),
    ("Found invalid character", "a control character is not allowed here; remove it"),
    (
        "Invalid value",
        "not a TOML value; text needs quotes; numbers, dates, true and false need none",
    ),
    ("Invalid initial character", "a key is missing before ="),
    ("Invalid statement", "a line is key = value, [table], or a comment that begins with #"),
    ("Unescaped", "a single backslash; write it twice"),
    ("Invalid hex value", "a single backslash; write it twice"),
    ("Escaped character", "there is no such character; remove the escape"),
    ("Exceeds the limit", "a whole number has too many digits; TOML allows at most 19"),
    ("Invalid date", "there is no such date; write year-month-day, such as 2026-11-30"),
)
"""The start of an error message of `tomllib`, and our message; the first match counts."""


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """Parses a TOML text, with numbers that have a point as `Decimal`. Raises `FileErrors`."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except RecursionError:
        raise FileErrors([Problem(where, None, "has too many nested levels to be read")]) from None
    except ArithmeticError:
        raise FileErrors([Problem(where, None, "has a number that is too large")]) from None
    except ValueError as error:
        raise FileErrors([_syntax_problem(text, where, str(error))]) from None
    if not _is_in_range(data):
        raise FileErrors([Problem(where, None, "has a whole number of more than 64 bits")])
    return data


def _is_in_range(value: Any) -> bool:
    """Whether all whole numbers fit in 64 bits, as TOML requires; Python accepts longer ones."""
    if isinstance(value, dict):
        return all(map(_is_in_range, value.values()))
    if isinstance(value, list):
        return all(map(_is_in_range, value))
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _syntax_problem(text: str, where: str, sentence: str) -> Problem:
    place = _AT_LINE.search(sentence)
    line = int(place[1]) if place else text.count("\n") + 1
    start = first_open_line(text, line) or line
    reason = _AT_LINE.sub("", sentence).removesuffix(_AT_END)
    fix = next((fix for begins, fix in _FIXES if reason.startswith(begins)), reason)
    if place is None:
        return Problem(where, start, f"not TOML: {fix}")
    note = f"; the value that starts on line {start} may not be closed" if start < line else ""
    return Problem(where, line, f"not TOML: {fix}{note}")
