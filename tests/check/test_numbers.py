"""Phone numbers: what is dialled, and what the library of all numbers says of it."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.check.numbers import dialled, fault, is_emergency, is_premium


@pytest.mark.parametrize(
    ("to", "number"),
    [
        ("+12025550100", "+12025550100"),
        ("911", "911"),
        ("tel:+1-202-555-0100;phone-context=x", "+12025550100"),
        ("sip:+12025550100@carrier.example;user=phone", "+12025550100"),
        ("SIPS:+12025550100:secret@carrier.example", "+12025550100"),
        ("sip:112@carrier.example", "112"),
        ("sip:471100@pbx.example", None),
        ("sip:desk@pbx.example", None),
        ("sip:pbx.example", None),
    ],
)
def test_the_number_in_a_target(to: str, number: str | None) -> None:
    assert dialled(to) == number


@given(st.from_regex(r"\A\+1(?:900|[2-9][0-9]{2})[0-9]{7}\Z"))
def test_what_is_told_of_north_america_without_the_library_is_what_it_says(number: str) -> None:
    parsed = phonenumbers.parse(number)
    assert fault(number) is None
    assert phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
    if phonenumbers.is_valid_number(parsed):
        assert is_premium(number) == (phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.PREMIUM_RATE)


@given(st.text("0123456789", min_size=1, max_size=17))
def test_every_number_can_be_judged(digits: str) -> None:
    if fault(f"+{digits}") is None:
        assert is_premium(f"+{digits}") in (True, False)


@pytest.mark.parametrize(
    ("number", "countries", "answer"),
    [
        ("911", (), True),
        ("110", ("DE",), True),
        ("110", ("US",), False),
        ("110", (), False),
        ("999", ("GB",), True),
        ("999000", ("GB",), False),
    ],
)
def test_emergency_numbers_are_those_of_the_country(number: str, countries: tuple[str, ...], answer: bool) -> None:
    assert is_emergency(number, countries) == answer
