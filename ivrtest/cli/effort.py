"""`ivrtest effort FLOW`: what it costs callers to get what they called for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from ivrtest.check.checker import check
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import Act, may_end
from ivrtest.check.effort import PERSON, Effort, along, cheapest, effort_of, starts
from ivrtest.check.rules.unknown_flow import UnknownFlow
from ivrtest.check.rules.unknown_prompt import UnknownPrompt
from ivrtest.check.rules.unknown_target import UnknownTarget
from ivrtest.check.states import State, States, Step
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.problem import complain
from ivrtest.flow.model import Flow, Node
from ivrtest.run.bundle import FlowFolder, glances
from ivrtest.source.finding import InputError

_GOALS = PERSON | {"message", "survey"}
MISSING: Final = (UnknownTarget, UnknownFlow, UnknownPrompt)
"""The rules that see what a flow names and does not have: nobody can tell what callers would meet there."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The quickest way to a goal in one language."""

    node: Node
    language: str
    effort: Effort
    witness: tuple[Act, ...]


@click.command()
@click.argument("path", metavar="FLOW", type=click.Path(path_type=Path))
@click.option("--ways", is_flag=True, help="Show the way to each goal, too.")
def command(path: Path, ways: bool) -> int:
    """Show what it costs callers to get where they want: keys, menus and seconds to each goal, in the best and the worst language.

    Goals are people, messages, surveys and the ends of the call. The way is the quickest one for a caller who listens to each
    prompt to its end and makes no mistake. Time in lookups and queues is not counted: nobody knows it beforehand. "~" marks times in which
    words stand for recordings that are not there. Nodes, flows and prompts that the flow names and does not have are told: exit code 1.
    Exit code 3 if the flow cannot be used.
    """
    from rich.console import Console
    from rich.table import Table

    try:
        flow = (bundle := FlowFolder(path.parent).bundle(path)).flow
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    context = CheckContext(
        flows={**bundle.called, flow.name: flow},
        siblings=frozenset(bundle.siblings),
        unread=bundle.unread,
        sounds=glances(path, flow),
        today=datetime.now(UTC).date(),
    )
    table = Table("goal", "keys", "menus", "best", "worst", box=None, pad_edge=False)
    for column in table.columns[1:3]:
        column.justify = "right"
    shown = list(goals(flow, context))
    for best, worst in shown:
        where = f"{best.node.kind} {best.node.id}"
        slowest = "" if worst.language == best.language else timed(worst)
        table.add_row(where, str(best.effort.keys), str(best.effort.menus), timed(best), slowest)
    console = Console(highlight=False)
    console.print(table)
    if ways:
        for best, _ in shown:
            click.echo(f"{best.node.kind} {best.node.id}: {', '.join(str(act) for act in best.witness)}")
    missing = [finding for each in (flow, *bundle.called.values()) for finding in check(each, context, MISSING)]
    if missing:
        complain(missing)
        click.echo("ivrtest: what callers would reach beyond that is not counted", err=True)
        return 1
    return 0


def goals(flow: Flow, context: CheckContext) -> Iterator[tuple[Reached, Reached]]:
    """Yield for each goal that callers reach the way in its quickest language and in its slowest, nearest goal first."""
    states = context.states(flow)
    found: dict[str, dict[str, Reached]] = {}
    for reached in _quickest(flow, context, states):
        found.setdefault(reached.node.id, {}).setdefault(reached.language, reached)
    for by_language in sorted(found.values(), key=lambda each: min(reached.effort.seconds for reached in each.values())):
        in_order = sorted(by_language.values(), key=lambda reached: reached.effort.seconds)
        yield in_order[0], in_order[-1]


def _quickest(flow: Flow, context: CheckContext, states: States) -> Iterator[Reached]:
    """Yield the ways to the goals, quickest first."""

    def effort(step: Step) -> Effort:
        return effort_of(flow, context, step)

    costs, ways = cheapest(states, starts(states), lambda step: effort(step).seconds)

    def by_cost(state: State) -> float:
        return costs[state]

    for state in sorted(costs, key=by_cost):
        node = flow.nodes[state.node]
        if node.kind in _GOALS or may_end(node):
            yield Reached(node, state.language, along(ways, state, effort), states.witness_along(ways, state))


def timed(reached: Reached) -> str:
    return f"{'' if reached.effort.known else '~'}{reached.effort.seconds:.0f} s {reached.language}"
