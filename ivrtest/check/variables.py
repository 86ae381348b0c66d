"""Where a flow reads its variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivrtest.check.effects import expression_names, set_by
from ivrtest.flow.model import DigitsRef, Exit, Flow, Node, NumberRef, VariableRef
from ivrtest.flow.nodes.branch import Branch
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.lookup import Lookup
from ivrtest.flow.nodes.message import Message
from ivrtest.flow.nodes.transfer import Transfer
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Reading:
    """One place where a variable is read."""

    variable: str
    span: Span
    how: str
    """What is done with it, to follow the variable's name: `is spoken`."""
    exit: Exit | None = None
    """The exit on which it is read; None: in the node itself."""


def readings(node: Node) -> Iterator[Reading]:
    """Yield what `node` reads, in the order in which it does."""
    for spoken in node.spoken():
        for part in spoken:
            match part:
                case DigitsRef(variable=variable, span=span) if not variable.isdigit():
                    yield Reading(variable, span, "is spoken")
                case NumberRef(variable=str(variable), span=span):
                    yield Reading(variable, span, "is spoken")
    match node:
        case Branch():
            for case in node.cases:
                for name in case.when.names():
                    yield Reading(name, case.when_span, "decides the way")
        case Collect() if node.valid.when is not None:
            for name in node.valid.when.names():
                if name != node.into:
                    yield Reading(name, node.span, "decides what is valid")
        case Lookup():
            for name in node.arguments.values():
                yield Reading(name, node.span, f'is given to lookup "{node.name}"')
        case Message():
            if isinstance(node.to, VariableRef):
                yield Reading(node.to.variable, node.to.span, "says where the message goes")
            for name in node.names():
                yield Reading(name, node.span, "is part of the message")
        case Transfer() if isinstance(node.to, VariableRef):
            yield Reading(node.to.variable, node.to.span, "says whom to call")
        case _:
            pass
    for name, value in set_by(node).items():
        for read in expression_names(value):
            yield Reading(read, node.span, f'is used to set "{name}"')
    for way in node.ways:
        for name, value in way.target.sets.items() if way.target else ():
            for read in expression_names(value):
                yield Reading(read, way.span, f'is used to set "{name}"', way)


def read_anywhere(flow: Flow) -> frozenset[str]:
    """Return the variables that `flow` reads at all."""
    return frozenset(reading.variable for node in flow.nodes.values() for reading in readings(node))
