"""Findings as scenario files: what the caller of a witness should get, so that `ivrtest run` shows on the wire what she gets instead.

The flow is put right where the finding is (`repair`), both flows are played through with the acts of the witness (`rehearsal`), and the
scenario goes up to the first thing that differs: it fails there as long as the flow is wrong. Where words or a recording are missing, its
last step says that they may be. Where no call would show the mistake, or where nobody can tell what is right, there is none.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, zip_longest
from typing import Final

from ivrtest.check.effects import CALL, Act, acts
from ivrtest.check.rehearsal import Hears, IsCutOff, IsTransferred, Moment, Presses, Rehearsal, Speaks, rehearse
from ivrtest.check.repair import refuge, repaired
from ivrtest.check.rules.unbounded_retry import FAILURES
from ivrtest.flow.action import Piece
from ivrtest.flow.model import DigitsRef, Flow, PromptRef
from ivrtest.flow.spoken_numbers import is_number_recording, written_as
from ivrtest.source.finding import Finding
from ivrtest.source.words import printable

HEADER: Final = "scenario/1"
LONGEST_NAME: Final = 120
ROUNDS: Final = 3
"""How often something that fails may be tried again."""
_WITHIN_S: Final = 10.0
"""What a step allows if it does not say more."""


def witness_scenarios(findings: Iterable[Finding], flow: Flow, flows: Mapping[str, Flow]) -> dict[str, tuple[Finding, str]]:
    """Return the scenarios of findings in `flow`, by the name of the file that is to hold each: `bank-dead-end-1.yaml`."""
    found: dict[str, tuple[Finding, str]] = {}
    numbers: Counter[str] = Counter()
    for finding in findings:
        text = witness_scenario(finding, flow, flows)
        if text is not None:
            numbers[finding.rule] += 1
            found[f"{flow.name}-{finding.rule}-{numbers[finding.rule]}.yaml"] = finding, text
    return found


def witness_scenario(finding: Finding, flow: Flow, flows: Mapping[str, Flow]) -> str | None:
    """Return a scenario file that fails as long as `finding` is true of `flow`; None where there is none. `flows`: the others by name."""
    done = tuple(act for act in finding.witness if isinstance(act, Act))
    if CALL not in done:
        return None
    before = rehearse(flow, flows, done)
    if before is None:
        return None
    if finding.rule == "unbounded-retry" and (rounds := _rounds(flow, flows, done)) is not None:
        return _after_rounds(finding, flow, flows, (*done, *rounds))
    if finding.rule == "missing-recording":
        return _up_to_silence(finding, flow, before)
    repair = repaired(finding, flow, done, before.node)
    if repair is None:
        return None
    wanted = rehearse(repair.flow, flows, repair.acts)
    actual = rehearse(flow, flows, repair.acts)
    if wanted is None:
        return None
    moments = _up_to_difference(wanted.moments, actual.moments if actual is not None else before.moments)
    missing = finding.rule == "prompt-not-in-language"
    return _text(finding, flow, wanted, moments, guessed=repair.guessed, missing=missing) if moments else None


def _up_to_silence(finding: Finding, flow: Flow, rehearsal: Rehearsal) -> str | None:
    """Return a scenario up to where a recording is missing; None where it is not certain that the caller comes to hear it."""
    parts = (part for node in flow.nodes.values() for spoken in node.spoken() for part in spoken if part.span == finding.span)
    names: frozenset[str] = frozenset()
    match next(parts, None):
        case PromptRef(prompt=prompt):
            names = frozenset({prompt})
        case DigitsRef(variable=digits) if digits.isdigit():
            names = frozenset(f"digits/{digit}" for digit in digits)
    for place, moment in enumerate(rehearsal.moments):
        if isinstance(moment, Hears) and not names.isdisjoint(piece.prompt for piece in moment.pieces):
            return _text(finding, flow, rehearsal, rehearsal.moments[: place + 1], missing=True)
    return None


def _up_to_difference(wanted: Sequence[Moment], actual: Sequence[Moment]) -> list[Moment]:
    """Return what is wanted, up to the first thing that is something else in fact; empty if nothing is."""
    for place, (right, wrong) in enumerate(zip_longest(wanted, actual)):
        if right != wrong and not (isinstance(right, Presses) and isinstance(wrong, Presses)):
            return list(wanted[: place + 1]) if right is not None and not isinstance(right, Presses) else []
    return []


def _rounds(flow: Flow, flows: Mapping[str, Flow], done: tuple[Act, ...]) -> tuple[Act, ...] | None:
    """Return the acts of what fails `ROUNDS` times and is tried again each time; None if the caller does not stand before such a thing."""
    node = flow.nodes.get(_node_after(flow, flows, done))
    for way in node.exits() if node is not None else ():
        if node is not None and way.label in FAILURES and way.target is not None:
            round_ = acts(node, way)
            if _node_after(flow, flows, (*done, *round_)) == node.id:
                return round_ * ROUNDS
    return None


def _node_after(flow: Flow, flows: Mapping[str, Flow], done: tuple[Act, ...]) -> str:
    rehearsal = rehearse(flow, flows, done, going_on=False)
    return rehearsal.node if rehearsal is not None else ""


def _after_rounds(finding: Finding, flow: Flow, flows: Mapping[str, Flow], done: tuple[Act, ...]) -> str | None:
    """Return a scenario in which she comes to a person once it has failed often enough."""
    failed = rehearse(flow, flows, done, going_on=False)
    target = refuge(flow, done[-1].node)
    if failed is None or target is None or target.node is None:
        return None
    arrival = rehearse(replace(flow, entry=target.node), flows, (CALL,))
    moments = [*failed.moments, *arrival.moments[:1]] if arrival is not None else []
    return _text(finding, flow, failed, moments, guessed=True)


def _text(
    finding: Finding, flow: Flow, rehearsal: Rehearsal, moments: Sequence[Moment], *, guessed: bool = False, missing: bool = False
) -> str:
    lines = [printable(f"# {finding.span}: {finding.message} [{finding.rule}]")]
    if guessed:
        lines.append("# what the caller should get is not told by the flow: the last step is a proposal. write what is right")
    lines += [f"ivrtest: {HEADER}", f"name: {_quoted(_name(finding))}", f"flow: {_quoted(flow.name)}"]
    lines += _given(rehearsal)
    lines.append("steps:")
    language = flow.default_language
    for moment in moments:
        step, language = _step(moment, language)
        lines += [f"  - {{{step}}}"]
    if missing:
        lines[-1] = f"{lines[-1].removesuffix('}')}, may_be_missing: true}}"
    return "\n".join(lines) + "\n"


def _name(finding: Finding) -> str:
    name = " ".join(f"{finding.rule}: {finding.message.split('. ')[0]}".split())
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 3] + "..."


def _given(rehearsal: Rehearsal) -> Iterator[str]:
    given = [f"  now: {_quoted(rehearsal.now.isoformat(timespec='minutes'))}"] if rehearsal.now is not None else []
    if rehearsal.lookups:
        given.append("  lookups:")
        for name, outcomes in rehearsal.lookups.items():
            given.append(f"    {_quoted(name)}: [{', '.join(f'{{outcome: {_quoted(outcome)}}}' for outcome in outcomes)}]")
    if rehearsal.queues:
        given.append("  queues:")
        given += [f"    {_quoted(name)}: {{outcome: {outcome}}}" for name, outcome in rehearsal.queues.items()]
    if rehearsal.transfers:
        given.append("  transfers:")
        given += [f"    {_quoted(to)}: {outcome}" for to, outcome in rehearsal.transfers.items()]
    if rehearsal.messages != "sent":
        given.append(f"  messages: {rehearsal.messages}")
    if given:
        yield "given:"
        yield from given


def _step(moment: Moment, language: str) -> tuple[str, str]:
    """Return a step as it is written, and the language that is expected from then on."""
    match moment:
        case Hears(pieces=pieces, after_s=after_s):
            spoken = next((piece.language for piece in pieces if piece.language != "mul"), language)
            sounds = ", ".join(_sounds(pieces, spoken))
            told = f", in: {_quoted(spoken)}" if spoken != language else ""
            return f"hear: [{sounds}]{told}{_within(after_s)}", spoken
        case Presses(keys=keys, secret=secret):
            return f"press: {_quoted(keys)}{', secret: true' if secret else ''}", language
        case Speaks(seconds=seconds):
            return f"say: {seconds:g}s", language
        case IsTransferred(to=to, after_s=after_s):
            return f"transferred: {_quoted(to)}{_within(after_s)}", language
        case IsCutOff():
            return "ended: {by: ivr}", language


def _sounds(pieces: Sequence[Piece], spoken: str) -> Iterator[str]:
    for kind, group in groupby(pieces, _kind):
        names = [piece.prompt for piece in group]
        match kind:
            case "prompts":
                yield from map(_quoted, names)
            case "digits":
                yield f"{{digits: {_quoted(''.join(name.removeprefix('digits/') for name in names))}}}"
            case "numbers":
                for value, currency in written_as(names, spoken):
                    yield f"{{amount: {_quoted(value)}, currency: {currency}}}" if currency else f"{{number: {_quoted(value)}}}"


def _kind(piece: Piece) -> str:
    if is_number_recording(piece.prompt):
        return "numbers"
    return "digits" if piece.prompt.startswith("digits/") else "prompts"


def _within(after_s: float) -> str:
    allowed = after_s + 5
    return f", within: {allowed:g}s" if allowed > _WITHIN_S else ""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())
