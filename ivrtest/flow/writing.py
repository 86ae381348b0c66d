"""The small parts of a node, as they stand in a file."""

from __future__ import annotations

from collections.abc import Mapping

from ivrtest.flow.model import DigitsRef, NumberRef, PromptRef, Spoken, SpokenPart, Target


def written_target(target: Target | None) -> object:
    """Return `NAME`, `return` or the mapping that says more. None for none."""
    if target is None:
        return None
    if target.node is None:
        if target.outcome is None and not target.sets:
            return "return"
        where: dict[str, object] = {"goto": "return"} if target.outcome is None else {"return": target.outcome}
    elif not target.sets:
        return target.node
    else:
        where = {"goto": target.node}
    return {"set": dict(target.sets), **where} if target.sets else where


def written_targets(targets: Mapping[str, Target]) -> dict[str, object]:
    return {name: written_target(target) for name, target in targets.items()}


def written_spoken(spoken: Spoken) -> object:
    """Return a prompt's name, or the list of what is said."""
    if len(spoken) == 1 and isinstance(spoken[0], PromptRef):
        return spoken[0].prompt
    return [_written_part(part) for part in spoken]


def _written_part(part: SpokenPart) -> object:
    match part:
        case PromptRef(prompt=prompt):
            return prompt
        case DigitsRef(variable=variable):
            return {"digits": variable}
        case NumberRef(value=value, currency=""):
            return {"number": value}
        case NumberRef(value=value, currency=currency):
            return {"amount": value, "currency": currency}


def given(**fields: object) -> dict[str, object]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}
