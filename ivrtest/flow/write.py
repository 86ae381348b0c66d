"""Flows to flow files. What `write_flow` writes, `read.read_flow` reads back to an equal flow, places aside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from ivrtest.flow.fields import written_seconds
from ivrtest.flow.model import ALL_LANGUAGES, Flow, Prompt
from ivrtest.flow.policy import Policy
from ivrtest.flow.writing import given

WIDTH = 120
"""What fits is written on one line."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_/-]*|[0-9]{1,6}(?:ms|s|m)")
_WORDS = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n"])
"""Not to be written without quotes. Some are plain texts for our reader and truths for others."""
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def write_flow(flow: Flow) -> str:
    """Return a flow as the text of a flow file."""
    head = given(
        ivrtest="flow/1",
        name=flow.name,
        entry=flow.entry,
        languages=list(flow.languages),
        numbers=list(flow.numbers) or None,
        time_zone=None if flow.time_zone == "UTC" and flow.time_zone_span is None else flow.time_zone,
        variables=dict(flow.variables) or None,
        spoken_anew=list(flow.spoken_anew) or None,
        policy=_written_policy(flow) or None,
    )
    lines = list(_lines(head, 0))
    if flow.prompts:
        lines.append("prompts:")
        lines += _lines({name: _written_prompt(prompt) for name, prompt in flow.prompts.items()}, 1)
    lines.append("nodes:")
    for name, node in flow.nodes.items():
        lines.append(f"  {_scalar(name)}:")
        lines += _lines({node.kind: dict(node.written())}, 2)
    return "\n".join(lines) + "\n"


def _written_policy(flow: Flow) -> dict[str, object]:
    """Return what the flow sets itself, and what differs from the usual."""
    usual = Policy()
    found: dict[str, object] = {}
    for limit in fields(Policy):
        value = getattr(flow.policy, limit.name)
        if limit.name not in flow.policy_given and value == getattr(usual, limit.name):
            continue
        if limit.name in {"prompt_length_s", "silence_s", "seconds_to_a_person"}:
            found[limit.name.removesuffix("_s")] = written_seconds(value)
        else:
            found[limit.name] = value
    return found


def _written_prompt(prompt: Prompt) -> object:
    return prompt.words[ALL_LANGUAGES] if ALL_LANGUAGES in prompt.words else dict(prompt.words)


def _lines(value: Mapping[str, object], level: int) -> Iterator[str]:
    indent = "  " * level
    for key, item in value.items():
        inline = f"{indent}{_scalar(key)}: {_inline(item)}"
        if len(inline) <= WIDTH:
            yield inline
        elif isinstance(item, Mapping) and item:
            yield f"{indent}{_scalar(key)}:"
            yield from _lines(item, level + 1)
        elif isinstance(item, list):
            yield f"{indent}{_scalar(key)}:"
            yield from (f"{indent}  - {_inline(part)}" for part in item)
        else:
            yield inline


def _inline(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
