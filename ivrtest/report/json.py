"""Results as JSON, for other programs: `results.json`. The shape is stable; fields are only ever added.

Times named `*_s` are seconds on the call's clock; `seconds` is wall time; `status` is one of the four of `ivrtest.run.result.Status`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from ivrtest import __version__
from ivrtest.audio.hearing import Match, Means, Resumed
from ivrtest.audio.words_heard import WordsHeard
from ivrtest.report.excerpt import excerpt
from ivrtest.report.files import write_text
from ivrtest.report.findings_json import place
from ivrtest.report.junit import relative
from ivrtest.report.outcome import Outcome, finding_of, rounded
from ivrtest.report.quality import limit_data, quality_data
from ivrtest.run.result import CallRecord, ScenarioResult, Status, StepResult
from ivrtest.source.json import to_json

FORMAT: Final = "ivrtest/results/1"


def write_json(outcome: Outcome, path: Path) -> None:
    """Write the report. Raises OSError."""
    write_text(path, json_text(outcome, path.parent))


def json_text(outcome: Outcome, folder: Path) -> str:
    suite = outcome.suite
    document = {
        "format": FORMAT,
        "ivrtest": __version__,
        "started_at": suite.started_at,
        "seconds": round(suite.seconds, 3),
        "target": suite.target,
        "route": suite.route,
        "limit_db": suite.limit_db,
        "counts": {str(status): suite.count(status) for status in Status},
        "exit_code": suite.exit_code,
        "scenarios": [scenario_of(result, folder) for result in suite.results],
    }
    return to_json(document, indent=2) + "\n"


def scenario_of(result: ScenarioResult, folder: Path) -> dict[str, Any]:
    finding = finding_of(result)
    return {
        "name": result.scenario.name,
        "flow": result.scenario.flow,
        **place(result.scenario.span),
        "status": str(result.status),
        "message": result.verdict,
        "excerpt": excerpt(finding) if finding else "",
        "started_at": result.started_at,
        "seconds": round(result.seconds, 3),
        "steps": [step_of(step) for step in result.steps],
        "limits": [limit_data(limit) for limit in result.limits],
        "call": call_of(result.call, folder) if result.call else None,
    }


def step_of(step: StepResult) -> dict[str, Any]:
    return {
        "step": step.step.describe(),
        "line": step.step.span.line,
        "status": str(step.status),
        "message": step.message,
        "started_s": rounded(step.started_s),
        "at_s": rounded(step.at_s),
        "heard": [match_of(match) for match in step.heard],
    }


def match_of(match: Match) -> dict[str, Any]:
    return {
        "prompt": match.prompt,
        "language": match.language,
        "verdict": str(match.verdict),
        "heard_by": str(match.by),
        "score_db": rounded(match.score) if match.by is Means.recording else None,
        "distance": rounded(match.score) if match.by is Means.sound and match.prompt else None,
        "words": words_of(match.words) if match.words is not None else None,
        "start_s": rounded(match.start_s),
        "end_s": rounded(match.end_s),
        "decided_at_s": rounded(match.decided_at_s),
        "diverged_at_s": rounded(match.diverged_at_s),
        "resumed": resumed_of(match.resumed),
        "runner_up": list(match.runner_up) if match.runner_up else None,
        "others": [list(other) for other in match.others],
        "doubt": None if match.doubt is None else str(match.doubt),
    }


def resumed_of(resumed: Resumed | None) -> dict[str, Any] | None:
    if resumed is None:
        return None
    return {"at_s": rounded(resumed.at_s), "from_s": rounded(resumed.from_s), "silent": resumed.silent}


def words_of(words: WordsHeard) -> dict[str, Any]:
    rate = words.rate
    return {
        "transcript": words.text,
        "expected": words.expected,
        "engine": words.engine,
        "word_errors": words.errors,
        "words_expected": words.of,
        "differences": [{"expected": each.expected, "heard": each.heard, "at_s": rounded(each.at_s)} for each in words.differences],
        "error_rate": rounded(rate.rate),
        "error_rate_at_most": rounded(rate.at_most),
        "error_rate_measured_on_words": rate.words,
    }


def call_of(call: CallRecord, folder: Path) -> dict[str, Any]:
    return {
        "id": call.id,
        "target": call.target,
        "reached": call.reached,
        "tried": list(call.tried),
        "answered_s": rounded(call.answered_s),
        "ended_s": rounded(call.ended_s),
        "ended_by": call.ended_by,
        "recording": relative(call.recording, folder) if call.recording else None,
        "pcap": relative(call.pcap, folder) if call.pcap else None,
        "trace": [
            {"at_s": rounded(each.at_s), "sent": each.sent, "transport": each.transport, "peer": each.peer, "message": each.text}
            for each in call.trace
        ],
        "packets_received": call.packets_received,
        "packets_lost": call.packets_lost,
        "jitter_ms": rounded(call.jitter_ms),
        "behind_s": rounded(call.behind_s),
        "stalled_s": rounded(call.stalled_s),
        "line_worse": call.line_worse,
        "quality": quality_data(call),
        "notes": [{"at_s": rounded(note.at_s), "text": note.text} for note in call.notes],
    }
