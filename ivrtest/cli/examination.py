"""What `ivrtest check` does, from the paths that are named to an outcome, without a word printed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from ivrtest.check.baseline import Known, baseline_text, divide, known_of, read_baseline
from ivrtest.check.checker import Crash, check
from ivrtest.check.context import CheckContext
from ivrtest.check.rules import ALL
from ivrtest.check.selection import SELECTABLE, Selection, select
from ivrtest.cli.check_settings import CheckSettings
from ivrtest.cli.paths import flow_files, unusable
from ivrtest.cli.settings import FILE_NAME, load_settings
from ivrtest.flow.model import Flow
from ivrtest.report.checked import CheckedFile, CheckOutcome
from ivrtest.report.findings_text import count_of
from ivrtest.run.bundle import Bundle, FlowFolder, glances, recorded, strays
from ivrtest.source.file import OUTSIDE, read_source
from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.text import Source
from ivrtest.source.undisturbed import undisturbed

if TYPE_CHECKING:
    from ivrtest.audio.prompts import PromptLibrary


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    paths: tuple[Path, ...] = ()
    """Empty: the folder of flows."""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    recordings: bool = True
    """Whether to look at the files of recordings."""
    baseline: Path | None = None
    witness: bool = False
    """Whether to make scenarios that show the findings."""
    listen: bool = False
    """Whether to compare how the recordings sound, which takes a second for ten minutes of them."""
    year: int | None = None
    """The year of which every minute is looked at."""
    sources: Mapping[Path, Source] = field(default_factory=dict)
    """Texts that stand for what files hold."""
    alone: bool = False
    """Whether nothing is known of what lies around the flow, which comes from no file."""

    def selection(self, settings: CheckSettings) -> Selection:
        """Return the rules that look. The command line wins: rules that it selects look even if the settings ignore them.

        Raises `UsageError` if none is left: a check that looks for nothing finds nothing wrong.
        """
        without = (
            *self.ignore,
            *(() if self.select else settings.ignore),
            *(() if self.recordings else (rule.name for rule in ALL if rule.needs_recordings)),
            *(() if self.year is not None else (rule.name for rule in ALL if rule.needs_year)),
        )
        selection = select(only=self.select or settings.select, without=without, severities={**settings.severity, **self.severities})
        if not selection.names and any(rule.needs_year and rule.name in self.select for rule in ALL):
            raise click.UsageError(f'rule "{self.select[0]}" looks at a year. name one with "--calendar YEAR"')
        if not selection.names:
            raise click.UsageError("no rule is left to look: every rule that is selected is ignored too. select another one")
        return selection


class Examination:
    """One check of the flows that are asked for: each folder is read once, and what is wrong with it is found once."""

    def __init__(self, request: Request, today: date) -> None:
        """Raises `InputError` for settings, a baseline or a path that cannot be used."""
        settings = load_settings()
        self.request = request
        self.today = today
        self.selection = request.selection(settings.check)
        self.policy = settings.check.policy
        if not request.paths and not settings.flows.exists():
            message = f'there is no folder "{settings.flows}". name flows, or set "paths.flows" in {FILE_NAME}'
            raise InputError((unusable(settings.flows, message),))
        paths = request.paths or (settings.flows,)
        self.files = paths if request.alone else flow_files(paths, settings.exclude)
        self.baseline = read_baseline(read_source(request.baseline)) if request.baseline is not None else ()
        self.notes: list[str] = []
        """What is worth saying of the flows that were looked at and is no finding."""
        self._folders: dict[Path | None, FlowFolder] = {}

    def bundle(self, file: Path) -> Bundle:
        """Return a flow with what belongs to it. Raises `InputError` if its file is no YAML."""
        return self.folder(file).bundle(file)

    def folder(self, file: Path) -> FlowFolder:
        """Return the folder of a file."""
        folder = None if self.request.alone else file.parent
        if folder not in self._folders:
            self._folders[folder] = FlowFolder(folder, self.request.sources)
        return self._folders[folder]

    def source(self, file: Path) -> Source:
        """Return the text of a file that the examination could read."""
        return self.folder(file).source(file)

    def findings_in(self, file: Path, source: Source) -> tuple[Finding, ...]:
        """Return what would be found if a file held another text. Raises `InputError` where that is no YAML."""
        return self.findings(self.folder(file).with_source(file, source).bundle(file))

    def findings(self, bundle: Bundle) -> tuple[Finding, ...]:
        """Return what the reader and the rules say of one flow."""
        return self.record(bundle)[0]

    def record(self, bundle: Bundle) -> tuple[tuple[Finding, ...], CheckedFile]:
        """Return what the reader and the rules say of one flow, and which rules examined it."""
        found = [*bundle.reading.findings, *bundle.clashes]
        name, flow = str(bundle.path), bundle.reading.flow
        if flow is None:
            return tuple(found), CheckedFile(name, unexamined=in_listed_order(self.selection.names), usable=False)
        flow = flow.held_to(self.policy)
        library = None
        if self.request.listen and not found and not bundle.unread:
            try:
                library = bundle.library()
            except InputError as error:
                # What lies outside of the folder is the business of the rule of that name.
                found += (finding for finding in error.findings if finding.rule != OUTSIDE)
        context = context_of(bundle, flow, self.request, self.today, library)
        told = tuple(self.selection.weighed(check(flow, context, self.selection.rules)))
        crashed = {finding.crashed for finding in told if isinstance(finding, Crash)}
        unexamined = {rule.name for rule in self.selection.rules if rule.name in crashed or not rule.is_informed(context)}
        examined = in_listed_order(self.selection.names - unexamined)
        if self.request.year is not None and not context.broken:
            self.notes += calendar_note(flow, context, self.request.year)
        return (*found, *told), CheckedFile(name, examined, in_listed_order(unexamined))


@undisturbed()
def examine(request: Request, today: date) -> CheckOutcome:
    """Check the flows that are asked for. What cannot be used is a finding too."""
    try:
        examination = Examination(request, today)
    except InputError as error:
        return CheckOutcome(in_order(error.findings), usable=False)
    selection = examination.selection
    checked: list[CheckedFile] = []
    found: list[Finding] = []
    unusable: list[Finding] = []
    scenarios: dict[str, tuple[Finding, str]] = {}
    for file in examination.files:
        try:
            bundle = examination.bundle(file)
        except InputError as error:
            unusable += error.findings
            checked.append(CheckedFile(str(file), unexamined=in_listed_order(selection.names), usable=False))
            continue
        findings, record = examination.record(bundle)
        (found if record.usable else unusable).extend(findings)
        checked.append(record)
        if request.witness and bundle.reading.flow is not None:
            # Imported where it is used: a check from the shell is quick.
            from ivrtest.check.witness import witness_scenarios

            scenarios |= witness_scenarios(findings, bundle.reading.flow, bundle.called)
    notes = tuple(examination.notes)
    outcome = CheckOutcome(in_order(found), tuple(checked), usable=all(file.usable for file in checked), selection=selection, notes=notes)
    if request.baseline is not None:
        outcome = without_known(outcome, request.baseline, examination.baseline)
    shown = {name: text for name, (finding, text) in scenarios.items() if finding in outcome.findings}
    if request.witness and not shown:
        outcome = replace(outcome, notes=(*outcome.notes, "no scenario is written: nothing was found that a call would show"))
    return replace(outcome, findings=in_order([*outcome.findings, *unusable]), scenarios=shown)


def context_of(bundle: Bundle, flow: Flow, request: Request, today: date, library: PromptLibrary | None) -> CheckContext:
    """Return what the rules may know beside the flow itself."""
    others: dict[str, Flow] = {**bundle.called, flow.name: flow}
    recordings = request.recordings and not request.alone
    return CheckContext(
        flows=None if bundle.unread or request.alone else others,
        siblings=frozenset(bundle.siblings),
        unread=bundle.unread,
        recordings=recorded(bundle.path, flow) if recordings else None,
        sounds=glances(bundle.path, flow) if recordings else None,
        library=library,
        strays=tuple(strays(bundle.path, flow)) if recordings else (),
        today=today,
        year=request.year,
        broken=bundle.reading.broken_nodes,
        broken_prompts=bundle.reading.broken_prompts,
    )


def calendar_note(flow: Flow, context: CheckContext, year: int) -> Iterator[str]:
    """Yield what callers of a flow reach in a year, if it has opening hours."""
    # Imported where it is used: few checks look at a year.
    from ivrtest.check.timetable import prove

    proof = prove(flow, context, year) if flow.entry in flow.nodes and context.flows is not None else None
    if proof is None:
        return
    minutes = proof.minutes
    told = ", ".join(f"{reach} in {number}" for reach, number in minutes.items())
    yield f'flow "{flow.name}": of all {sum(minutes.values())} minutes of {year}, callers reach {told}'


def without_known(outcome: CheckOutcome, path: Path, baseline: Collection[Known]) -> CheckOutcome:
    """Return the outcome without the findings that the baseline knows, and say if it knows some that are no more."""
    division = divide(outcome.findings, baseline, lambda name: name_in(path, name))
    gone = [known for known in division.gone if was_looked_at(known, outcome, path)]
    notes = outcome.notes
    if gone:
        what = f'{count_of(len(gone), "known finding")} of "{path}" no longer {"occurs" if len(gone) == 1 else "occur"}'
        notes += (f'{what}. write it anew with "--write-baseline {path}"',)
    return replace(outcome, findings=division.new, known=division.known, baseline=str(path), notes=notes)


def renewed(outcome: CheckOutcome, path: Path) -> tuple[str, CheckOutcome]:
    """Return a baseline of all that was found, and the outcome now that it is known.

    Entries of an old one stay where this check did not look: in other files, and by rules that are switched off. Raises `InputError` if
    there is an old one that cannot be read.
    """
    old = read_baseline(read_source(path)) if path.exists() else ()
    kept = [known for known in old if not was_looked_at(known, outcome, path)]
    text = baseline_text([*known_of(outcome.findings, lambda name: name_in(path, name)), *kept])
    known = tuple(finding for finding in outcome.findings if not isinstance(finding, Crash))
    new = tuple(finding for finding in outcome.findings if isinstance(finding, Crash))
    return text, replace(outcome, findings=new, known=known, baseline=str(path))


def was_looked_at(known: Known, outcome: CheckOutcome, path: Path) -> bool:
    """Tell whether the check would have found a known finding again: its file and its rule were part of it, or the file is no more."""
    if not (path.parent / known.identity.file).exists():
        return True
    for file in outcome.files:
        if name_in(path, file.name) == known.identity.file:
            return file.usable and (known.identity.rule in file.examined or known.identity.rule not in SELECTABLE)
    return False


def name_in(baseline: Path, name: str) -> str:
    """Return a file's name as seen from the folder of a baseline, wherever the command is called."""
    return PurePath(os.path.relpath(name, baseline.parent)).as_posix()


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings sorted by place, each once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.sort_key))


def in_listed_order(names: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in SELECTABLE if name in names)
