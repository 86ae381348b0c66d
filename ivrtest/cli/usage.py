"""What click says of a command line, in the words of all other messages.

click tells what is wrong by the type of its error, and the value that is wrong in its own sentence only; it is taken from there.
"""

from __future__ import annotations

import ast
import errno
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from ivrtest.source.system import unread

_REPR: Final = re.compile(r"""^(?:[A-Z][a-z]+ )?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*") """)
_NUMBER: Final = re.compile(r"^(\S+) is not in the range ")
_TOO_MANY: Final = re.compile(r"^Got unexpected extra arguments? \((.*)\)$")
_NO_COMMAND: Final = re.compile(r"^No such command ('.*'|\".*\")\.")


def told(error: click.ClickException) -> str:
    """Return the message of an error: what is wrong, in double quotes, and what would be right."""
    match error:
        case click.NoSuchOption(option_name=name, ctx=context):
            return f'there is no option "{name}"{_hint(name, _options(context))}'
        case click.BadOptionUsage(option_name=name, ctx=context):
            option = next((each for each in _parameters(context) if name in (*each.opts, *each.secondary_opts)), None)
            if isinstance(option, click.Option) and option.is_flag:
                return f'"{name}" takes no value. leave it out'
            return f'"{name}" has no value. {f"give {option.metavar}" if option is not None and option.metavar else "give one"}'
        case click.MissingParameter(param=click.Parameter() as parameter):
            many = parameter.nargs != 1
            return f"{_name(parameter)} is missing. give {'one or more' if many else 'one'}"
        case click.BadParameter(param=click.Parameter() as parameter, message=message) if value := _value(message):
            if _is_closed(parameter.type, value):
                return f'{_name(parameter)} is "{value}": {unread(PermissionError(errno.EACCES, ""))}'
            return f'{_name(parameter)} is "{value}". {_must(parameter.type)}'
        case click.UsageError(ctx=context, message=message) if found := _TOO_MANY.match(message):
            most = sum(max(each.nargs, 1) for each in _parameters(context) if isinstance(each, click.Argument))
            wanted = f"{most} at most" if most else "none"
            return f'too many arguments: "{found[1]}" is left over. give {wanted}, and put what has spaces in it in quotes'
        case click.UsageError(ctx=context, message=message) if found := _NO_COMMAND.match(message):
            return no_command(str(ast.literal_eval(found[1])), _commands(context))
    return error.format_message()


def no_command(name: str, known: Iterable[str]) -> str:
    """Return what to say of a command that is not there."""
    names = list(known)
    return f'no such command "{name}"{_hint(name, names) or ". the commands are " + ", ".join(names)}'


def _commands(context: click.Context | None) -> list[str]:
    return context.command.list_commands(context) if context is not None and isinstance(context.command, click.Group) else []


def _hint(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f'. did you mean "{near[0]}"?' if near else ""


def _parameters(context: click.Context | None) -> list[click.Parameter]:
    return context.command.get_params(context) if context is not None else []


def _options(context: click.Context | None) -> list[str]:
    return [name for each in _parameters(context) if isinstance(each, click.Option) for name in (*each.opts, *each.secondary_opts)]


def _name(parameter: click.Parameter) -> str:
    """Return how people call it: an option as it is typed, an argument as the help names it."""
    return f'"{parameter.opts[0]}"' if isinstance(parameter, click.Option) else parameter.human_readable_name.removesuffix("...")


def _value(message: str) -> str:
    """Return the value that click's sentence is about; empty where it names none."""
    if found := _REPR.match(message):
        return str(ast.literal_eval(found[1]))
    found = _NUMBER.match(message)
    return found[1] if found else ""


def _is_closed(kind: click.ParamType[Any], value: str) -> bool:
    """Return whether a path is refused because we may not read it."""
    return isinstance(kind, click.Path) and kind.readable and Path(value).exists() and not os.access(value, os.R_OK)


def _must(kind: click.ParamType[Any]) -> str:
    """Return what a value must be."""
    from ivrtest.source.words import must_be

    match kind:
        case click.Choice(choices=choices):
            return f"it must be {must_be({'enum': list(choices)})}"
        case click.IntRange(min=low, max=high):
            return f"it must be {must_be(_numbers('integer', low, high))}"
        case click.FloatRange(min=low, max=high):
            return f"it must be {must_be(_numbers('number', low, high))}"
        case click.Path(file_okay=False):
            return "it must be a folder"
        case click.Path(dir_okay=False):
            return "it must be a file"
    return "give one"


def _numbers(kind: str, low: float | None, high: float | None) -> Mapping[str, Any]:
    return {"type": kind, "minimum": low, "maximum": high}
