"""Phone numbers as a flow names them: what is dialled, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from ivrtest.flow.model import Flow

EVERYWHERE = frozenset({"112", "911"})
"""Emergency numbers that every mobile telephone knows, wherever it is (3GPP TS 22.101, 10.1.1)."""
_EMERGENCY_DIGITS = 5
_NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{9}")
"""Ten digits in all of North America, of which 900 begins those that cost extra."""
_SIP = re.compile(r"sips?:([^@;?]+)@", re.IGNORECASE)


def dialled(to: str) -> str | None:
    """Return the number in `+12025550100`, `911`, `tel:+12025550100` or `sip:+12025550100@carrier`; None if there is none.

    A SIP user of digits without a country code is taken to be a name in somebody's system, unless it is short enough for an emergency.
    """
    match = _SIP.match(to)
    number = match[1].partition(":")[0] if match else to.removeprefix("tel:").partition(";")[0]
    number = re.sub(r"[-.()]", "", number)
    if not re.fullmatch(r"\+?[0-9]+", number):
        return None
    return None if match and not number.startswith("+") and len(number) > _EMERGENCY_DIGITS else number


def regions(flow: Flow) -> frozenset[str]:
    """Return the countries (`US`) in which the flow's own numbers are. Empty where no number tells."""
    import phonenumbers

    found: set[str] = set()
    for number in flow.numbers:
        if number.startswith("+"):
            try:
                region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
            except phonenumbers.NumberParseException:
                continue
            if region is not None:
                found.add(region)
    return frozenset(found)


@lru_cache(maxsize=4096)
def fault(number: str) -> str | None:
    """Return why nobody can be reached at an international number such as `+49123`; None if somebody may be.

    Lengths and country codes are judged, which change seldom. Which numbers are given out changes every week.
    """
    if _NORTH_AMERICAN.fullmatch(number):
        return None
    # Imported where it is needed: that takes longer than checking a small flow.
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return "no country has such a code"
    match phonenumbers.is_possible_number_with_reason(parsed):
        case phonenumbers.ValidationResult.IS_POSSIBLE:
            return None
        case phonenumbers.ValidationResult.INVALID_COUNTRY_CODE:
            return "no country has such a code"
        case phonenumbers.ValidationResult.TOO_LONG:
            return "it is too long"
        case phonenumbers.ValidationResult.TOO_SHORT | phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return "it is too short"
        case _:
            return "no number there has so many digits"


@lru_cache(maxsize=4096)
def is_premium(number: str) -> bool:
    """Tell whether an international number is one that the caller pays extra for."""
    if _NORTH_AMERICAN.fullmatch(number):
        return number.startswith("+1900")
    import phonenumbers

    return bool(phonenumbers.number_type(phonenumbers.parse(number)) == phonenumbers.PhoneNumberType.PREMIUM_RATE)


def is_emergency(number: str, countries: Collection[str]) -> bool:
    """Tell whether a short number calls the police, an ambulance or the fire brigade in one of these countries."""
    if len(number) > _EMERGENCY_DIGITS:
        return False
    if number in EVERYWHERE:
        return True
    from phonenumbers import shortnumberinfo

    return any(shortnumberinfo.is_emergency_number(number, country) for country in countries)
