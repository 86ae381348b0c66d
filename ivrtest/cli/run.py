"""`ivrtest run [PATH...]`: scenarios held against the IVR."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from ivrtest.audio.judge import GOOD_DB
from ivrtest.call.capture import Capturing
from ivrtest.call.dialling import DialOptions
from ivrtest.call.line import LineError
from ivrtest.call.permission import DialRefused, Permission
from ivrtest.call.placing import hop
from ivrtest.cli.by_pyvoip import refuse_codec_changes, refuse_for_pyvoip, usable_by_pyvoip
from ivrtest.cli.dialling import dial_options, has_scheme, permission_of, unknown_target
from ivrtest.cli.hearing_settings import Recognition, check_hearing, recognising
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.paths import no_scenarios, unusable
from ivrtest.cli.problem import complain, mention
from ivrtest.cli.reports_folder import keeping, refuse_unwritable, write_reports
from ivrtest.cli.settings import Settings, load_settings
from ivrtest.cli.target_settings import BY_PYVOIP, KEY_MODES, TargetSettings
from ivrtest.report.console import RunScreen, print_summary
from ivrtest.run.bundle import Bundle, FlowFolder
from ivrtest.run.evidence import Evidence
from ivrtest.run.job import Job
from ivrtest.run.result import Status, SuiteResult
from ivrtest.run.route import Calibration, limit_for, limit_told, route_told
from ivrtest.run.route_file import read_route, route_path, shown_target
from ivrtest.run.suite import Emit, run_suite
from ivrtest.scenario.model import Scenario
from ivrtest.scenario.quality import Limit
from ivrtest.scenario.read import find_scenarios, load_scenario
from ivrtest.scenario.steps.press import Press
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.transport import asked_transport
from ivrtest.sip.uri import SipUri, parse_uri
from ivrtest.source.finding import Finding, InputError, Severity

FOLDER: Final = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--target", metavar="URI|NAME", help="Call this SIP URI, or this target of ivrtest.toml. Default: the embedded IVR.")
@click.option("--keys", type=click.Choice(KEY_MODES), help="How to send keys. Default: as the target says, or rfc4733.")
@click.option("--simulate", is_flag=True, help="Without SIP and sound, in virtual time.")
@click.option("--flows", type=click.Path(path_type=Path), help="The folder in which flows are looked up. Default: flows.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder for reports and recordings. Default: reports.")
@click.option(
    "--junit",
    type=click.Path(path_type=Path),
    help="Where the JUnit report goes, in place of an older one. Default: junit.xml in the folder of reports.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Calls at once. Default: 8. Other processes listen to more than 16.")
@click.option("--no-calibration", is_flag=True, help='Judge calls as usual, whatever "ivrtest calibrate" has measured of the target.')
@click.option("--trace", is_flag=True, help="Print the SIP messages of every call as a ladder. Passwords and secret keys are masked.")
@click.option(
    "--pcap",
    type=FOLDER,
    metavar="DIR",
    help="Write the packets of every call, SIP and RTP, to a folder for this run there. For Wireshark.",
)
@click.option("--pcap-failed", is_flag=True, help='Only of calls that did not pass. Without "--pcap" to "pcap" in the folder of reports.')
@click.option(
    "--pcap-secrets",
    type=click.Choice(("refuse", "mask", "keep")),
    help="What becomes of secrets in packets: refuse to write secret keys (the default), blank them, or keep them as they were sent. "
    "Answers to who asks for a password are blanked unless kept.",
)
@click.option(
    "--pcap-srtp-keys",
    is_flag=True,
    help='Keep the keys of encrypted sound in the packets, so that it can be decrypted: "ivrtest identify" does.',
)
def command(
    paths: tuple[Path, ...],
    target: str | None,
    keys: str | None,
    simulate: bool,
    flows: Path | None,
    out: Path | None,
    junit: Path | None,
    jobs: int | None,
    no_calibration: bool,
    trace: bool,
    pcap: Path | None,
    pcap_failed: bool,
    pcap_secrets: str | None,
    pcap_srtp_keys: bool,
) -> int:
    """Call the IVR and hold scenarios against it.

    PATHS are scenario files, or folders of them; without any, the folder of scenarios. Writes report.html, junit.xml,
    results.json and a recording of every call, in a folder of its own for each run. Reports are written whole or not at all, and take the
    place of older ones; two runs at a time never write to one folder of reports or one JUnit report. Exit code 1 if the IVR did wrong, 2
    if we could not tell.
    """
    if simulate and target is not None:
        raise click.UsageError('"--simulate" calls nobody, so "--target" has no meaning with it. give one of them')
    if simulate and (pcap is not None or pcap_failed or trace):
        unused = "--pcap" if pcap is not None else "--pcap-failed" if pcap_failed else "--trace"
        raise click.UsageError(f'"--simulate" calls nobody, so there are no packets for "{unused}". leave one of them out')
    wanted = pcap is not None or pcap_failed
    if not wanted and (pcap_secrets is not None or pcap_srtp_keys):
        unused = "--pcap-secrets" if pcap_secrets is not None else "--pcap-srtp-keys"
        raise click.UsageError(f'"{unused}" says what may stand in captures, and none are written. add "--pcap DIR" or "--pcap-failed"')
    try:
        settings = load_settings()
        called = target_of(target, settings)
        by_pyvoip = called is not None and called.uri.startswith(BY_PYVOIP)
        if called is not None and by_pyvoip:
            refuse_for_pyvoip(called.uri, keys, {"--pcap": pcap is not None, "--pcap-failed": pcap_failed, "--trace": trace})
        options = dial_options(called, settings, keys)
        if called is not None and by_pyvoip:
            usable_by_pyvoip(called.uri, options)
        calibration = known_route(target) if not no_calibration else None
        ready = prepare(paths or (settings.scenarios,), flows or settings.flows, by_sound=not simulate, quality=settings.quality)
        recognition = check_hearing(settings.hearing, ready) if not simulate else None
        if by_pyvoip:
            refuse_codec_changes(ready)
        if wanted and pcap_secrets in (None, "refuse"):
            refuse_secrets(ready)
        folder = out or settings.reports
        refuse_unwritable(junit, folder, *([pcap] if pcap is not None else []))
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    if not ready:
        mention(no_scenarios(paths or (settings.scenarios,)))
    packets = Packets(
        (pcap or folder / "pcap") if wanted else None,
        Capturing(keep_secrets=pcap_secrets == "keep", keep_srtp_keys=pcap_srtp_keys),
        failed_only=pcap_failed,
    )
    at_once = jobs or (called and called.jobs) or settings.jobs
    console = Console(highlight=False)
    limit_db, told = by_route(calibration, target, called)
    if told:
        console.print(Text(told, "dim"), soft_wrap=True)
    try:
        with keeping(folder, junit or folder / "junit.xml", packets.folder, settings.keep, simulate=simulate) as evidence:
            with RunScreen(console, ladders=trace) as screen:
                suite = asyncio.run(
                    hold(
                        *(ready, called, options, evidence, screen.on),
                        at_once=at_once,
                        packets=packets,
                        calibration=calibration if is_of(calibration, target, called) else None,
                        limit_db=limit_db,
                        recognition=recognition,
                    )
                )
            suite = replace(suite, route=told, limit_db=None if simulate else limit_db)
            written, lost = write_reports(suite, folder, junit or folder / "junit.xml")
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    except LineError as error:
        raise click.ClickException(str(error)) from error
    print_summary(console, suite, written)
    if called is not None and (note := not_arranged(suite)):
        console.print(note, soft_wrap=True)
    if lost:
        complain(lost)
        return UNUSABLE
    return suite.exit_code


def target_of(target: str | None, settings: Settings) -> TargetSettings | None:
    """Return whom to call and how; None for the embedded IVR. Says what has no effect there. Raises UsageError for what may not or cannot
    be called."""
    if target is None:
        return None
    named = settings.targets.get(target)
    if named is None and not has_scheme(target):
        raise click.UsageError(unknown_target(target, settings))
    called = named or TargetSettings(target)
    try:
        for uri in (called.uri, *called.failover):
            if not uri.startswith(BY_PYVOIP):
                # What a number of pyVoIP's stands for is known, and asked about, once its registrar is.
                permitted(permission_of(settings), uri, called.proxy)
    except (DialRefused, LineError, SipSyntaxError) as error:
        raise click.UsageError(str(error)) from error
    if called.warnings:
        complain(called.warnings)
    return called


def permitted(permission: Permission, target: str, proxy: str) -> None:
    """Raises DialRefused unless a target may be called through its proxy, SipSyntaxError or LineError for what is no address."""
    uri = parse_uri(target)
    permission.check(uri)
    if not isinstance(uri, SipUri):
        return
    try:
        asked_transport(uri)
    except SipSyntaxError as error:
        raise LineError(f'cannot call "{uri}": {error}') from error
    if proxy:
        permission.check_hop(uri, hop(uri, proxy))


def known_route(target: str | None) -> Calibration | None:
    """Return the route to a target as `ivrtest calibrate` measured it; None if it did not. Raises InputError."""
    path = route_path(target) if target is not None else None
    return read_route(path) if path is not None and path.exists() else None


def by_route(calibration: Calibration | None, target: str | None, called: TargetSettings | None) -> tuple[float, str]:
    """Return how far recordings may deviate, in dB, and what to say of the route; nothing where it was not calibrated."""
    if calibration is None or target is None or called is None:
        return GOOD_DB, ""
    limit_db, why_not = limit_for(calibration, shown_target(target), shown_target(called.uri), datetime.now(UTC))
    return limit_db, f"{route_told(calibration)}; {limit_told(limit_db, why_not)}"


def is_of(calibration: Calibration | None, target: str | None, called: TargetSettings | None) -> bool:
    """Return whether a calibration was made of what is called, so that the line can be held against it."""
    if calibration is None or target is None or called is None:
        return False
    return calibration.is_of(shown_target(target), shown_target(called.uri))


def prepare(paths: Sequence[Path], flows: Path, *, by_sound: bool, quality: Mapping[str, Limit] | None = None) -> tuple[Job, ...]:
    """Read scenarios and what they need. `quality`: limits that hold where a scenario has none of its own.

    Raises InputError with everything that is wrong with any of them.
    """
    findings: list[Finding] = []
    scenarios: list[Scenario] = []
    for path in dict.fromkeys(file for given in paths for file in find_scenarios(given)):
        try:
            reading = load_scenario(path)
        except InputError as error:
            findings += error.findings
            continue
        findings += reading.findings
        if reading.scenario is not None and not reading.findings:
            scenarios.append(replace(reading.scenario, quality={**(quality or {}), **reading.scenario.quality}))
    jobs: list[Job] = []
    prepared: dict[str, Job | None] = {}
    folder = FlowFolder(flows) if flows.is_dir() else None
    for scenario in scenarios:
        try:
            jobs.append(job_for(scenario, flows, folder, prepared, by_sound=by_sound))
        except InputError as error:
            findings += error.findings
    if findings:
        raise InputError(tuple(dict.fromkeys(findings)))
    return tuple(jobs)


def job_for(scenario: Scenario, flows: Path, folder: FlowFolder | None, prepared: dict[str, Job | None], *, by_sound: bool) -> Job:
    """Pair a scenario with its flow; flow and recordings are read once for all scenarios. Raises InputError."""
    known = folder.paths if folder is not None else {}
    if folder is None or scenario.flow not in known:
        there = ", ".join(f'"{name}"' for name in known) or "no flows"
        message = f'there is no flow "{scenario.flow}" in "{flows}". it holds {there}'
        raise InputError((Finding("unknown-flow", Severity.ERROR, message, scenario.flow_span),))
    if scenario.flow not in prepared:
        prepared[scenario.flow] = None
        bundle: Bundle = folder.bundle(known[scenario.flow])
        prepared[scenario.flow] = Job(scenario, bundle.flow, bundle.called, bundle.prompts, bundle.library())
    first = prepared[scenario.flow]
    if first is None:
        raise InputError((unusable(known[scenario.flow], f'flow "{scenario.flow}" cannot be used: see above'),))
    job = Job(scenario, first.flow, first.flows, first.prompts, first.library)
    if findings := tuple(job.misfits(by_sound=by_sound)):
        raise InputError(findings)
    return job


@dataclass(frozen=True, slots=True)
class Packets:
    """Which packets are written."""

    folder: Path | None
    """None: none."""
    capturing: Capturing
    failed_only: bool


def refuse_secrets(jobs: Sequence[Job]) -> None:
    """Raises InputError for scenarios whose packets would hold secret keys: they are events, INFO bodies or tones, for all to read."""
    findings = [
        Finding(
            "pcap-secret",
            Severity.ERROR,
            f'"{job.scenario.name}" presses secret keys, and a capture of its call would hold them. '
            'write it without them ("--pcap-secrets mask") or with them ("--pcap-secrets keep")',
            step.span,
        )
        for job in jobs
        for step in job.scenario.steps
        if isinstance(step, Press) and step.secret
    ]
    if findings:
        raise InputError(tuple(findings))


async def hold(
    jobs: Sequence[Job],
    called: TargetSettings | None,
    options: DialOptions,
    evidence: Evidence | None,
    emit: Emit,
    *,
    at_once: int,
    packets: Packets,
    calibration: Calibration | None = None,
    limit_db: float = GOOD_DB,
    recognition: Recognition | None = None,
) -> SuiteResult:
    """Run the suite; the first Ctrl-C, or a request to end, ends it with what there is. Without `evidence` it is simulated."""
    task = asyncio.current_task()
    assert task is not None
    for wish in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wish, task.cancel)
    if evidence is None:
        from ivrtest.run.simulate import SimulatedRoute

        return await run_suite(jobs, SimulatedRoute(), emit, at_once=at_once)
    from ivrtest.run.listening import listening
    from ivrtest.run.live import LiveRoute

    target = called.uri if called else None
    if target is not None and target.startswith(BY_PYVOIP):
        from ivrtest.run.other_driver import OtherDriverRoute

        async with recognising(recognition) as stenographer:
            return await run_suite(jobs, OtherDriverRoute(target, options, evidence.recordings, stenographer), emit, at_once=at_once)
    async with (
        recognising(recognition) as stenographer,
        listening(jobs, at_once=at_once, limit_db=limit_db) as pool,
        LiveRoute(
            target=target,
            options=options,
            recordings=evidence.recordings,
            pcaps=evidence.pcaps,
            capturing=packets.capturing,
            pcaps_of_passed=not packets.failed_only,
            calibration=calibration,
            limit_db=limit_db,
            pool=pool,
            stenographer=stenographer,
        ) as route,
    ):
        return await run_suite(jobs, route, emit, at_once=at_once)


def not_arranged(suite: SuiteResult) -> str:
    """Return what to know of a target that was called: it has surroundings of its own. An empty text if nothing was given."""
    failed = [result.scenario.given for result in suite.results if result.status is not Status.PASSED]
    words = dict.fromkeys(word for given in failed for word in given.arranged)
    if not words:
        return ""
    count = sum(bool(given.arranged) for given in failed)
    scenarios = "1 scenario that did not pass has" if count == 1 else f"{count} scenarios that did not pass have"
    return f'note: {scenarios} surroundings ("given": {", ".join(words)}), which only the embedded IVR arranges; a target has its own'
