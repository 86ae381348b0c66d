"""Scenario files to scenarios. All mistakes of a file come out in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from ivrtest.scenario.calling import Calling, read_calling, read_headers
from ivrtest.scenario.model import TIME_LIMIT_S, Given, GivenAnswer, GivenQueue, GivenTransfer, Scenario
from ivrtest.scenario.quality import Limit, parse_limit
from ivrtest.scenario.steps import STEPS, Step
from ivrtest.scenario.steps.fields import RULE, StepFields, read_seconds
from ivrtest.scenario.steps.press import MASK
from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.shape import Problem, load_schema, problems
from ivrtest.source.text import Source
from ivrtest.source.words import quoted
from ivrtest.source.yaml import DataPath, Document, read_document, read_source

HEADER: Final = "scenario/1"
SUFFIXES: Final = (".yaml", ".yml")
_STEPS: Final = {kind.word: kind for kind in STEPS}


@dataclass(frozen=True, slots=True)
class ScenarioReading:
    """What reading a scenario file came to."""

    scenario: Scenario | None
    """None if anything is wrong with the file: half a conversation proves nothing."""
    findings: tuple[Finding, ...]
    """In the order of the file."""


@cache
def schema() -> Mapping[str, Any]:
    """Return the JSON Schema of scenario files. Not to be changed."""
    return load_schema(Path(__file__).with_name("scenario.schema.json"))


def find_scenarios(path: Path) -> tuple[Path, ...]:
    """Return the scenario files at `path`: itself if it is a file, otherwise every YAML file in the folder and below, sorted.

    Hidden files and folders are left out. Whether a file really holds a scenario is found out by reading it, so that a wrong
    header is reported rather than skipped. Raises `InputError` if there is nothing at `path`.
    """
    if path.is_file():
        return (path,)
    if not path.is_dir():
        message = f'there is no file or folder "{path}"'
        raise InputError((Finding("unreadable", Severity.ERROR, message, Source(str(path), "").whole()),))
    return tuple(sorted(found for found in path.rglob("*") if found.suffix in SUFFIXES and _is_shown(found, path) and found.is_file()))


def load_scenario(path: Path, root: Path | None = None) -> ScenarioReading:
    """Read the scenario file at `path`, which must lie within `root` if that is given. Raises `InputError` if it is no YAML at all."""
    return read_scenario(read_source(path, root))


def read_scenario(source: Source) -> ScenarioReading:
    """Read a scenario. Raises `InputError` if it is no YAML at all."""
    document = read_document(source)
    stranger = _stranger(document)
    if stranger is not None:
        return ScenarioReading(None, (stranger,))
    secrets = tuple(_secrets(document.data))
    document = _masked(document, secrets)
    findings = [*document.findings, *(_discreet(problem, secrets) for problem in problems(document, schema()))]
    scenario = _read(document, findings) if not findings else None
    found = tuple(sorted(findings, key=lambda finding: finding.sort_key))
    return ScenarioReading(None if found else scenario, found)


def _is_shown(found: Path, root: Path) -> bool:
    return not any(part.startswith(".") for part in found.relative_to(root).parts)


def _stranger(document: Document) -> Finding | None:
    """Return what to say of a file that is something else altogether: one finding, not one for each strange key."""
    data = document.data
    should = f'a scenario begins with "ivrtest: {HEADER}"'
    if not isinstance(data, dict):
        return Finding("wrong-value", Severity.ERROR, f"this is no scenario: it is no mapping. {should}", document.span(()))
    header = data.get("ivrtest")
    if header is None:
        return Finding("missing-key", Severity.ERROR, f'this is no scenario: it lacks the key "ivrtest". {should}', document.span(()))
    if header != HEADER:
        message = f'this is no scenario: "ivrtest" is {quoted(header)}. {should}'
        return Finding("wrong-value", Severity.ERROR, message, document.span(("ivrtest",)))
    return None


def _secrets(data: Mapping[str, Any]) -> Iterator[DataPath]:
    """Yield the path of each value that must not be shown. The shape is not known to be right yet, so in doubt it is secret."""
    steps = data.get("steps")
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(step, dict) and isinstance(header := step.get("header"), dict) and header.get("secret", False) is not False:
            yield from (("steps", index, "header", key) for key in ("is", "matches") if header.get(key) is not None)
        if not isinstance(step, dict) or "press" not in step:
            continue
        press = step["press"]
        inside = isinstance(press, dict)
        if step.get("secret", False) is not False or (inside and press.get("secret", False) is not False):
            path: DataPath = ("steps", index, "press", "keys") if inside else ("steps", index, "press")
            if (press.get("keys") if inside else press) is not None:
                yield path


def _masked(document: Document, secrets: tuple[DataPath, ...]) -> Document:
    """Return the document over a text in which secrets cannot be read, so that no report can quote them. Places stay as they are."""
    if not secrets:
        return document
    lines = document.source.text.splitlines(keepends=True)
    for path in secrets:
        span = document.span(path)
        for number in range(span.line, span.end_line + 1):
            line = lines[number - 1]
            start = span.column - 1 if number == span.line else 0
            end = span.end_column - 1 if number == span.end_line else len(line.rstrip("\r\n"))
            lines[number - 1] = line[:start] + MASK[0] * (end - start) + line[end:]
    return document.over(Source(document.source.name, "".join(lines)))


def _discreet(problem: Problem, secrets: tuple[DataPath, ...]) -> Finding:
    """Return the finding of a problem, without the keys if it is about secret ones."""
    if problem.path not in secrets:
        return problem.finding
    if "header" in problem.path:
        return replace(problem.finding, message=f'"{problem.path[-1]}" is "{MASK}". it must be a text')
    return replace(problem.finding, message=f'"{problem.path[-1]}" is "{MASK}". it must be keys: 0 to 9, "*", "#" and A to D')


def _read(document: Document, findings: list[Finding]) -> Scenario:
    data = document.data
    language = data.get("language")
    return Scenario(
        name=data["name"],
        span=document.span(("name",)),
        flow=data["flow"],
        flow_span=document.span(("flow",)),
        steps=tuple(_step(document, index, written, findings) for index, written in enumerate(data["steps"])),
        language=language,
        language_span=None if language is None else document.span(("language",)),
        time_limit_s=read_seconds(document, ("time_limit",), data.get("time_limit"), TIME_LIMIT_S, findings),
        given=_given(document, data["given"], findings) if "given" in data else Given(),
        quality=dict(_limits(document, data.get("quality", {}), findings)),
        calling=read_calling(document, data["call"], findings) if "call" in data else Calling(),
    )


def _limits(document: Document, data: Mapping[str, Any], findings: list[Finding]) -> Iterator[tuple[str, Limit]]:
    for measure, written in data.items():
        span = document.span(("quality", measure))
        match parse_limit(measure, written, span):
            case Limit() as limit:
                yield measure, limit
            case message:
                findings.append(Finding(RULE, Severity.ERROR, message, span))


def _step(document: Document, index: int, written: Any, findings: list[Finding]) -> Step:
    path: DataPath = ("steps", index)
    data = {written: None} if isinstance(written, str) else written
    word = next(key for key in data if key in _STEPS)
    return _STEPS[word].read(StepFields(document, path, word, data, findings))


def _given(document: Document, data: Mapping[str, Any], findings: list[Finding]) -> Given:
    lookups: dict[str, tuple[GivenAnswer, ...]] = {}
    for name, written in data.get("lookups", {}).items():
        path: DataPath = ("given", "lookups", name)
        if isinstance(written, list):
            lookups[name] = tuple(_answer(document, (*path, index), answer, findings) for index, answer in enumerate(written))
        else:
            lookups[name] = (_answer(document, path, written, findings),)
    return Given(
        span=document.key_span(("given",)),
        now=_moment(document, data.get("now"), findings),
        caller=data.get("caller", ""),
        lookups=lookups,
        queues={name: _queue(document, name, written, findings) for name, written in data.get("queues", {}).items()},
        transfers={
            to: GivenTransfer(outcome, document.span(("given", "transfers", to))) for to, outcome in data.get("transfers", {}).items()
        },
        messages=data.get("messages", "sent"),
        headers=read_headers(document, ("given", "headers"), data.get("headers", {}), findings),
        ring_s=read_seconds(document, ("given", "ring"), data.get("ring"), 0.0, findings, least=0.0),
        early_media=data.get("early_media", False),
    )


def _answer(document: Document, path: DataPath, written: Mapping[str, Any], findings: list[Finding]) -> GivenAnswer:
    after_s = read_seconds(document, (*path, "after"), written.get("after"), 0.0, findings, least=0.0)
    return GivenAnswer(written["outcome"], document.key_span(path), written.get("values", {}), after_s)


def _queue(document: Document, name: str, written: Mapping[str, Any], findings: list[Finding]) -> GivenQueue:
    path: DataPath = ("given", "queues", name)
    wait_s = read_seconds(document, (*path, "wait"), written.get("wait"), 3.0, findings, least=0.0)
    return GivenQueue(document.key_span(path), written.get("outcome", "answered"), written.get("position", 1), wait_s)


def _moment(document: Document, written: str | None, findings: list[Finding]) -> datetime | None:
    if written is None:
        return None
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        message = f'"now" is "{written}", which is no day and time. write a moment such as 2026-12-24T10:00'
        findings.append(Finding(RULE, Severity.ERROR, message, document.span(("given", "now"))))
        return None
