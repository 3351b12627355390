"""Probabilities in words."""

import pytest

from linewise.wording import edit_message, percent


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "<1 %"),
        (0.0099, "<1 %"),
        (0.01, "1 %"),
        (0.414, "41 %"),
        (0.99, "99 %"),
        (0.9901, ">99 %"),
        (1.0, ">99 %"),
    ],
)
def test_percent(probability, text):
    assert percent(probability) == text


def test_a_probability_comes_with_its_base_rate():
    assert edit_message(0.414, 0.08) == "Edit probability 41 % (base rate 8 %)"
