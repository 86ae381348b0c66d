"""Flows with one mistake each, and the rules that must see it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ivrtest.flow.model import Flow
from ivrtest.flow.read import FlowReading, read_flow
from ivrtest.flow.write import write_flow
from ivrtest.source.text import Source
from ivrtest.source.yaml import read_document
from tests.check import mistakes
from tests.check.mistakes import Change, Data

MEANT = ((r" like ", "it leads to another step of the flow, and only who planned it knows that this is not the one that was meant"),)
BY_HABIT = ((r" 0$", "callers press 0 without being told, so it need not be announced"),)
QUIET = ((r"\.music$", "waiting without music may be meant, and the music is heard elsewhere"),)
ANSWERED = ((r"^balance\.", "a lookup that comes before may answer with a variable of any name"),)
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


def data_of(flow: Flow) -> Data:
    data = read_document(Source("written.yaml", write_flow(flow))).data
    assert isinstance(data, dict)
    return data


def mutants(flow: Flow) -> Iterator[Mutant]:
    """Yield `flow` broken in every way that an operator knows."""
    whole = data_of(flow)
    for operator in OPERATORS:
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
)
