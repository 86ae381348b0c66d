"""Flow files to flows. One pass finds all mistakes: what cannot be read is left out, and the rest is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from ivrtest.flow.fields import RULE, Fields
from ivrtest.flow.model import ALL_LANGUAGES, Flow, Node, Prompt
from ivrtest.flow.nodes import NODE_TYPES
from ivrtest.flow.nodes.hours import read_time_zone
from ivrtest.flow.policy import Policy, field_of
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.shape import Problem, load_schema, problems
from ivrtest.source.text import Source
from ivrtest.source.undisturbed import undisturbed
from ivrtest.source.yaml import Document, read_document, read_source

SCHEMA = Path(__file__).with_name("flow.schema.json")
RESERVED_NODES = frozenset({"return"})
_TYPES: Mapping[str, type[Node]] = {node_type.kind: node_type for node_type in NODE_TYPES}
_NEEDED = ("ivrtest", "name", "entry", "nodes", "languages")
"""Without these, nothing can be said about a flow."""
_REQUIRED = frozenset({"name", "entry", "nodes"})
"""What must be there. A misspelt one is reported as the key it is, so that its absence is no problem of its own."""


@dataclass(frozen=True, slots=True)
class FlowReading:
    """What could be read of a flow file, and what is wrong with it."""

    flow: Flow | None
    """None if too little of it could be read."""
    findings: tuple[Finding, ...]
    """In the order of the file."""
    broken_nodes: frozenset[str] = frozenset()
    """Ids of nodes that are declared and were left out, so that nobody calls what leads there dangling."""
    broken_prompts: frozenset[str] = frozenset()
    """The same for prompts."""


@undisturbed()
def read_flow(source: Source) -> FlowReading:
    """Read a flow. Raises `InputError` where the text is no YAML at all."""
    document = read_document(source)
    shape = problems(document, _schema())
    findings = [*document.findings, *(problem.finding for problem in shape)]
    broken = {(problem.path[0], problem.path[1]) for problem in shape if len(problem.path) > 1}
    flow = None
    if isinstance(document.data, dict) and _REQUIRED.issubset(document.data) and not any(_is_fatal(problem) for problem in shape):
        top = Fields(document, (), document.data, findings)
        prompts = _read_prompts(document, broken)
        nodes = _read_nodes(top, broken)
        flow = _read_top(top, {problem.path[0] for problem in shape if problem.path}, nodes, prompts)
    return FlowReading(
        flow,
        tuple(sorted(findings, key=lambda finding: finding.sort_key)),
        frozenset(str(name) for part, name in broken if part == "nodes"),
        frozenset(str(name) for part, name in broken if part == "prompts"),
    )


def load_flow(path: Path, root: Path | None = None) -> FlowReading:
    """Read a flow file. Raises `InputError` if it cannot be read or is no YAML. `root`: a folder that it must lie in."""
    return read_flow(read_source(path, root))


@cache
def _schema() -> Mapping[str, Any]:
    return load_schema(SCHEMA)


def _is_fatal(problem: Problem) -> bool:
    """Tell if nothing can be read because of this: the whole file, or the whole of something that everything needs."""
    return not problem.path or (problem.path[0] in _NEEDED and (len(problem.path) == 1 or problem.path[0] != "nodes"))


def _read_top(top: Fields, broken: set[str | int], nodes: Mapping[str, Node], prompts: Mapping[str, Prompt]) -> Flow:
    numbers = () if "numbers" in broken else top.texts("numbers")
    variables = top.sets("variables") if "variables" in top and "variables" not in broken else {}
    policy = None if "policy" in broken else top.child("policy")
    return Flow(
        name=top.text("name"),
        span=top.span("name"),
        entry=top.text("entry"),
        entry_span=top.span("entry"),
        languages=top.texts("languages") or ("en",),
        nodes=nodes,
        prompts=prompts,
        numbers=numbers,
        number_spans=tuple(top.span("numbers", place) for place in range(len(numbers))),
        time_zone=_time_zone(top, broken),
        time_zone_span=top.span("time_zone") if "time_zone" in top else None,
        policy=_policy(policy),
        policy_given=frozenset(field_of(word) for word in policy.data) if policy is not None else frozenset(),
        variables=variables,
        spoken_anew=_spoken_anew(top, broken),
        variable_spans={name: top.key_span("variables", name) for name in variables},
    )


def _policy(fields: Fields | None) -> Policy:
    if fields is None:
        return Policy()
    usual = Policy()
    policy = Policy(
        menu_options=fields.whole("menu_options", usual.menu_options),
        menu_depth=fields.whole("menu_depth", usual.menu_depth),
        prompt_length_s=fields.seconds("prompt_length", usual.prompt_length_s),
        silence_s=fields.seconds("silence", 0.0) if "silence" in fields else None,
        least_attempts=fields.whole("least_attempts", usual.least_attempts),
        most_attempts=fields.whole("most_attempts", usual.most_attempts),
        keys_to_a_person=fields.whole("keys_to_a_person", 0) if "keys_to_a_person" in fields else None,
        seconds_to_a_person=fields.seconds("seconds_to_a_person", 0.0) if "seconds_to_a_person" in fields else None,
        zero_reaches_a_person=fields.flag("zero_reaches_a_person", False),
        repeat_key=fields.flag("repeat_key", False),
    )
    if policy.least_attempts > policy.most_attempts:
        message = (
            f'policy wants at least {policy.least_attempts} attempts and at most {policy.most_attempts}. make "least_attempts" no greater'
        )
        given = "least_attempts" if "least_attempts" in fields else "most_attempts"
        fields.wrong(message, fields.span(given))
        return usual
    return policy


def _spoken_anew(top: Fields, broken: set[str | int]) -> tuple[str, ...]:
    if "spoken_anew" in broken:
        return ()
    names = top.texts("spoken_anew")
    prompts = top.data.get("prompts") or {}
    for place, name in enumerate(names):
        if name not in prompts:
            near = get_close_matches(name, prompts, n=1)
            hint = f'did you mean "{near[0]}"?' if near else 'declare it in "prompts"'
            top.wrong(f'there is no prompt "{name}" that could be spoken anew. {hint}', top.span("spoken_anew", place))
    return names


def _time_zone(top: Fields, broken: set[str | int]) -> str:
    if "time_zone" in broken:
        return "UTC"
    before = len(top.findings)
    name = read_time_zone(top)
    return name if name and len(top.findings) == before else "UTC"


def _read_prompts(document: Document, broken: set[tuple[str | int, str | int]]) -> dict[str, Prompt]:
    prompts: dict[str, Prompt] = {}
    declared = document.data.get("prompts")
    for name, words in declared.items() if isinstance(declared, dict) else ():
        if ("prompts", name) in broken:
            continue
        path = ("prompts", name)
        if isinstance(words, str):
            prompts[name] = Prompt(name, {ALL_LANGUAGES: words}, document.key_span(path), {ALL_LANGUAGES: document.span(path)})
        else:
            spans = {language: document.span((*path, language)) for language in words}
            prompts[name] = Prompt(name, dict(words), document.key_span(path), spans)
    return prompts


def _read_nodes(top: Fields, broken: set[tuple[str | int, str | int]]) -> dict[str, Node]:
    """Read the nodes that have the right shape. Those that turn out wrong are added to `broken`."""
    nodes: dict[str, Node] = {}
    for name, data in top.data["nodes"].items():
        if ("nodes", name) in broken:
            continue
        span, before = top.key_span("nodes", name), len(top.findings)
        if name in RESERVED_NODES:
            message = f'node "{name}" cannot be reached: as a target, "{name}" leaves a called flow. give the node another name'
            top.findings.append(Finding(RULE, Severity.ERROR, message, span))
        [(kind, fields)] = data.items()
        node = _TYPES[kind].read(name, span, Fields(top.document, ("nodes", name, kind), fields or {}, top.findings))
        if len(top.findings) == before:
            nodes[name] = node
        else:
            broken.add(("nodes", name))
    return nodes
