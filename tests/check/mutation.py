"""Flows with one mistake each, and the rules that must see it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ivrtest.check.checker import check
from ivrtest.check.context import CheckContext
from ivrtest.flow.find import find_flows
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.flow.read import FlowReading, load_flow, read_flow
from ivrtest.flow.write import write_flow
from ivrtest.source.finding import Finding
from ivrtest.source.text import Source
from ivrtest.source.yaml import read_document
from tests.check import mistakes, slips
from tests.check.mistakes import Change, Data

FLOWS = Path(__file__).parents[2] / "flows"
ACCEPTED = frozenset({"prompt-too-long"})
"""Rules of taste, which the good flows may touch themselves. No operator is for them."""

MEANT = ((r" like ", "it leads to another step of the flow, and only who planned it knows that this is not the one that was meant"),)
BY_HABIT = ((r" 0$", "callers press 0 without being told, so it need not be announced"),)
QUIET = ((r"\.music$", "waiting without music may be meant, and the music is heard elsewhere"),)
ANSWERED = ((r"^balance\.", "a lookup that comes before may answer with a variable of any name"),)
LONG_OR_SHORT = ((r"^baggage ", "numbers in Germany have no fixed length"),)
CALLED = (
    (r"^(?:not_right|another_try|who)$", "every step of a called flow leads to every other, and its caller may have set what it reads"),
)


@dataclass(frozen=True, slots=True)
class Operator:
    """One kind of mistake."""

    name: str
    rules: frozenset[str]
    """One of these must object to every mutant."""
    changes: Callable[[Data], Iterator[Change]]
    blind: tuple[tuple[str, str], ...] = ()
    """Mutants that cannot be told from a flow that is meant so, as patterns of what is broken, each with the reason why."""

    def excuse(self, what: str) -> str:
        """Return why a mutant need not be found; empty if it must be."""
        return next((reason for pattern, reason in self.blind if re.search(pattern, what)), "")


@dataclass(frozen=True, slots=True)
class Mutant:
    operator: Operator
    what: str
    reading: FlowReading


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is found in a mutant, and in the flows that call it."""

    flow: str
    mutant: Mutant
    rules: frozenset[str]

    @property
    def found(self) -> bool:
        return bool(self.rules)

    @property
    def expected(self) -> bool:
        """Whether a rule objects that is meant for this kind of mistake."""
        return not self.rules.isdisjoint(self.mutant.operator.rules)

    @property
    def excuse(self) -> str:
        return self.mutant.operator.excuse(self.mutant.what)


@cache
def good_flows() -> Mapping[str, Flow]:
    """Return the project's flows that nothing is wrong with, by name."""
    readings = {name: load_flow(file.path) for name, (file, *_) in find_flows(FLOWS).items()}
    return {name: reading.flow for name, reading in readings.items() if reading.flow is not None}


def outcomes(operator: Operator, good: Mapping[str, Flow]) -> Iterator[Outcome]:
    """Yield what comes of all mutants of one operator."""
    for name, flow in good.items():
        for mutant in mutants(flow, operator):
            yield Outcome(name, mutant, frozenset(finding.rule for finding in _found(mutant, good) if finding.rule not in ACCEPTED))


def _found(mutant: Mutant, good: Mapping[str, Flow]) -> Iterator[Finding]:
    """Yield what is found in the flow, and in those that call it."""
    yield from mutant.reading.findings
    broken = mutant.reading.flow
    if broken is None:
        return
    flows = {**good, broken.name: broken}
    yield from check(broken, CheckContext(flows=flows, broken=mutant.reading.broken_nodes))
    for flow in good.values():
        if flow.name != broken.name and any(isinstance(node, CallFlow) and node.flow == broken.name for node in flow.nodes.values()):
            yield from check(flow, CheckContext(flows=flows))


def data_of(flow: Flow) -> Data:
    data = read_document(Source("written.yaml", write_flow(flow))).data
    assert isinstance(data, dict)
    return data


def mutants(flow: Flow, operator: Operator) -> Iterator[Mutant]:
    """Yield `flow` broken in every way that `operator` knows."""
    whole = data_of(flow)
    for what, change in operator.changes(whole):
        broken = copy.deepcopy(whole)
        change(broken)
        yield Mutant(operator, what, read_flow(Source(f"{flow.name}.yaml", json.dumps(broken, ensure_ascii=False, indent=1))))


OPERATORS = (
    Operator("target misspelt", frozenset({"unknown-target"}), mistakes.target_misspelt),
    Operator("target dropped", frozenset({"dead-end", "missing-outcome", "flow-shape", "unused-variable"}), mistakes.target_dropped),
    Operator("key to its own menu", frozenset({"self-loop-key", "language-option-no-effect"}), mistakes.key_to_its_own_menu),
    Operator("key to another target", frozenset({"unreachable-node", "language-option-no-effect"}), mistakes.key_to_another_target, MEANT),
    Operator("key dropped", frozenset({"announced-key-unhandled"}), mistakes.key_dropped),
    Operator("silence to the same question", frozenset({"unbounded-retry", "trap-loop"}), mistakes.silence_to_the_same_question),
    Operator("failure to the same try", frozenset({"unbounded-retry"}), mistakes.failure_to_the_same_try),
    Operator("announcement to itself", frozenset({"trap-loop"}), mistakes.announcement_to_itself),
    Operator("language option loops", frozenset({"language-option-no-effect"}), mistakes.language_option_loops),
    Operator("language option swapped", frozenset({"language-option-no-effect"}), mistakes.language_option_swapped),
    Operator("language option sets nothing", frozenset({"language-option-no-effect"}), mistakes.language_option_sets_nothing),
    Operator("language misspelt", frozenset({"unknown-language"}), mistakes.language_misspelt),
    Operator("language lost on the way", frozenset({"mixed-languages"}), mistakes.language_lost_on_the_way),
    Operator("words swapped", frozenset({"mixed-languages", "announced-key-unhandled"}), mistakes.words_swapped),
    Operator("translation dropped", frozenset({"prompt-not-in-language"}), mistakes.translation_dropped),
    Operator("key announced that is none", frozenset({"announced-key-unhandled"}), mistakes.key_announced_that_is_none),
    Operator("key no longer announced", frozenset({"handled-key-unannounced"}), mistakes.key_no_longer_announced, BY_HABIT),
    Operator("condition constant", frozenset({"contradictory-branch"}), mistakes.condition_constant),
    Operator("counting dropped", frozenset({"shadowed-branch"}), mistakes.counting_dropped),
    Operator("secret mark dropped", frozenset({"secret-not-marked"}), mistakes.secret_mark_dropped),
    Operator("secret spoken", frozenset({"secret-spoken-back"}), mistakes.secret_spoken),
    Operator("flow calls itself", frozenset({"recursive-call-flow"}), mistakes.flow_calls_itself),
    Operator("flow misspelt", frozenset({"unknown-flow"}), mistakes.flow_misspelt),
    Operator("farewell dropped", frozenset({"silent-drop"}), mistakes.farewell_dropped),
    Operator("prompt misspelt", frozenset({"unknown-prompt"}), mistakes.prompt_misspelt),
    Operator("prompt dropped", frozenset({"unused-prompt"}), mistakes.prompt_dropped, QUIET),
    Operator("variable misspelt", frozenset({"read-before-set"}), mistakes.variable_misspelt, ANSWERED),
    Operator("digit leads out of a number", frozenset({"key-conflict"}), mistakes.digit_leads_out_of_a_number),
    Operator("terminator dropped", frozenset({"collect-terminator-missing"}), mistakes.terminator_dropped),
    Operator("zero to words", frozenset({"reserved-key-misuse"}), mistakes.zero_to_words),
    Operator("entry moved", frozenset({"unreachable-node", "read-before-set"}), mistakes.entry_moved, CALLED),
    Operator("time-out removed", frozenset({"endless-wait"}), slips.time_out_removed),
    Operator("time cut short", frozenset({"too-little-time"}), slips.time_cut_short),
    Operator("attempts changed", frozenset({"too-few-or-many-attempts"}), slips.attempts_changed),
    Operator("time zone dropped", frozenset({"time-zone-missing"}), slips.time_zone_dropped),
    Operator("option copied in the words", frozenset({"key-announced-twice", "handled-key-unannounced"}), slips.option_copied),
    Operator("language offered in another", frozenset({"language-offered-in-another"}), slips.language_offered_in_another),
    Operator("phone number mistyped", frozenset({"premium-or-malformed-number"}), slips.number_mistyped, LONG_OR_SHORT),
    Operator("transferred to itself", frozenset({"transfer-to-itself"}), slips.transferred_to_itself),
    Operator("length mistyped", frozenset({"entry-length-unlike-words", "entry-never-valid"}), slips.length_mistyped),
    Operator("node left over", frozenset({"unreachable-node"}), slips.node_left_over),
    Operator("prompt left over", frozenset({"unused-prompt"}), slips.prompt_left_over),
    Operator("announcement that loses keys", frozenset({"key-lost-while-spoken"}), slips.announcement_that_loses_keys),
)


def print_scores() -> None:
    """Print the score of every operator, and what is not seen with the reason."""
    everything = [list(outcomes(operator, good_flows())) for operator in OPERATORS]
    for operator, mine in zip(OPERATORS, everything, strict=True):
        found, expected = sum(one.found for one in mine), sum(one.expected for one in mine)
        print(f"{operator.name:32} {found:4} of {len(mine):4} found, {expected:4} by the rule that is for it")
    for one in (one for mine in everything for one in mine if not one.found):
        print(f"not seen: {one.flow}: {one.mutant.operator.name}: {one.mutant.what}: {one.excuse}")
    print(f"{sum(one.found for mine in everything for one in mine)} of {sum(map(len, everything))} found")


if __name__ == "__main__":
    print_scores()
