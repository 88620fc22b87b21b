"""Labels of fields inside messages."""

import pytest

from capture.form.text import request_sentence


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("Work e-mail", "Enter your work e-mail."),
        ("Your name", "Enter your name."),
        ("The problem to solve", "Enter the problem to solve."),
        ("VAT number", "Enter your VAT number."),
        ("IT budget:", "Enter your IT budget."),
        ("Phone (optional)", "Enter your phone."),
        ("How many people work there?", "How many people work there? Enter an answer."),
        ("What you need", "What you need: enter an answer."),
        ("x" * 51, f"{'x' * 51}: enter an answer."),
        ("*", "Enter your *."),
    ],
)
def test_a_label_becomes_part_of_the_sentence(label, sentence):
    assert request_sentence("Enter", label) == sentence
