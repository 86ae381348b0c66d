"""A flow in which one finding is put right, so that it can be told what its caller should have met."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Final

from ivrtest.check.choices import options
from ivrtest.check.effects import LANGUAGE, Act, acts
from ivrtest.check.keys import announced, questions
from ivrtest.check.states import State, States, Step, explore
from ivrtest.flow.condition import Condition, ConditionError, parse_condition
from ivrtest.flow.model import Exit, Flow, Node, PromptRef, Target
from ivrtest.flow.nodes.branch import Branch, Case
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.flow.nodes.callback import Callback
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.hang_up import HangUpNode
from ivrtest.flow.nodes.menu import Menu
from ivrtest.flow.nodes.set import Set
from ivrtest.flow.nodes.survey import Survey
from ivrtest.flow.nodes.transfer import Transfer
from ivrtest.source.finding import Finding
from ivrtest.source.text import Source, Span


@dataclass(frozen=True, slots=True)
class Repair:
    """A flow that is right where the finding is, and what the caller does to notice."""

    flow: Flow
    acts: tuple[Act, ...]
    guessed: bool = False
    """The caller is led to a person, or to a farewell, because nothing tells what was meant."""


Repairer = Callable[[Finding, Flow, tuple[Act, ...], str], Repair | None]
"""Takes the finding, its flow, the acts of its witness, and the node in which the caller is after them."""


def repaired(finding: Finding, flow: Flow, done: Sequence[Act], node: str) -> Repair | None:
    """Return `flow` with the finding put right; None where nobody can tell how, or where no call would show it."""
    repairer = _REPAIRERS.get(finding.rule)
    return repairer(finding, flow, tuple(done), node) if repairer is not None else None


def _declare(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    found = _blamed(finding, flow, done)
    safe = refuge(flow, found[0].id) if found else None
    if found is None or safe is None:
        return None
    changed = _declared(found[0], found[1], safe)
    return Repair(_with(flow, changed), done, guessed=True) if changed is not None else None


def _aim(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    """Lead to the node whose name is nearest to what is written."""
    found = _blamed(finding, flow, done)
    if found is None or found[1].target is None:
        return None
    near = difflib.get_close_matches(found[1].target.node or "", flow.nodes, n=1)
    target = replace(found[1].target, node=near[0]) if near else refuge(flow, found[0].id)
    return Repair(_aimed(flow, *found, target), done, guessed=not near) if target is not None else None


def _aim_at_refuge(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    found = _blamed(finding, flow, done)
    safe = refuge(flow, found[0].id) if found else None
    return Repair(_aimed(flow, *found, safe), done, guessed=True) if found and safe else None


def _speak(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    """Let the key of a language lead on in it."""
    found = _blamed(finding, flow, done)
    if found is None:
        return None
    menu, way = found
    for option in options(flow, menu):
        if option.exit == way and option.language in flow.languages:
            onward = _after_choice(flow, menu, way)
            if onward is not None:
                return Repair(_aimed(flow, menu, way, Target(onward, way.span, {LANGUAGE: option.language})), done)
    return None


def _go_on_after_choice(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    found = _blamed(finding, flow, done)
    menu = flow.nodes.get(found[1].target.node or "") if found and found[1].target else None
    onward = _after_choice(flow, menu) if menu is not None else None
    return Repair(_aimed(flow, *found, Target(onward, finding.span)), done) if found and onward else None


def _keep_language(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    found = _blamed(finding, flow, done)
    if found is None or found[1].target is None or LANGUAGE not in found[1].target.sets:
        return None
    target = found[1].target
    kept = {name: value for name, value in target.sets.items() if name != LANGUAGE}
    return Repair(_aimed(flow, *found, replace(target, sets=kept)), done)


def _say_what_was_meant(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    for id, said in flow.nodes.items():  # noqa: A001
        for part in (part for spoken in said.spoken() for part in spoken if isinstance(part, PromptRef) and part.span == finding.span):
            near = difflib.get_close_matches(part.prompt, flow.prompts, n=1)
            if near:
                return Repair(_with(flow, _replaced(flow.nodes[id], part, replace(part, prompt=near[0]))), done)
    return None


def _translate(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    """Let a prompt have words in the language that it lacks."""
    prompt = next((prompt for prompt in flow.prompts.values() if prompt.span == finding.span), None)
    language = next((each for each in flow.languages if f'has no words in "{each}"' in finding.message), None)
    if prompt is None or language is None:
        return None
    words = {**prompt.words, language: next(iter(prompt.words.values()))}
    return Repair(replace(flow, prompts={**flow.prompts, prompt.name: replace(prompt, words=words)}), done)


def _handle_key(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    """Let the key that is announced lead to a person, and press it."""
    asking = flow.nodes.get(node)
    safe = refuge(flow, node)
    if not isinstance(asking, Menu | Collect) or safe is None:
        return None
    handled = frozenset(key for question in questions(asking) for key in question.handled)
    words = [
        flow.prompts[name] for name in flow.prompts if finding.span in (flow.prompts[name].span, *flow.prompts[name].word_spans.values())
    ]
    for prompt in words:
        spoken = ((PromptRef(prompt.name, prompt.span),),)
        for language in flow.languages:
            for said in announced(spoken, flow, language):
                if said.key not in handled and f'key "{said.key}"' in finding.message:
                    changed = _changed(asking, "keys", {**asking.keys, said.key: safe})
                    return Repair(_with(flow, changed), (*done, Act(f"press {said.key}", node, f"key {said.key}", said.key)), guessed=True)
    return None


def _free_key(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    """Let a number begin with the key that leads away, and enter one."""
    found = _blamed(finding, flow, done)
    collect = found[0] if found is not None else None
    if found is None or not isinstance(collect, Collect):
        return None
    key = found[1].key
    changed = replace(collect, keys={other: target for other, target in collect.keys.items() if other != key})
    return Repair(_with(flow, changed), (*done[:-1], Act(str(done[-1]), collect.id, "entered", key)))


def _say_farewell(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    silent = next((node for node in flow.nodes.values() if node.span == finding.span), None)
    if not isinstance(silent, HangUpNode):
        return None
    farewells = [node.prompt for node in flow.nodes.values() if isinstance(node, HangUpNode) and node.prompt]
    said = farewells or [spoken for node in flow.nodes.values() for spoken in node.spoken() if spoken]
    return Repair(_with(flow, replace(silent, prompt=said[0])), done, guessed=True) if said else None


def _lead_silence_out(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    """Let a caller who says nothing come to a person."""
    asking = flow.nodes.get(node)
    safe = refuge(flow, node)
    silence = next((way for way in asking.exits() if way.cause in ("no_input", "attempts")), None) if asking else None
    if asking is None or silence is None or safe is None:
        return None
    changed = _declared(asking, silence, safe)
    return Repair(_with(flow, changed), (*done, *acts(asking, silence)), guessed=True) if changed is not None else None


def _replace_call(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    """Let a call of a flow that does not work lead to a person."""
    call = next((node for node in flow.nodes.values() if isinstance(node, CallFlow) and finding.span in (node.span, node.flow_span)), None)
    safe = refuge(flow, call.id) if call else None
    if call is None or safe is None or safe.node is None:
        return None
    return Repair(_with(flow, replace(flow.nodes[safe.node], id=call.id)), done, guessed=True)


def _count(finding: Finding, flow: Flow, done: tuple[Act, ...], node: str) -> Repair | None:
    """Let a branch that asks how often something was tried be counted, and let it be tried that often."""
    found = next(
        (
            (branch, number)
            for branch in flow.nodes.values()
            if isinstance(branch, Branch)
            for number, case in enumerate(branch.cases)
            if case.when_span == finding.span
        ),
        None,
    )
    if found is None:
        return None
    branch, number = found
    states = explore(flow, {})
    ways = tuple(branch.exits())
    taken = any(step.exit == ways[number] for state in states.at(branch.id) for step in states.steps[state])
    # A case that is always taken hides the next one; one that never is hides itself.
    wanted = ways[number + 1 if taken else number].target
    passes = _passes(branch.cases[number].when, flow, until=not taken)
    again = _round(states, branch.id)
    if wanted is None or passes is None or not again:
        return None
    asking = replace(branch, id=_COUNTED, cases=(Case(parse_condition(f"{_COUNTER} >= {passes}"), wanted, finding.span), *branch.cases))
    counting = Set(branch.id, branch.span, values={_COUNTER: f"= {_COUNTER} + 1"}, goto=Target(_COUNTED, branch.span))
    nodes = {**flow.nodes, branch.id: counting, _COUNTED: asking}
    return Repair(replace(flow, nodes=nodes, variables={**flow.variables, _COUNTER: 0}), done + again * (passes - 1))


_COUNTER: Final = "passes_counted_here"
_COUNTED: Final = "counted_here"
_MOST_PASSES: Final = 9


def _passes(when: Condition, flow: Flow, *, until: bool) -> int | None:
    """Return how often one must come by, counting the one variable of `when` each time, until it is as `until` says."""
    names = tuple(dict.fromkeys(when.names()))
    first = flow.variables.get(names[0]) if len(names) == 1 else None
    if not isinstance(first, int):
        return None
    try:
        return next((number for number in range(1, _MOST_PASSES + 1) if when.evaluate({names[0]: first + number}) is until), None)
    except ConditionError:
        return None


def _round(states: States, branch: str) -> tuple[Act, ...]:
    """Return what a caller does who comes from a branch to the branch again by the fewest nodes; nothing if she cannot."""
    for start in states.at(branch):
        parents: dict[State, Step | None] = {start: None}
        waiting = deque([start])
        while waiting:
            for step in states.steps[waiting.popleft()]:
                if step.arrival is not None and step.arrival.node == branch:
                    return states.witness_along(parents, step)[1:]
                if step.arrival is not None and step.arrival not in parents:
                    parents[step.arrival] = step
                    waiting.append(step.arrival)
    return ()


_REPAIRERS: Final[Mapping[str, Repairer]] = {
    "announced-key-unhandled": _handle_key,
    "dead-end": _declare,
    "key-conflict": _free_key,
    "language-cycle": _go_on_after_choice,
    "language-option-no-effect": _speak,
    "missing-outcome": _declare,
    "mixed-languages": _keep_language,
    "prompt-not-in-language": _translate,
    "recursive-call-flow": _replace_call,
    "self-loop-key": _aim_at_refuge,
    "shadowed-branch": _count,
    "silent-drop": _say_farewell,
    "trap-loop": _lead_silence_out,
    "unbounded-retry": _lead_silence_out,
    "unknown-flow": _replace_call,
    "unknown-prompt": _say_what_was_meant,
    "unknown-target": _aim,
}


def _blamed(finding: Finding, flow: Flow, done: tuple[Act, ...]) -> tuple[Node, Exit] | None:
    """Return the exit that a finding is about: the last one taken if its place fits, or the only one at that place."""
    there = [(node, way) for node in flow.nodes.values() for way in node.exits() if way.span == finding.span]
    last = [(node, way) for node, way in there if done and (node.id, way.label) == (done[-1].node, done[-1].way)]
    found = last or there
    return found[0] if len(found) == 1 else None


def refuge(flow: Flow, besides: str) -> Target | None:
    """Return where a caller is in good hands: with a person; where the flow has none, where she is bidden farewell."""
    nodes = [node for node in flow.nodes.values() if node.id != besides]
    person = next((node for node in nodes if isinstance(node, Transfer) and isinstance(node.to, str)), None)
    found = person or next((node for node in nodes if isinstance(node, HangUpNode) and node.prompt), None)
    return Target(found.id, Source("", "").whole()) if found is not None else None


def _after_choice(flow: Flow, menu: Node, besides: Exit | None = None) -> str | None:
    """Return where the keys of a choice of language lead: `besides` itself if it leads on, otherwise another one."""
    ways = [option.exit for option in options(flow, menu)]
    for way in sorted(ways, key=lambda way: way != besides):
        if way.target is not None and way.target.node not in (None, menu.id):
            return way.target.node
    return None


def _declared(node: Node, way: Exit, target: Target) -> Node | None:
    """Return `node` with a target for a way that may have none."""
    if way.target is not None:
        changed: Node = _replaced(node, way.target, target)
        return changed
    match way.label:
        case "no input" | "no match" | "attempts exhausted":
            return _patient(node, way.label, target)
        case "then" | "entered":
            name = "goto"
        case label:
            name = label.replace(" ", "_")
    return _changed(node, name, target) if name in {field.name for field in fields(node)} else None


def _patient(node: Node, label: str, target: Target) -> Node | None:
    if not isinstance(node, Menu | Collect | Callback | Survey):
        return None
    patience = node.patience
    match label:
        case "no input":
            patience = replace(patience, no_input=replace(patience.no_input, then=target))
        case "no match":
            patience = replace(patience, no_match=replace(patience.no_match, then=target))
        case _:
            patience = replace(patience, exhausted=target)
    return _changed(node, "patience", patience)


def _changed(node: Any, name: str, value: object) -> Node:
    changed: Node = replace(node, **{name: value})
    return changed


def _aimed(flow: Flow, node: Node, way: Exit, target: Target) -> Flow:
    return _with(flow, _replaced(node, way.target, target))


def _with(flow: Flow, node: Node) -> Flow:
    return replace(flow, nodes={**flow.nodes, node.id: node})


def _replaced(value: Any, old: object, new: object) -> Any:
    """Return `value` with `new` for `old`, wherever that very object stands in it."""
    if value is old:
        return new
    match value:
        case str() | Span():
            return value
        case tuple():
            items = tuple(_replaced(item, old, new) for item in value)
            return items if any(item is not before for item, before in zip(items, value, strict=True)) else value
        case Mapping():
            return {key: _replaced(item, old, new) for key, item in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            parts = {field.name: (getattr(value, field.name), field.init) for field in fields(value)}
            changes = {name: _replaced(part, old, new) for name, (part, init) in parts.items() if init}
            return replace(value, **changes) if any(changes[name] is not parts[name][0] for name in changes) else value
        case _:
            return value
