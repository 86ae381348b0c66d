"""`[check]`: which rules look, and how bad what they find is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ivrtest.cli.policy_settings import read_policy
from ivrtest.cli.toml_reader import Reader, is_texts
from ivrtest.source.finding import Severity

SEVERITIES: Final = {str(severity): severity for severity in sorted(Severity, reverse=True)}


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """Which rules of the checker look, and how much what they find weighs."""

    select: tuple[str, ...] = ()
    """Empty: all."""
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    """By rule, where it is not the usual one."""
    policy: Mapping[str, Any] = field(default_factory=dict)
    """Limits by the fields of `flow.policy.Policy`, for flows that set none themselves."""


def read_check(reader: Reader, data: Mapping[str, Any]) -> CheckSettings:
    """Read what stands below `check`; every mistake goes to the reader."""
    table = reader.table(data, "check", ("select", "ignore", "severity", "policy"))
    if not table:
        return CheckSettings()
    # Imported where rules are named: few settings do, and most commands have no use for the rules.
    from ivrtest.check.selection import unknown_rule

    lists = {key: tuple(reader.value(table, f"check.{key}", is_texts, "it must be a list of rules") or ()) for key in ("select", "ignore")}
    weights = reader.table(table, "severity", within="check.")
    for key, names in (*lists.items(), ("severity", tuple(weights))):
        for name in names:
            if message := unknown_rule(name):
                reader.complain(f"check.{key}", message, at=name)
    severity = {}
    for name, weight in weights.items():
        if isinstance(weight, str) and weight in SEVERITIES:
            severity[name] = SEVERITIES[weight]
        else:
            expected = ", ".join(f'"{each}"' for each in SEVERITIES)
            reader.complain("check.severity", f'severity "{weight}" of rule "{name}" is none. it must be one of {expected}', at=name)
    return CheckSettings(lists["select"], lists["ignore"], severity, read_policy(reader, table))
