"""Which files of a folder are flows, and how they are called: told by two of their lines, so that a folder of many is not read whole.

A file that is no YAML can be a flow all the same: whoever calls it is to learn that it is broken, not that it is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivrtest.source.file import glimpse, place
from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.text import Source, Span
from ivrtest.source.yaml import read_document

_FLOW = re.compile(r"""^ivrtest:[ \t]+(["']?)flow/\S*?\1[ \t]*\r?$""", re.MULTILINE)
_NAME = re.compile(r"""^name:[ \t]+(["']?)(?P<name>[A-Za-z_][\w-]*)\1[ \t]*\r?$""", re.MULTILINE)
_NO_NAMES = frozenset({"null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"})
"""What YAML takes for something else than a text."""


@dataclass(frozen=True, slots=True)
class FlowFile:
    """A file that says it is a flow."""

    path: Path
    name: Span
    """Where it says how it is called."""


def find_flows(folder: Path, sources: Mapping[Path, Source] | None = None) -> dict[str, tuple[FlowFile, ...]]:
    """Return the flow files in a folder (not in its subfolders) by the name of the flow, in the order of the file names.

    A YAML file is one if it says `ivrtest: flow/1`, also where the rest of it is no YAML; others are passed over. `sources`: texts that
    stand for what the files hold.
    """
    sources = sources or {}
    found: dict[str, tuple[FlowFile, ...]] = {}
    for path in sorted({*folder.glob("*.yaml"), *folder.glob("*.yml"), *(path for path in sources if path.parent == folder)}):
        source = sources.get(path)
        named = _named(Source(str(path), glimpse(path)) if source is None else source, path)
        if named is not None:
            name, span = named
            found[name] = (*found.get(name, ()), FlowFile(path, span))
    return found


def clashes(found: Mapping[str, Sequence[FlowFile]]) -> dict[str, tuple[Finding, ...]]:
    """Return what is to be said of names that several files bear, by name: a finding for each file but the first."""
    return {
        name: tuple(
            Finding("flow-name", Severity.ERROR, f'flow "{name}" is in "{files[0].path}" too. give one of them another name', file.name)
            for file in files[1:]
        )
        for name, files in found.items()
        if len(files) > 1
    }


def _named(source: Source, path: Path) -> tuple[str, Span] | None:
    """Return a flow's name and its place; None for what is no flow."""
    says, names = list(_FLOW.finditer(source.text)), list(_NAME.finditer(source.text))
    named = (names[0]["name"], place(source, names[0].start("name"), len(names[0]["name"]))) if names else (path.stem, source.whole())
    if len(says) == len(names) == 1 and named[0] not in _NO_NAMES:
        return named
    if "ivrtest" not in source.text or "flow/" not in source.text:
        return None
    # Written in another way, or one of the lines belongs to a text: the whole file tells.
    try:
        document = read_document(source)
    except InputError:
        return named if says else None
    data = document.data
    if not isinstance(data, dict) or not str(data.get("ivrtest", "")).startswith("flow/"):
        return None
    return (str(data["name"]), document.span(("name",))) if "name" in data else (path.stem, source.whole())
