"""`ivrtest calibrate --target TARGET [SCENARIO...]`: how the line to a target is, and how surely it can be judged over it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ivrtest.call.dialling import DialOptions
from ivrtest.call.line import LineError
from ivrtest.cli.dialling import dial_options
from ivrtest.cli.hearing_settings import Recognition, check_hearing, recognising
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.paths import no_scenarios, unwritable
from ivrtest.cli.problem import complain, mention
from ivrtest.cli.reports_folder import refuse_unwritable
from ivrtest.cli.run import not_arranged, prepare, target_of
from ivrtest.cli.settings import load_settings
from ivrtest.cli.target_settings import BY_PYVOIP
from ivrtest.run.events import CallNoted, RunEvent, ScenarioFinished
from ivrtest.run.job import Job
from ivrtest.run.result import Status, SuiteResult
from ivrtest.run.route import Calibration, LineFigures, percent, rates_told
from ivrtest.run.route_file import route_data, route_path, route_text, shown_target
from ivrtest.source.finding import InputError
from ivrtest.source.json import to_json
from ivrtest.source.words import printable

if TYPE_CHECKING:
    from ivrtest.probe.calibrate import Held

CANNOT_TELL: Final = 2
TOLD_BANDS_HZ: Final = (300, 600, 1000, 1700, 2500, 3400)
"""The tilt is told at these; the file has all bands."""


@click.command()
@click.argument("paths", metavar="[SCENARIO]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--target", required=True, metavar="URI|NAME", help="Call this SIP URI, or this target of ivrtest.toml.")
@click.option("--flows", type=click.Path(path_type=Path), help="The folder in which flows are looked up. Default: flows.")
@click.option("--rounds", type=click.IntRange(1, 1000), default=1, show_default=True, help="Hold each scenario so often: more is surer.")
@click.option("--jobs", type=click.IntRange(min=1), help="Calls at once. Default: as the settings say.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the result goes. Default: .ivrtest/routes/TARGET.json, where `ivrtest run --target` finds it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    paths: tuple[Path, ...], target: str, flows: Path | None, rounds: int, jobs: int | None, out: Path | None, as_json: bool
) -> int:
    """Measure the line to a target whose prompts are known to be right.

    Holds scenarios (files or folders; without any, the folder of scenarios) by telephone, and measures on every recording that is heard:
    gain and tilt, band, noise, loss, speed and clock of the line, and how far the recordings deviate from their files. Other recordings and
    ones with a word changed are laid along the same sound, which tells how often a wrong one would pass. Steps that are known by their
    words need a speech recogniser, as in "ivrtest run"; they lead through the call, and measure nothing.

    "ivrtest run --target" then says when the line has become clearly worse. What such a line may have done to a recording counts as an
    error there, not as a failure of the IVR. Where no call is answered, what was measured before stays.

    Exit codes: 0 all recordings were heard as they are; 1 the target did otherwise, or right recordings were refused; 2 the route is too
    bad to judge anything over it; 3 the input cannot be used.
    """
    try:
        settings = load_settings()
        called = target_of(target, settings)
        assert called is not None
        if called.uri.startswith(BY_PYVOIP):
            raise click.UsageError(f'pyVoIP shows nobody its packets, so "{called.uri}" cannot be calibrated. give a SIP URI')
        options = dial_options(called, settings)
        path = out or route_path(target)
        refuse_unwritable(None, path.parent)
        ready = prepare(paths or (settings.scenarios,), flows or settings.flows, by_sound=True)
        recognition = check_hearing(settings.hearing, ready)
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    if not ready:
        mention(no_scenarios(paths or (settings.scenarios,)))
        return CANNOT_TELL
    try:
        at_once = jobs or called.jobs or settings.jobs
        suite, held = asyncio.run(called_all(ready, called.uri, options, recognition, rounds=rounds, at_once=at_once))
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    except LineError as error:
        raise click.ClickException(str(error)) from error
    if any(result.status is Status.NOT_RUN for result in suite.results):
        mention(f'stopped before all calls were held. "{path}" stays as it was')
        return CANNOT_TELL
    calibration = worked_out(suite, held, shown_target(target), shown_target(called.uri))
    # A target that could not be reached says nothing of the line, and what was measured before still holds.
    reached = calibration.line is not None or any(
        result.call is not None and result.call.answered_s is not None for result in suite.results
    )
    try:
        from ivrtest.report.files import write_text

        if reached:
            write_text(path, route_text(calibration))
    except OSError as error:
        complain((unwritable(path, error),))
        return UNUSABLE
    if as_json:
        click.echo(to_json(route_data(calibration), indent=2))
    else:
        show(calibration, f"wrote {path}" if reached else f"no call was answered: nothing was written to {path}")
        if note := not_arranged(suite):
            click.echo(note)
    return calibration.exit_code


async def called_all(
    jobs: Sequence[Job], uri: str, options: DialOptions, recognition: Recognition | None, *, rounds: int, at_once: int
) -> tuple[SuiteResult, list[Held]]:
    """Hold all calls; the first Ctrl-C ends them. Raises LineError, and InputError for a recogniser that cannot be used."""
    from rich.console import Console

    from ivrtest.probe.calibrate import hold

    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
    with Console(stderr=True).status("calling") as status:
        done = 0

        def tell(event: RunEvent) -> None:
            nonlocal done
            done += isinstance(event, ScenarioFinished)
            if isinstance(event, CallNoted):
                status.update(f"{done} of {rounds * len(jobs)} calls done; {event.note.text}")

        needed = recognition if recognition is not None and recognition.needed else None
        async with recognising(needed) as stenographer:
            return await hold(jobs, uri, options, tell, rounds=rounds, at_once=at_once, stenographer=stenographer)


def worked_out(suite: SuiteResult, held: Sequence[Held], target: str, uri: str) -> Calibration:
    from rich.console import Console

    from ivrtest.probe.calibrate import calibration_of

    with Console(stderr=True).status("laying other recordings along what was heard"):
        return calibration_of(suite, held, target, uri)


def show(calibration: Calibration, ending: str) -> None:
    from rich.table import Table
    from rich.text import Text

    from ivrtest.report.console import wide_console

    console = wide_console()
    calls = f"{calibration.calls} call{'' if calibration.calls == 1 else 's'}"
    console.print(Text(f"{calibration.target}, {calls}"), soft_wrap=True)
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in (*line_rows(calibration.line), *judging_rows(calibration)):
        table.add_row(Text(name, "dim"), value)
    console.print(table)
    for complaint in calibration.complaints:
        console.print(Text(f"not as expected: {complaint}", "red"), soft_wrap=True)
    if calibration.problem:
        console.print(Text(f"too bad to judge: {calibration.problem}", "yellow"), soft_wrap=True)
    else:
        console.print(Text(rates_told(calibration), "red" if calibration.complaints else "green"), soft_wrap=True)
    console.print(Text(printable(ending), "dim"), soft_wrap=True)


def line_rows(line: LineFigures | None) -> Iterator[tuple[str, str]]:
    """Yield what a person is told of a line."""
    if line is None:
        return
    yield "codec", ", ".join(line.codecs) or "not known"
    yield "gain", f"{line.gain_db:+z.1f} dB"
    nearest = [min(line.bands, key=lambda band: abs(band.hz - hz)) for hz in TOLD_BANDS_HZ]
    yield "tilt", ", ".join(f"{band.gain_db:+z.1f} dB at {band.hz:.0f} Hz" for band in dict.fromkeys(nearest))
    low, high = (f"{hz:.0f} Hz" if hz is not None else None for hz in (line.low_hz, line.high_hz))
    yield "band", f"{low or '200 Hz or less'} to {high or '3500 Hz or more'}"
    yield "speech", f"{line.level_dbov:.0f} dBov, the quietest call {line.quietest_dbov:.0f} dBov"
    noise = "none" if line.noise_dbov is None else f"{line.noise_dbov:.0f} dBov, {line.snr_db:.0f} dB below the speech"
    yield "noise", noise
    yield "loss", f"{percent(line.loss)}, the worst call {percent(line.worst_loss)}"
    yield "speed", "not known: no recording is long enough" if line.speed_ppm is None else f"{line.speed_ppm:+z.0f} ppm"
    clock = "not known: the calls are too short" if line.clock_ppm is None else f"{line.clock_ppm:+z.0f} ± {line.clock_error_ppm:.0f} ppm"
    yield "clock", clock
    yield "delay", "not known" if line.round_trip_ms is None else f"{line.round_trip_ms:.0f} ms there and back"


def judging_rows(calibration: Calibration) -> Iterator[tuple[str, str]]:
    """Yield what a person is told of how surely recordings are told apart."""
    genuine = calibration.genuine
    if genuine is not None:
        spread = f"median {genuine.median_db:.1f} dB, 95 % within {genuine.p95_db:.1f} dB, worst {genuine.worst_db:.1f} dB"
        yield "deviation", f"{spread} ({genuine.number} heard, {calibration.recordings} different)"
    if calibration.nearest_db is not None:
        yield "others", f"{calibration.nearest_db:.1f} dB or more ({calibration.accepted.of:,} laid along the same sound)"
    if calibration.untold.count:
        yield "could not tell", f"{calibration.untold} recordings"
