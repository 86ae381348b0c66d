"""What a run cannot have where pyVoIP places its calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from ivrtest.call.dialling import DialOptions
from ivrtest.call.line import LineError
from ivrtest.run.job import Job
from ivrtest.scenario.steps.codec import Codec
from ivrtest.source.finding import Finding, InputError, Severity


def usable_by_pyvoip(uri: str, options: DialOptions) -> None:
    """Raises UsageError for a line that pyVoIP cannot register, and where pyVoIP is not installed."""
    from ivrtest.call.drivers import pyvoip

    try:
        pyvoip.check(uri, options)
    except LineError as error:
        raise click.UsageError(str(error)) from error


def refuse_for_pyvoip(uri: str, keys: str | None, packets: Mapping[str, bool]) -> None:
    """Raises UsageError for options that mean nothing where pyVoIP calls. `packets`: options that want to see packets, and whether they
    are given."""
    for option, given in packets.items():
        if given:
            raise click.UsageError(f'pyVoIP shows nobody its packets, so there is no "{option}" for "{uri}". leave it out')
    if keys not in {None, "inband"}:
        raise click.UsageError(f'pyVoIP sends keys as tones, so "--keys {keys}" is not possible with "{uri}". leave it out')


def refuse_codec_changes(jobs: Sequence[Job]) -> None:
    """Raises InputError for scenarios that change the codec, which pyVoIP cannot do."""
    findings = [
        Finding(
            "pyvoip-codec",
            Severity.ERROR,
            f'"{job.scenario.name}" changes the codec, and pyVoIP cannot change that of a call. leave it out, or call a "sip:" target',
            step.span,
        )
        for job in jobs
        for step in job.scenario.steps
        if isinstance(step, Codec)
    ]
    if findings:
        raise InputError(tuple(findings))
