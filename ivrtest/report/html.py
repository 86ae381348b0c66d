"""The report that people look at: `report.html`, one file without a network, that works without JavaScript.

What went wrong stands first, with its place in the scenario, the call drawn on its own clock and a player; what passed is folded away.
Every text is the one of the other reports. Scenario names, prompt names and what came over SIP are other people's: the template escapes
all of them, and a content security policy lets nothing run but the script of this package.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import isinf
from pathlib import Path
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ivrtest import __version__
from ivrtest.report import timeline
from ivrtest.report.console import MARKS
from ivrtest.report.excerpt import excerpt_lines
from ivrtest.report.files import write_text
from ivrtest.report.junit import relative, scored
from ivrtest.report.ladder import LadderDrawing, draw_ladder
from ivrtest.report.outcome import Outcome, deciding_step, finding_of
from ivrtest.report.quality import Row, complaints_of, limit_line, rows, seconds, worst_first
from ivrtest.report.timeline import Drawing, draw, kind_of
from ivrtest.rtp.rating import Rating, Scale, Unrated
from ivrtest.run.acts.naming import told
from ivrtest.run.conversation import ENDINGS
from ivrtest.run.result import CallRecord, LimitResult, Note, ScenarioResult, Status, StepResult, SuiteResult
from ivrtest.source.finding import Finding

TEMPLATES: Final = Path(__file__).with_name("templates")
MOST_TRACED: Final = 50
"""How many passed calls show their SIP messages. Those of all others are in results.json."""
IN_SHORT: Final = frozenset({"MOS-LQE", "Loss", "Answer delay"})
"""What the heading of a call's quality says."""
MOST_LINES: Final = 20
"""How many calls the table of lines shows, the worst first."""
HEARD_BEFORE_S: Final = 1.0
"""How much of a recording is heard before the moment at which it goes wrong."""
MOST_DRAWN: Final = 200
"""How many passed calls are drawn. The others keep their steps and their player, so that a run of thousands stays a light page."""
SECTIONS: Final = (
    (Status.FAILED, "Failed", "The IVR did wrong."),
    (Status.ERROR, "Could not tell", "Something kept us from judging the IVR."),
    (Status.NOT_RUN, "Not run", "Nobody called, or the run was stopped."),
)
"""What did not pass, worst first."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The lines of `report.excerpt`: the first wraps, the others are source and keep their columns."""

    headline: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as the page shows it."""

    kind: str
    mark: str
    status: str
    text: str
    line: int
    heard: tuple[str, ...]
    message: str
    times: str
    jump: str
    """The recording at the moment at which the step began; empty where there is none."""
    wrong: str
    """When a recording ceased to be as recorded; empty where none did."""
    wrong_jump: str
    """The recording shortly before that."""


@dataclass(frozen=True, slots=True)
class Recording:
    name: str
    url: str
    missing: bool


@dataclass(frozen=True, slots=True)
class LimitView:
    """One limit for the quality of a call."""

    kind: str
    mark: str
    status: str
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class LineView:
    """One call in the table of lines."""

    anchor: str
    name: str
    mos: str
    loss: str
    jitter: str
    level: str
    answer: str
    response: str
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScenarioView:
    """One scenario as the page shows it."""

    anchor: str
    name: str
    flow: str
    kind: str
    mark: str
    status: str
    passed_steps: int
    message: str
    took: str
    place: str
    excerpt: Excerpt | None
    steps: tuple[StepView, ...]
    trouble: str
    """What went wrong outside any step, unless the excerpt says it."""
    facts: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]
    recording: Recording | None
    drawing: Drawing | None
    limits: tuple[LimitView, ...]
    quality: tuple[tuple[str, tuple[Row, ...]], ...]
    """What is known of the call's quality, by group."""
    quality_in_short: str
    complaints: tuple[str, ...]
    """What was bad about it."""
    ladder: LadderDrawing | None
    drawn: bool
    """False where only the number of calls kept this one from being drawn."""


def write_html(outcome: Outcome, path: Path) -> None:
    """Write the report. Raises OSError."""
    write_text(path, html_text(outcome, path.parent))


def html_text(outcome: Outcome, folder: Path) -> str:
    """Return the report; recordings are named relative to `folder`, and read for the drawings where they are there."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    suite = outcome.suite
    style, script = part("report.css"), part("report.js")
    views = tuple(views_of(suite.results, folder))
    lines = lines_of(suite.results)
    flows: dict[str, list[ScenarioView]] = {}
    for view in views:
        flows.setdefault(view.flow, []).append(view)
    page = environment.get_template("report.html").render(
        verdict=verdict(suite),
        tone=tone(suite),
        counts=[
            (kind_of(status), MARKS[status][0], label, suite.count(status))
            for status, label in (
                (Status.FAILED, "failed"),
                (Status.ERROR, "could not tell"),
                (Status.NOT_RUN, "not run"),
                (Status.PASSED, "passed"),
            )
        ],
        total=len(views),
        target=suite.target,
        route=suite.route,
        when=moment(suite.started_at),
        started_at=suite.started_at,
        took=duration(suite.seconds),
        version=__version__,
        findings=[excerpt_of(finding) for finding in outcome.findings],
        sections=[
            (kind_of(status), title, meaning, [view for view in views if view.status == status]) for status, title, meaning in SECTIONS
        ],
        flows=flows,
        passed=[view for view in views if view.status == Status.PASSED],
        lines=lines[:MOST_LINES],
        lines_in_all=len(lines),
        lines_complained_of=sum(bool(line.complaints) for line in lines),
        left=timeline.LEFT,
        right=timeline.RIGHT,
        usual_width=timeline.USUAL_WIDTH,
        style=Markup(style),
        script=Markup(script),
        policy=policy(style, script),
    )
    return page + "\n"


def part(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def policy(style: str, script: str) -> str:
    """Return the content security policy: our own style and script by their hashes, recordings beside the page, and nothing else."""
    return (
        f"default-src 'none'; style-src {hashed(style)}; script-src {hashed(script)}; media-src 'self' file:; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def verdict(suite: SuiteResult) -> str:
    """Say in one sentence what the run means for callers."""
    total, failed, errors, unrun = (len(suite.results), *(suite.count(status) for status, _, _ in SECTIONS))
    if not total:
        return "Nothing was run"
    if not failed + errors + unrun:
        return f"All {total} callers reach their goal" if total > 1 else "The caller reaches the goal"
    parts: list[str] = []
    if failed:
        parts.append(f"{failed} of {total} callers would not reach their goal" if total > 1 else "The caller would not reach the goal")
    if errors:
        parts.append(f"for {errors} of {total} we could not tell" if total > 1 else "we could not tell whether the caller reaches the goal")
    if unrun:
        parts.append(f"{unrun} of {total} {'was' if unrun == 1 else 'were'} not run" if total > 1 else "the scenario was not run")
    sentence = "; ".join(parts)
    return sentence[0].upper() + sentence[1:]


def tone(suite: SuiteResult) -> str:
    """Return how the verdict looks. Only a run that is well in every part looks well."""
    if suite.exit_code == 0:
        return kind_of(Status.PASSED)
    return kind_of(Status.FAILED if suite.count(Status.FAILED) else Status.ERROR)


def views_of(results: Sequence[ScenarioResult], folder: Path) -> Iterator[ScenarioView]:
    drawn = 0
    for number, result in enumerate(results, 1):
        drawn += result.status is Status.PASSED
        bad = result.status is not Status.PASSED
        yield view_of(number, result, folder, drawn=bad or drawn <= MOST_DRAWN, traced=bad or drawn <= MOST_TRACED)


def view_of(number: int, result: ScenarioResult, folder: Path, *, drawn: bool, traced: bool) -> ScenarioView:
    finding = finding_of(result)
    call = result.call
    recording = recording_of(call, folder)
    playable = recording if recording is not None and not recording.missing else None
    return ScenarioView(
        anchor=f"scenario-{number}",
        name=result.scenario.name,
        flow=result.scenario.flow,
        kind=kind_of(result.status),
        mark=MARKS[result.status][0],
        status=result.status,
        passed_steps=sum(step.status is Status.PASSED for step in result.steps),
        message=result.verdict,
        took=duration(result.seconds),
        place=str(result.scenario.span),
        excerpt=excerpt_of(finding) if finding is not None else None,
        steps=tuple(step_of(step, playable) for step in result.steps),
        trouble=result.message if deciding_step(result) is not None else "",
        facts=tuple(facts(call, folder)) if call is not None else (),
        notes=call.notes if call is not None and drawn else (),
        recording=recording,
        drawing=draw(result, call.recording if call is not None and playable else None) if drawn else None,
        limits=tuple(limit_of(limit) for limit in result.limits),
        quality=tuple(grouped(rows(call))) if call is not None and drawn else (),
        quality_in_short=" · ".join(f"{row.name} {row.value}" for row in rows(call) if row.name in IN_SHORT) if call is not None else "",
        complaints=tuple(text for _, text in complaints_of(call)) if call is not None else (),
        ladder=draw_ladder(call) if call is not None and traced else None,
        drawn=drawn,
    )


def lines_of(results: Sequence[ScenarioResult]) -> list[LineView]:
    """Return the lines of calls, the worst first."""
    numbers = {id(result): number for number, result in enumerate(results, 1)}
    return [line_of(numbers[id(result)], result) for result in worst_first(results)]


def line_of(number: int, result: ScenarioResult) -> LineView:
    call = result.call
    assert call is not None
    assert call.quality is not None
    quality, timing = call.quality, call.timing
    slowest = timing.slowest_response_s
    return LineView(
        anchor=f"scenario-{number}",
        name=result.scenario.name,
        mos=score_of(quality.rating),
        loss=f"{100 * quality.unheard:.1f} %",
        jitter=f"{quality.stream.worst_jitter_ms:.0f} ms",
        level="silent" if isinf(quality.heard.active_dbov) else f"{quality.heard.active_dbov:.0f} dBov",
        answer="–" if timing.answer_s is None else seconds(timing.answer_s),
        response="–" if slowest is None else seconds(slowest),
        complaints=tuple(text for _, text in complaints_of(call)),
    )


def score_of(rating: Rating | Unrated) -> str:
    if isinstance(rating, Unrated):
        return "–"
    return f"{rating.mos:.2f}{' wideband' if rating.scale is Scale.WIDEBAND else ''}"


def limit_of(limit: LimitResult) -> LimitView:
    return LimitView(kind_of(limit.status), MARKS[limit.status][0], limit.status, limit_line(limit).partition(": ")[0], limit.message)


def grouped(found: Iterable[Row]) -> Iterator[tuple[str, tuple[Row, ...]]]:
    for group, members in groupby(found, key=lambda row: row.group):
        yield group, tuple(members)


def excerpt_of(finding: Finding) -> Excerpt:
    headline, *lines = excerpt_lines(finding)
    return Excerpt(headline, tuple(lines))


def step_of(step: StepResult, recording: Recording | None) -> StepView:
    wrong_s = timeline.wrong_at(step)
    times = "" if step.started_s is None or step.at_s is None else f"{step.started_s:.1f} – {step.at_s:.1f} s"
    return StepView(
        kind=kind_of(step.status),
        mark=MARKS[step.status][0],
        status=step.status,
        text=step.step.describe(),
        line=step.step.span.line,
        heard=tuple(f"heard {told(match)}{scored(match)}" for match in step.heard),
        message=step.message,
        times=times,
        jump=f"{recording.url}#t={step.started_s:.1f}" if recording is not None and step.started_s is not None else "",
        wrong="" if wrong_s is None else f"{wrong_s:.1f} s",
        wrong_jump="" if wrong_s is None or recording is None else f"{recording.url}#t={max(0.0, wrong_s - HEARD_BEFORE_S):.1f}",
    )


def facts(call: CallRecord, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what an engineer needs to find the call elsewhere, and whether the line was good."""
    yield "Call-ID", call.id
    yield "Called", call.target
    if call.reached:
        yield "Reached at", call.reached
    for failed in call.tried:
        yield "Tried before", failed
    if call.answered_s is not None:
        yield "Answered", f"at {call.answered_s:.1f} s"
    if call.ended_s is not None:
        yield "Ended", f"at {call.ended_s:.1f} s: {ENDINGS.get(call.ended_by, call.ended_by)}"
    if call.quality is None and call.packets_received is not None and call.packets_lost is not None:
        yield "RTP packets", f"{call.packets_received} received, {call.packets_lost} lost"
        if call.jitter_ms is not None:
            yield "Jitter", f"{call.jitter_ms:.1f} ms"
    if call.pcap is not None:
        yield "Packets", relative(call.pcap, folder)


def recording_of(call: CallRecord | None, folder: Path) -> Recording | None:
    if call is None or call.recording is None:
        return None
    name = relative(call.recording, folder)
    return Recording(name, quote(name, errors="surrogateescape"), not call.recording.is_file())


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{seconds:.1f} s" if seconds < 60 else f"{minutes} min {rest} s"


def moment(started_at: str) -> str:
    """Return a wall time for people, in the zone in which it was written; what is no time stays as it is."""
    try:
        return datetime.fromisoformat(started_at).strftime("%Y-%m-%d %H:%M:%S %Z")
    except ValueError:
        return started_at
