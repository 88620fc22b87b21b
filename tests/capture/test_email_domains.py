"""Which domains identify a company."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.email_domains import company_domain, domain_of, is_disposable


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("Ann@ACME.org", "acme.org"),
        ("ann@us.acme.org", "us.acme.org"),
        ("ann@acme.org.", "acme.org"),
        ("ann@bücher.example", "xn--bcher-kva.example"),
        ("ann@XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("ann@gmail.com", None),
        ("ann@eu.gmail.com", None),
        ("ann@mailinator.com", None),
        ("nobody", None),
        ("ann@", None),
    ],
)
def test_the_company_is_the_domain_as_written(email, domain):
    assert company_domain(email) == domain


def test_a_name_that_only_ends_like_a_listed_one_is_not_listed():
    assert company_domain("ann@notgmail.com") == "notgmail.com"


def test_a_subdomain_of_a_disposable_domain_is_disposable():
    assert is_disposable("ann@deep.down.mailinator.com")


@given(st.text())
def test_any_text_is_accepted(text):
    assert domain_of(text) == domain_of(text.strip().rstrip("."))
