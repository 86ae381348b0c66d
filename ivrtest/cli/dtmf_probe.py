"""`ivrtest dtmf-probe TARGET`: which ways of sending a key an IVR really hears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from ivrtest.call.dialling import DialOptions, host_of
from ivrtest.call.keys import KeyMode
from ivrtest.call.line import Line
from ivrtest.call.permission import DialRefused
from ivrtest.call.placing import LineError
from ivrtest.cli.dialling import dial_options
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.problem import complain
from ivrtest.cli.run import job_for, target_of
from ivrtest.cli.settings import load_settings
from ivrtest.flow.fields import parse_seconds
from ivrtest.probe.by_sound import ALIKE_DB, Heard, difference_db, judged, listen
from ivrtest.probe.dtmf import MODES, TOLD, Ask, Findings, Hears, Mode, Trial, probe, trial_of
from ivrtest.probe.question import NoQuestion, Question, question_of_flow, question_of_scenario
from ivrtest.run.bundle import FlowFolder
from ivrtest.run.job import Job
from ivrtest.scenario.read import load_scenario
from ivrtest.source.finding import InputError
from ivrtest.source.json import to_json

FORMAT: Final = "ivrtest/dtmf-probe/1"
FILE: Final = click.Path(path_type=Path, dir_okay=False)
COLOURS: Final = {Hears.YES: "green", Hears.NO: "red", Hears.SOMETIMES: "yellow", Hears.REFUSED: "red", Hears.UNCLEAR: "yellow"}
LONGEST_S: Final = 120.0
KEYS: Final = "0123456789*#ABCD"


@click.command()
@click.argument("target", metavar="TARGET")
@click.option("--flow", type=FILE, help="The declared flow of the IVR: its first menu says which key to press and what must follow.")
@click.option("--scenario", type=FILE, help="A scenario that leads to a key: its first press, and the recording heard right after it.")
@click.option("--flows", type=click.Path(path_type=Path), help="With --scenario: the folder in which flows are looked up. Default: flows.")
@click.option("--key", metavar="KEY", help="The key to press. Without --flow: 1.")
@click.option("--prompt", metavar="NAME", help="With --flow: the prompt that must follow the key.")
@click.option("--mode", "modes", type=click.Choice(MODES), multiple=True, help="Try this way only, and require it. May be given again.")
@click.option("--trials", type=click.IntRange(1, 20), default=3, show_default=True, help="Calls for each way.")
@click.option("--within", default="8s", show_default=True, metavar="TIME", help="How soon after the key the answer must begin.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    target: str,
    flow: Path | None,
    scenario: Path | None,
    flows: Path | None,
    key: str | None,
    prompt: str | None,
    modes: tuple[Mode, ...],
    trials: int,
    within: str,
    as_json: bool,
) -> int:
    """Find out which ways of sending a key an IVR really hears.

    TARGET is a SIP URI or a target of ivrtest.toml. For each way (RTP events, both kinds of SIP INFO, tones) it is called several times, a
    key is pressed, and what follows decides: with --flow or --scenario the recording that must follow, else any sound that differs from
    calls in which no key is pressed.

    Exit code 0 if every way given by --mode is heard, or any at all without it; 1 if not; 2 if we could not tell; 3 if the input cannot be
    used.
    """
    within_s = parse_seconds(within)
    if within_s is None or not 1 <= within_s <= LONGEST_S:
        raise click.UsageError(f'"--within" is "{within}". it must be a time from 1s to 120s')
    if key is not None and (len(key) != 1 or key not in KEYS):
        raise click.UsageError(f'"--key" is "{key}". it must be one of 0 to 9, *, # and A to D')
    if flow is not None and scenario is not None:
        raise click.UsageError('"--flow" and "--scenario" both say what to press. give one of them')
    if prompt is not None and flow is None:
        raise click.UsageError('"--prompt" names a prompt of a flow. give the flow with "--flow"')
    if key is not None and scenario is not None:
        raise click.UsageError(
            'the key is the one that the scenario presses, so "--key" has no meaning with "--scenario". give one of them'
        )
    try:
        settings = load_settings()
        called = target_of(target, settings)
        assert called is not None
        options = dial_options(called, settings)
        asked = known(flow, scenario, flows or settings.flows, key or "", prompt or "", within_s)
        context, tell = progress(quiet=as_json)
        with context:
            found = asyncio.run(ask_all(called.uri, options, asked, key or "1", within_s, modes or MODES, trials, tell))
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    except NoQuestion as why:
        raise click.UsageError(str(why)) from why
    except (LineError, DialRefused) as error:
        raise click.ClickException(str(error)) from error
    question = asked[0] if asked is not None else None
    code = found.exit_code(modes)
    if as_json:
        click.echo(to_json(data_of(found, target, question, key or "1", code), indent=2))
    else:
        show(found, question, key or "1", within_s)
    return code


def known(flow: Path | None, scenario: Path | None, flows: Path, key: str, prompt: str, within_s: float) -> tuple[Question, Job] | None:
    """Return the question that only the key answers, and a job to ask it with; None where nothing is known of the IVR.

    Raises InputError, NoQuestion.
    """
    if flow is not None:
        bundle = FlowFolder(flow.parent).bundle(flow)
        question = question_of_flow(bundle.flow, bundle.called, key=key, prompt=prompt, within_s=within_s)
        job = Job(question.asked, bundle.flow, bundle.called, bundle.prompts, bundle.library())
        if findings := tuple(job.misfits(by_sound=True)):
            raise InputError(findings)
        return question, job
    if scenario is None:
        return None
    reading = load_scenario(scenario)
    if reading.scenario is None or reading.findings:
        raise InputError(reading.findings)
    folder = FlowFolder(flows) if flows.is_dir() else None
    job = job_for(reading.scenario, flows, folder, {}, by_sound=True)
    return question_of_scenario(reading.scenario, job.flow.default_language, within_s=within_s), job


async def ask_all(
    uri: str,
    options: DialOptions,
    asked: tuple[Question, Job] | None,
    key: str,
    within_s: float,
    modes: tuple[Mode, ...],
    trials: int,
    tell: Callable[[str], None],
) -> Findings:
    """Probe. Raises LineError, DialRefused."""
    if asked is not None:
        return await probe(by_answer(uri, options, *asked), modes, trials=trials, tell=tell)
    tell("without a key, to learn what is said first")
    first = await call_once(uri, options, "rfc4733", key, press_s=None, pressed=False, within_s=within_s)
    return await probe(by_difference(uri, options, key, first, within_s), modes, trials=trials, tell=tell)


def by_answer(uri: str, options: DialOptions, question: Question, job: Job) -> Ask:
    """Ask with scenarios: the recording that must follow counts."""
    from ivrtest.run.live import LiveRoute
    from ivrtest.run.suite import run_job

    async def ask(mode: KeyMode, pressed: bool) -> Trial:
        scenario = question.asked if pressed else question.unasked
        async with LiveRoute(target=uri, options=replace(options, keys=mode)) as route:
            return trial_of(await run_job(replace(job, scenario=scenario), route, lambda event: None), pressed=pressed)

    return ask


def by_difference(uri: str, options: DialOptions, key: str, first: Heard, within_s: float) -> Ask:
    """Ask by sound: what differs from `first`, a call without a key, counts."""
    noise_db = 0.0

    async def ask(mode: KeyMode, pressed: bool) -> Trial:
        nonlocal noise_db
        if first.problem:
            return Trial(Hears.UNCLEAR, first.problem)
        heard = await call_once(uri, options, mode, key, press_s=first.press_s, pressed=pressed, within_s=within_s)
        if pressed:
            return judged(heard, first, noise_db, within_s)
        if heard.problem:
            return Trial(Hears.UNCLEAR, heard.problem)
        noise_db = difference_db(heard, first, within_s)
        if noise_db >= ALIKE_DB:
            message = f'two calls without a key sound different already (by {noise_db:.1f} dB). say what must follow with "--flow"'
            return Trial(Hears.UNCLEAR, message)
        return Trial(Hears.NO)

    return ask


async def call_once(
    uri: str, options: DialOptions, mode: KeyMode, key: str, *, press_s: float | None, pressed: bool, within_s: float
) -> Heard:
    host = await host_of(uri, options)
    line = Line(host=host, permission=options.permission, tls=options.tls, network=options.network, sound=options.sound, record=False)
    async with line:
        if options.register:
            await line.register(options.register, secret=options.secret, registrar=options.proxy)
        call = await line.place(
            uri,
            caller=options.caller or options.register,
            headers=options.headers,
            secret=options.secret,
            proxy=options.proxy,
            keys=mode,
            failover=options.failover,
        )
        try:
            return await listen(call, key, press_s=press_s, pressed=pressed, within_s=within_s)
        finally:
            await call.hang_up()


def progress(*, quiet: bool) -> tuple[AbstractContextManager[object], Callable[[str], None]]:
    """Return what shows which call is under way, on a terminal only."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        return nullcontext(), lambda doing: None
    status = console.status("calling")
    return status, lambda doing: status.update(f"calling {doing}")


def show(found: Findings, question: Question | None, key: str, within_s: float) -> None:
    from rich.table import Table
    from rich.text import Text

    from ivrtest.report.console import wide_console

    console = wide_console()
    console.print(Text(told_question(question, key, within_s)), soft_wrap=True)
    if found.control.hears is not Hears.NO:
        console.print(Text(f"could not tell: {told_control(found.control)}", "yellow"), soft_wrap=True)
        return
    table = Table("way", "", "calls", "answer after", "", box=None, pad_edge=False, header_style="dim")
    for mode in found.modes:
        heard = sum(trial.hears is Hears.YES for trial in mode.trials)
        slowest = "" if mode.slowest_s is None else f"{mode.slowest_s:.2f} s"
        table.add_row(
            mode.mode,
            Text(str(mode.hears), COLOURS[mode.hears]),
            f"{heard} of {len(mode.trials)}",
            slowest,
            Text(mode.message or TOLD[mode.mode], "dim"),
        )
    console.print(table)


def told_question(question: Question | None, key: str, within_s: float) -> str:
    if question is None:
        return f"pressing {key}: any sound that differs from calls without a key, within {within_s:g} s"
    return f'pressing {question.key}: "{question.answer[0]}" must follow within {within_s:g} s, and must not without the key'


def told_control(control: Trial) -> str:
    if control.hears is Hears.YES:
        return "the answer came without a key, so it proves nothing. name another key or prompt"
    return f"the call without a key went wrong: {control.message}"


def data_of(found: Findings, target: str, question: Question | None, key: str, code: int) -> dict[str, Any]:
    """Return the result for programs."""
    return {
        "format": FORMAT,
        "target": target,
        "key": question.key if question is not None else key,
        "answer": list(question.answer) if question is not None else None,
        "control": {"hears": str(found.control.hears), "message": found.control.message},
        "modes": [
            {
                "mode": mode.mode,
                "meaning": TOLD[mode.mode],
                "hears": str(mode.hears),
                "heard": sum(trial.hears is Hears.YES for trial in mode.trials),
                "calls": len(mode.trials),
                "slowest_response_s": None if mode.slowest_s is None else round(mode.slowest_s, 3),
                "message": mode.message,
            }
            for mode in found.modes
        ],
        "exit_code": code,
    }
