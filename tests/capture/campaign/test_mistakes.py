"""Mistakes in a campaign file and the message for each. Most are in mistakes.toml."""

import re
import tomllib
from pathlib import Path

import pytest
from wtforms import Form

G = "campaigns/guide.toml"
CASES = tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{area}: {case['says'].partition(':')[2][:60]}")
        for area, cases in CASES.items()
        for case in cases
    ],
)
def test_a_mistake_is_reported_in_one_line_with_place_and_fix(problems_after_change, case) -> None:
    file = case.get("file", G)
    assert problems_after_change((case["change"], case["to"]), file=file) == [case["says"]]


def test_a_duplicate_key_without_a_form_field_is_reported(problems_after_change) -> None:
    phone = '[fields.phone]\nlabel = "Phone"\ntype = "phone"\nrequired = false\n'
    assert problems_after_change((phone, ""), ('keys = ["email"]', 'keys = ["phone"]')) == [
        f'{G}:48: duplicates.keys holds "phone": the form asks for none; '
        'add [fields.phone] with type = "phone"'
    ]


def test_a_value_instead_of_a_table_is_reported_with_the_header(problems_after_change) -> None:
    assert problems_after_change(
        ('[fields.job_title]\nlabel = "Job title"', "[fields]\njob_title = 3")
    ) == [
        f"{G}:25: fields.job_title = 3: must be a table: "
        "write [fields.job_title] on a line of its own, its keys below"
    ]


def test_a_missing_table_is_reported_with_its_header(problems_after_change, campaign_text) -> None:
    price = campaign_text[campaign_text.index("[price]") : campaign_text.index("[review]")]
    assert problems_after_change((price, "")) == [f"{G}: price: is missing; add the table [price]"]


def test_a_required_key_under_the_wrong_header_is_reported_once(problems_after_change) -> None:
    consent = 'consent = "You may write to me."\n'
    label = 'label = "Job title"\n'
    assert problems_after_change((consent, ""), (label, label + consent)) == [
        f'{G}:25: fields.job_title.consent = "You may write to me.": is not a key of this table; '
        "move it to the top of the file, above the first [table]"
    ]


def test_control_characters_in_a_key_are_escaped(problems_after_change) -> None:
    assert problems_after_change(("[caps]", '["\\u001b[31m\\u202e"]')) == [
        f'{G}:55: "\\u001b[31m\\u202e": is not a known key; the keys here are title, summary, '
        "client, currency, time_zone, opens, closes, kind, button, assets, consent, fields, "
        "criteria, price, review, confirm, quarantine, duplicates, caps, reporting"
    ]


def test_a_currency_without_decimals_refuses_decimals(problems_after_change) -> None:
    assert problems_after_change(('"USD"', '"JPY"'), ("rate = 50.00", "rate = 50.5")) == [
        f"{G}:43: price.rate = 50.5: JPY has no decimals; write no more than that"
    ]


def test_cpa_wants_a_rate_or_a_percentage_and_not_both(problems_after_change) -> None:
    changes = ('"cpl"', '"cpa"'), ('"accepted"', '"won"'), ("rate = 50.00", "rate = 5\npercent = 5")
    assert problems_after_change(*changes) == [
        f"{G}:40: price: cpa needs one of the two: write either rate = 50.00 or percent = 10"
    ]


def test_several_mistakes_are_all_reported_from_top_to_bottom(problems_after_change) -> None:
    assert problems_after_change(
        ("currency =", "curency ="),
        ('type = "country"', 'type = "land"'),
        ("at_least = 51", "at_least = 101"),
        ("rate = 50.00", "rate = 50.00\nmonths = 3"),
        ("hours = 48", "hours = 0"),
    ) == [
        f'{G}:3: curency = "USD": is not a known key; did you mean `currency`?',
        f'{G}:29: fields.country.type = "land": must be one of "text", "email", "phone", "url", '
        '"integer", "choice", "multiple_choice", "country", "long_text"',
        f'{G}:38: criteria.company_size.at_least = 101: would split the choice "51-200"; '
        'use at_least = 51 (accepts "51-200", "201+") or at_least = 201 (accepts "201+"), '
        'or offer "51-100" and "101-200" instead of "51-200"',
        f"{G}:44: price.months = 3: does not belong to cpl; remove it (it is for revenue_share)",
        f"{G}:47: review.hours = 0: must be 1 or more",
    ]


def test_a_criterion_on_a_malformed_field_is_not_reported_too(problems_after_change) -> None:
    assert problems_after_change(('label = "Number of employees"', "label = 5")) == [
        f"{G}:16: fields.company_size.label = 5: must be text in quotes"
    ]


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ("opens = 2026-11-01", "opens = 2026-11-01\ncloses = 2026-11-01"),
        ("leads_a_month = 10", "money_a_month = 50"),
        ("leads_a_month = 10", "leads_a_month = 10\nleads_a_company = 10"),
        ("rate = 50.00", 'rate = "50.00"'),
        ("window = 180", 'window = "for ever"'),
        ("at_least = 51", "between = [51, 200]"),
        ("at_least = 51", 'none_of = ["1-50"]'),
        ("at_least = 51", 'field = "job_title"\nequal = "CEO"'),
        ("at_least = 51", 'field = "email"\nbusiness_email = true'),
        ("at_least = 51", 'field = "country"\ncountry_in = ["US", "XK"]'),
        (
            'type = "choice"\nchoices = [\n    "1-50",\n    "51-200",\n    "201+",\n]',
            'type = "integer"',
        ),
        ('"work email"', '"off"'),
        ('"work email"', '"section-us billing home email"'),
    ],
)
def test_valid_variants_give_no_message(problems_after_change, change, to) -> None:
    assert problems_after_change((change, to)) == []


@pytest.mark.parametrize(
    "token", ["work name", "section-a b email", "home", "work  email", "email work"]
)
def test_invalid_autocomplete_tokens_are_reported(problems_after_change, token) -> None:
    [text] = problems_after_change(('"work email"', f'"{token}"'))
    assert text.startswith(
        f'{G}:13: fields.email.autocomplete = "{token}": is not a token of the HTML'
    )


def test_choices_that_differ_only_in_case_are_the_same(problems_after_change) -> None:
    many = ('"1-50"', '"Up to 50"'), ('"51-200"', '"up to 50"')
    assert f'{G}:18: fields.company_size.choices holds "up to 50": is offered twice; keep one' in (
        problems_after_change(*many)
    )


def test_a_hidden_file_cannot_be_an_asset(problems_after_change) -> None:
    [text] = problems_after_change(('"guide.pdf"', '".env"'))
    assert text.startswith(f'{G}:7: assets holds ".env": must be a file\'s name alone')


def test_punctuation_alone_cannot_be_matched(problems_after_change) -> None:
    assert problems_after_change(
        ("at_least = 51", 'field = "job_title"\ncontains_any = ["IT", "!"]')
    ) == [f'{G}:39: criteria.company_size.contains_any holds "!": has no word; write one']


def test_three_criteria_that_no_choice_can_meet_are_reported(problems_after_change) -> None:
    three = (
        "at_least = 51\n"
        '[criteria.middle]\nfield = "company_size"\nat_most = 200\n'
        '[criteria.small]\nfield = "company_size"\nequal = "1-50"'
    )
    [text] = problems_after_change(("at_least = 51", three))
    assert text.startswith(
        f"{G}:42: criteria.small: no choice of `company_size` can meet it together"
    )


@pytest.mark.parametrize("name", [name for name in dir(Form()) if re.fullmatch("[a-z]\\w*", name)])
def test_a_field_cannot_have_a_name_that_wtforms_uses(problems_after_change, name) -> None:
    assert problems_after_change(("[fields.job_title]", f"[fields.{name}]")) == [
        f"{G}:24: fields.{name}: a field named `{name}` would break the form; choose another name"
    ]
