"""Job titles compared word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.qualification.titles import title_test
from capture.qualification.verdict import RULE_DATA


@pytest.mark.parametrize(
    ("pattern", "title"),
    [
        ("VP of Operations", "Vice President, Operations"),
        ("VP of Operations", "SVP Ops"),
        ("VP of Operations", "V.P. of Ops & Logistics"),
        ("VP of Operations", "V. P. Operations"),
        ("Vice President", "Executive Vice-President for Sales"),
        ("Vice President of Operations", "VP Ops"),
        ("CEO", "Founder / Chief Executive"),
        ("Chief Executive Officer", "c.e.o."),
        ("President", "President & CEO"),
        ("Head of IT", "Head of Information Technology"),
        ("Head of HR", "head, human resources"),
        ("Head of", "Global Head of IT"),
        ("Owner", "Owner & Founder"),
        ("Director", "Sr. Dir., Mktg"),
        ("Senior Director", "SR DIR"),
        ("Director", "Managing Director"),
        ("Managing Director", "MD"),
        ("MD", "Managing Director"),
        ("Chief Medical Officer", "CMO"),
        ("CMO", "Chief Marketing Officer"),
        ("COO", "Chief Operations Officer"),
        ("COO", "Chief Operating Officer"),
        ("Director of R&D", "Director, Research and Development"),
        ("Assistant Director", "Asst. Dir. of Nursing"),
        ("AVP", "Assistant Vice President"),
        ("CFO", "CFO and Secretary"),
        ("CFO", "Company Secretary & CFO"),
        ("Vice President", "VP, Assistant General Counsel"),
        ("Director", "Ｄｉｒｅｃｔｏｒ"),  # noqa: RUF001 # full width
    ],
)
def test_other_spellings_of_a_title_match(pattern, title):
    assert title_test([pattern])(title) == ""


@pytest.mark.parametrize(
    ("pattern", "title"),
    [
        ("President", "Vice President"),
        ("President", "SVP"),
        ("VP of Operations", "VP Sales and Operations"),
        ("VP of Operations", "Operations VP"),
        ("Director", "Directory Assistant"),
        ("Director", "MD, Cardiology"),
        ("CMO", "Chief Medical Officer"),
        ("Manager", "Management Trainee"),
        ("CEO", "CEO's assistant"),
        ("Head of", "Head Nurse"),
        ("Head of", "Headmaster of Studies"),
        ("Owner", "Product Owner"),
        ("Partner", "HR Business Partner"),
        ("CEO", ""),
        ("CEO", ", & -"),
    ],
)
def test_a_different_title_does_not_match(pattern, title):
    assert title_test([pattern])(title) == "which is none of these"


@pytest.mark.parametrize(
    ("title", "word"),
    [
        ("Assistant to the VP of Operations", "assistant"),
        ("Exec. Asst., VP Operations", "assistant"),
        ("Secretary of the VP, Operations", "secretary"),
        ("Reporting to VP Operations", "to"),
        ("Former VP Operations", "former"),
        ("Ex-VP Ops", "ex"),
        ("Analyst, Office of the VP of Operations", "office of"),
        ("AVP Operations", "assistant"),
        ("VP Operations Assistant", "assistant"),
    ],
)
def test_assistants_and_former_holders_do_not_match(title, word):
    assert title_test(["VP of Operations"])(title) == f"where “{word}” makes it another post"


@pytest.mark.parametrize("title", ["Assistant to the Head of IT", "Former Director, Head of IT"])
def test_an_assistant_to_a_head_does_not_match(title):
    assert "makes it another post" in title_test(["Head of", "Owner"])(title)


def test_one_title_of_several_is_enough():
    assert title_test(["CEO", "VP of Operations"])("VP Operations, Assistant Treasurer") == ""


@given(
    st.sampled_from(sorted(RULE_DATA["titles"]["same"].items())),
    st.sampled_from(["{}", "Global {}", "{} (acting)", "{}, EMEA"]),
)
def test_every_form_in_the_data_matches_its_full_form_and_back(same, frame):
    full, forms = same
    for form in forms:
        assert title_test([full])(frame.format(form.upper())) == ""
        assert title_test([form])(frame.format(full.title())) == ""


@given(st.text(), st.text())
def test_any_title_and_pattern_give_a_result(pattern, title):
    assert isinstance(title_test([pattern])(title), str)
