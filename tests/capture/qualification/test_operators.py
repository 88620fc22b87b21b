"""What each operator accepts, and the sentence that describes it."""

import pytest

from capture.qualification.criteria import qualify, sentence


def outcome(campaign, **answers):
    (result,) = qualify(campaign, answers).criteria
    return result.passed, result.reason


@pytest.mark.parametrize(
    ("criterion", "rule_sentence"),
    [
        ({"field": "seats", "equal": 5}, "Seats is 5"),
        ({"field": "industry", "one_of": ("Healthcare",)}, "Industry is Healthcare"),
        (
            {"field": "industry", "one_of": ("Healthcare", "Hospitals")},
            "Industry is one of: Healthcare, Hospitals",
        ),
        ({"field": "industry", "none_of": ("Other",)}, "Industry is none of: Other"),
        ({"field": "company_size", "at_least": 101}, "Company size is at least 101"),
        ({"field": "company_size", "at_most": 200}, "Company size is at most 200"),
        (
            {"field": "seats", "between": (5, 9)},
            "Seats is between 5 and 9, both included",
        ),
        (
            {"field": "needs", "contains_any": ("Backup", "Cost, and control")},
            "Needs includes at least one of: Backup; Cost, and control",
        ),
        (
            {"field": "needs", "contains_all": ("Backup", "Security")},
            "Needs includes all of: Backup, Security",
        ),
        (
            {"field": "job_title", "matches": ("VP of Operations", "CEO")},
            "Job title matches one of: VP of Operations, CEO, "
            "with usual abbreviations taken as the same",
        ),
        (
            {"field": "email", "business_email": True},
            "Work e-mail is a business address: not free-mail, not disposable, not a role account",
        ),
        (
            {"field": "country", "country_in": ("US", "DE")},
            "Country is one of: United States, Germany",
        ),
    ],
)
def test_each_operator_describes_its_rule_with_the_label(agreement, criterion, rule_sentence):
    assert sentence(agreement(judged=criterion), "judged") == rule_sentence


def test_an_unknown_criterion_raises_a_key_error(agreement):
    with pytest.raises(KeyError, match="elsewhere"):
        sentence(agreement(seats={"equal": 5}), "elsewhere")


@pytest.mark.parametrize("answer", ["Healthcare", " healthcare ", "ＨＥＡＬＴＨＣＡＲＥ"])  # noqa: RUF001 # full width
def test_equal_ignores_case_width_and_spaces(agreement, answer):
    assert outcome(agreement(industry={"equal": "Healthcare"}), industry=answer)[0]


def test_a_number_equals_itself_as_number_and_as_text(agreement):
    campaign = agreement(seats={"equal": 5})
    assert outcome(campaign, seats=5) == (True, "answered 5")
    assert outcome(campaign, seats="5") == (True, "answered 5")
    assert outcome(campaign, seats=6) == (False, "answered 6, which is not 5")


def test_one_of_needs_every_choice_in_the_list(agreement):
    campaign = agreement(needs={"one_of": ("Backup", "Security")})
    assert outcome(campaign, needs=("Backup", "security"))[0]
    assert outcome(campaign, needs=("Backup", "Cost, and control")) == (
        False,
        "answered Backup; Cost, and control, which is not in the list",
    )


def test_none_of_fails_if_one_choice_is_in_the_list(agreement):
    campaign = agreement(needs={"none_of": ("Security",)})
    assert outcome(campaign, needs=("Backup",))[0]
    assert not outcome(campaign, needs=("Backup", "Security"))[0]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("51-100", (False, "answered 51-100, which is not at least 101")),
        ("101-200", (True, "answered 101-200")),
        ("1001+", (True, "answered 1001+")),
    ],
)
def test_a_size_compares_by_its_numbers(agreement, size, expected):
    assert outcome(agreement(company_size={"at_least": 101}), company_size=size) == expected


def test_at_most_needs_the_complete_range_below(agreement):
    campaign = agreement(company_size={"at_most": 200})
    assert outcome(campaign, company_size="101-200")[0]
    assert outcome(campaign, company_size="1001+") == (
        False,
        "answered 1001+, which is not at most 200",
    )


def test_between_includes_both_ends(agreement):
    campaign = agreement(seats={"between": (5, 9)})
    assert [outcome(campaign, seats=seats)[0] for seats in (4, 5, 9, 10)] == [
        *(False, True, True, False)
    ]
    assert not outcome(campaign, seats="8+")[0]


@pytest.mark.parametrize("criterion", [{"at_least": 1}, {"at_most": 1}, {"between": (1, 2)}])
def test_text_that_is_not_a_number_fails_with_the_reason(agreement, criterion):
    campaign = agreement(message=criterion)
    assert outcome(campaign, message="many") == (False, "answered many, which is no number")


def test_contains_finds_what_was_chosen(agreement):
    needs = ("Backup", "Cost, and control")
    assert outcome(agreement(needs={"contains_any": ("security", "BACKUP")}), needs=needs)[0]
    assert outcome(agreement(needs={"contains_any": ("Security",)}), needs=needs) == (
        False,
        "answered Backup; Cost, and control, which has none of these",
    )
    assert outcome(agreement(needs={"contains_all": ("Backup", "Security")}), needs=needs) == (
        False,
        "answered Backup; Cost, and control, which lacks Security",
    )


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("We write C++ and move to the cloud.", ("C++", "the Cloud")),
        ("Disaster\nrecovery, please", ("disaster recovery",)),
    ],
)
def test_contains_finds_whole_words_in_a_text(agreement, text, mentioned):
    assert outcome(agreement(message={"contains_all": mentioned}), message=text)[0]


@pytest.mark.parametrize("text", ["cloudy", "Vitamin C", "the big cloud"])
def test_contains_matches_only_whole_adjacent_words(agreement, text):
    phrases = ("C++", "the cloud", "cloud y")
    assert not outcome(agreement(message={"contains_any": phrases}), message=text)[0]


@pytest.mark.parametrize(
    ("email", "fault"),
    [
        ("ann@acme.org", ""),
        ("ann.sales@acme.org", ""),
        ("ann@GMAIL.com", ", which is free-mail"),
        ("ann@mail.gmail.com", ", which is free-mail"),
        ("ann@hey.com", ", which is free-mail"),
        ("ann@mailinator.com", ", which is a disposable address"),
        ("ann@x.mailinator.com", ", which is a disposable address"),
        ("INFO@acme.org", ", which is a role account"),
        ("no-reply+7@acme.org", ", which is a role account"),
        ("Customer.Service@acme.org", ", which is a role account"),
    ],
)
def test_a_business_address_belongs_to_a_person_at_a_company(agreement, email, fault):
    campaign = agreement(email={"business_email": True})
    assert outcome(campaign, email=email) == (not fault, f"answered {email}{fault}")


def test_a_country_is_compared_by_code_and_shown_by_name(agreement):
    campaign = agreement(country={"country_in": ("US", "DE")})
    assert outcome(campaign, country="DE") == (True, "answered Germany")
    assert outcome(campaign, country="FR") == (False, "answered France, which is not in the list")
