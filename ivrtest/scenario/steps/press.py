"""`press: 2`: the caller presses keys."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Self

from ivrtest.rtp.dtmf import USUAL_KEY, KeyForm
from ivrtest.scenario.steps.fields import RULE, StepFields, read_seconds
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span
from ivrtest.source.yaml import DataPath

MASK: Final = "••••"
"""Stands for keys that must not be shown, however many there are."""


@dataclass(frozen=True, slots=True)
class Press:
    """The caller presses keys."""

    word: ClassVar[str] = "press"

    span: Span
    keys: str = field(repr=False)
    """One or more of `0123456789*#ABCD`."""
    secret: bool = False
    """The keys must appear in no log and no report."""
    form: KeyForm | None = None
    """How they are pressed; None: as usual."""

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        value = fields.value
        keys = value["keys"] if isinstance(value, dict) else value
        secret, _ = fields.option("secret")
        return cls(fields.span, str(keys), bool(secret), _form(fields))

    def describe(self) -> str:
        return f"press {MASK if self.secret else self.keys}"


def _form(fields: StepFields) -> KeyForm | None:
    """Return how the keys of a step are pressed: as it says itself, else as the scenario does. None where nobody says anything."""
    said = {key: found for key in ("duration", "gap", "volume") if (found := fields.option(key))[0] is not None}
    usual = fields.document.data.get("keys") if isinstance(fields.document.data, dict) else None
    for key, value in (usual if isinstance(usual, dict) else {}).items():
        said.setdefault(key, (value, ("keys", key)))
    if not said:
        return None
    form = USUAL_KEY
    # One after the other, so that each mistake has its own place.
    for key, (value, path) in said.items():
        try:
            match key:
                case "duration":
                    form = replace(form, ms=_milliseconds(fields, path, value, form.ms))
                case "gap":
                    form = replace(form, gap_ms=_milliseconds(fields, path, value, form.gap_ms))
                case _:
                    form = replace(form, volume=-int(value))
        except ValueError as error:
            finding = Finding(RULE, Severity.ERROR, str(error), fields.document.span(path))
            if finding not in fields.findings:
                fields.findings.append(finding)
    return form


def _milliseconds(fields: StepFields, path: DataPath, value: Any, usual: int) -> int:
    return round(1000 * read_seconds(fields.document, path, value, usual / 1000, fields.findings))
