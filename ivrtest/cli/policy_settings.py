"""`[check.policy]`: what flows may ask of callers, where a flow's own `policy` does not say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivrtest.cli.toml_reader import A_SWITCH, Reader, is_switch

_LIMITS: Final = ("menu_options", "menu_depth", "least_attempts", "most_attempts", "keys_to_a_person")
_TIMES: Final = ("prompt_length", "silence", "seconds_to_a_person")
_SWITCHES: Final = ("zero_reaches_a_person", "repeat_key")
POLICY_KEYS: Final = (*_LIMITS, *_TIMES, *_SWITCHES)
"""The words of a flow's `policy`."""
_A_LIMIT: Final = "it must be a whole number from 1 to 99"
_A_TIME: Final = 'it must be a time such as "800ms", "5s" or "2m"'


def read_policy(reader: Reader, check: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits that are given, by the names of `Policy`'s fields."""
    table = reader.table(check, "policy", POLICY_KEYS, within="check.")
    if not table:
        return {}
    # Imported where limits are given: few settings do.
    from ivrtest.flow.fields import parse_seconds
    from ivrtest.flow.policy import Policy, field_of

    def is_time(value: object) -> bool:
        return isinstance(value, str) and bool(parse_seconds(value))

    limits: dict[str, Any] = {}
    for keys, right, rule in ((_LIMITS, _is_limit, _A_LIMIT), (_TIMES, is_time, _A_TIME), (_SWITCHES, is_switch, A_SWITCH)):
        for key in keys:
            value = reader.value(table, f"check.policy.{key}", right, rule)
            if value is not None:
                limits[field_of(key)] = parse_seconds(value) if keys is _TIMES else value
    policy = Policy(**limits)
    if policy.least_attempts > policy.most_attempts:
        given = "least_attempts" if "least_attempts" in table else "most_attempts"
        reader.complain(
            f"check.policy.{given}",
            f"the policy wants at least {policy.least_attempts} attempts and at most {policy.most_attempts}. "
            'make "least_attempts" no greater',
        )
    return limits


def _is_limit(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 99
