"""Codecs, packet times and encryption in the settings and on the command line."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from ivrtest.call.sound import PTIMES_MS, SoundOptions, Srtp
from ivrtest.cli import sound_settings
from ivrtest.cli.serve import command as serve
from ivrtest.cli.settings import read_settings
from ivrtest.cli.sound_settings import SRTP_MODES, SoundSettings
from ivrtest.source.finding import InputError
from ivrtest.source.text import Source

TARGET = '[targets.lab]\nuri = "sip:ivr@127.0.0.1"\n'


def read(lines: str) -> SoundSettings:
    return read_settings(Source("ivrtest.toml", TARGET + lines)).targets["lab"].sound


def test_what_a_target_may_say() -> None:
    assert read("") == SoundSettings()
    said = read('codecs = ["opus", "pcmu"]\nptime = 40\nsrtp = "optional"\nsrtp_in_clear = true\ncomfort_noise = true\n')
    assert said == SoundSettings(("opus", "pcmu"), 40, "optional", True, True)
    assert said.options() == SoundOptions(("opus", "pcmu"), 40, Srtp.OPTIONAL, True, True)
    assert [codec.name for codec in said.options().chosen] == ["opus", "PCMU"]


def test_the_settings_know_what_a_line_knows() -> None:
    assert sound_settings.PTIMES_MS == PTIMES_MS
    assert tuple(Srtp) == SRTP_MODES


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'codecs = "opus"',
            (
                '"targets.lab.codecs" is "opus". it must be a list of some of '
                '"PCMU", "PCMA", "G722", "L16/8000", "L16/16000", "L16/44100", "opus"'
            ),
        ),
        ("ptime = 25", '"targets.lab.ptime" is "25". it must be 10, 20, 30, 40, 50 or 60 (ms)'),
        ("ptime = true", '"targets.lab.ptime" is "true". it must be 10, 20, 30, 40, 50 or 60 (ms)'),
        ('srtp = "yes"', '"targets.lab.srtp" is "yes". it must be one of "off", "optional", "mandatory"'),
        ("srtp_in_clear = 1", '"targets.lab.srtp_in_clear" is "1". it must be "true" or "false"'),
        ('codec = ["PCMU"]', 'unknown setting "targets.lab.codec". did you mean "targets.lab.codecs"?'),
    ],
)
def test_mistakes(line: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(line + "\n")
    (found,) = caught.value.findings
    assert (found.message, found.span.line) == (message, 3)


def test_a_codec_named_twice() -> None:
    with pytest.raises(click.UsageError) as caught:
        read('codecs = ["PCMU", "PCMU"]\n').options()
    assert caught.value.message == 'codec "PCMU" is named twice. name it once'


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--codecs", "g722x"), 'codec "g722x" is unknown. did you mean "G722"?'),
        (("--ptime", "25"), '"--ptime" is "25". it must be 10, 20, 30, 40, 50 or 60 (ms)'),
    ],
)
def test_mistakes_of_serve(options: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(serve, ["flows/bank.yaml", *options])
    assert result.exit_code != 0
    assert message in result.output
