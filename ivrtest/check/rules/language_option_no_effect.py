"""The rule `language-option-no-effect`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.choices import Option, options, sets_language
from ivrtest.check.circles import led_to
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import LANGUAGE, by_the_caller
from ivrtest.check.keys import LISTENING
from ivrtest.check.naming import called, exit_of
from ivrtest.check.rule import Rule
from ivrtest.check.states import State, States, Step
from ivrtest.flow.model import ALL_LANGUAGES, Flow, Node, PromptRef
from ivrtest.source.finding import Finding, Related, Severity

_LEADING_AWAY = frozenset({"transfer", "call_flow"})
"""Node types in which the caller hears a person, or another flow: what comes after is no answer to her choice."""


class LanguageOptionNoEffect(Rule):
    """What it does
        Reports a key that is announced as a language, after which the caller is asked for her language again, or goes on in another one.

    Why it matters
        The caller asks for Spanish, and hears English, or the same choice for ever. She has no way to make herself understood.

    Example
        keys:
          "1": {set: {language: en}, goto: main}
          "2": language

    Instead
        keys:
          "1": {set: {language: en}, goto: main}
          "2": {set: {language: es}, goto: main}
    """

    name = "language-option-no-effect"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        for node in flow.nodes.values():
            for option in options(flow, node):
                steps = (step for state in states.at(node.id) for step in states.steps[state] if step.exit == option.exit)
                for step in steps:
                    heard = _heard_wrongly(flow, states, node, step, option.language)
                    if heard is not None:
                        yield self._finding(flow, states, node, option, step, heard)
                        break

    def _finding(self, flow: Flow, states: States, node: Node, option: Option, step: Step, heard: State) -> Finding:
        where = flow.nodes[heard.node]
        key = exit_of(node, option.exit)
        again = where.id == node.id
        if again:
            effect = f'and leads back to the same choice, still in "{heard.language}": the caller goes round in a circle'
        else:
            effect = f'and the caller goes on in "{heard.language}", in {called(where)}'
        if option.language in flow.languages:
            cure = (
                f"set the language and go on, such as {{set: {{{LANGUAGE}: {option.language}}}, goto: {_next(flow, node, option, where)}}}"
            )
        else:
            cure = f'the flow does not speak "{option.language}": add it to "languages" with its prompts, or take it out of the words'
        related = () if again else (Related(f'the caller hears this in "{heard.language}"', where.span),)
        message = f'{key} offers "{option.language}" {effect}. {cure}'
        return self.finding(option.exit.span, message, related=related, witness=states.witness(step))


def _heard_wrongly(flow: Flow, states: States, menu: Node, step: Step, language: str) -> State | None:
    """Return where a caller who has taken `step` first hears another language than `language`, or is asked again; None if she does not."""
    if step.arrival is None:
        return None
    silent = led_to(states, (step.arrival,), lambda onward: _goes_on_unheard(flow, onward))
    changes = sets_language(flow, step.exit)
    for state in silent:
        # Who asks for the language that she hears already is asked again all the same, unless the key at least sets it.
        if state.language == language and (changes or state.node != menu.id):
            continue
        if state.node == menu.id or _speaks(flow, flow.nodes[state.node]):
            return state
    return None


def _goes_on_unheard(flow: Flow, step: Step) -> bool:
    """Tell whether the caller does nothing and hears no language on the way."""
    node = flow.nodes[step.origin.node]
    return node.kind not in LISTENING | _LEADING_AWAY and not by_the_caller(node, step.exit) and not _speaks(flow, node)


def _speaks(flow: Flow, node: Node) -> bool:
    """Tell whether `node` says something that differs from language to language."""
    for spoken in node.spoken():
        for part in spoken:
            if not isinstance(part, PromptRef):
                return True
            prompt = flow.prompts.get(part.prompt)
            if prompt is not None and ALL_LANGUAGES not in prompt.words:
                return True
    return False


def _next(flow: Flow, menu: Node, option: Option, heard: Node) -> str:
    """Return where the key should lead: where it does, or where the choice's other keys lead if it leads back."""
    target = option.exit.target
    if target is not None and target.node is not None and heard.id != menu.id:
        return target.node
    for other in options(flow, menu):
        if other.exit.target is not None and other.exit.target.node not in (None, menu.id):
            return str(other.exit.target.node)
    return "main"
