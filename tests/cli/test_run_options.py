"""Options of `ivrtest run` that make no sense together, ways that are not allowed, and how the embedded IVR is spoken with."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrtest.call.sound import SoundOptions, Srtp
from ivrtest.cli.dialling import dial_options
from ivrtest.cli.settings import EmbeddedSettings, Settings, read_settings
from ivrtest.cli.sound_settings import SoundSettings
from ivrtest.source.finding import InputError
from ivrtest.source.text import Source
from tests.call.captures import CALLER, IVR
from tests.cli.shops import shop
from tests.cli.test_main import ivrtest

__all__ = ["shop"]


@pytest.mark.parametrize("option", [("--pcap-secrets", "keep"), ("--pcap-secrets", "refuse"), ("--pcap-srtp-keys",)])
def test_what_may_stand_in_captures_is_nothing_without_captures(shop: Path, option: tuple[str, ...]) -> None:
    done = ivrtest("run", *option, cwd=shop)
    message = f'"{option[0]}" says what may stand in captures, and none are written. add "--pcap DIR" or "--pcap-failed"'
    assert (done.returncode, done.stderr.splitlines()[0]) == (3, f"ivrtest: {message}")


def test_a_sender_in_a_sound_file(shop: Path) -> None:
    sound = next(shop.glob("flows/prompts/**/*.wav")).relative_to(shop)
    done = ivrtest("identify", "flows/shop.yaml", str(sound), "--from", CALLER[0], cwd=shop)
    message = f'"--from" chooses a sender in a capture, and "{sound}" is a sound file. "--channel" chooses in those'
    assert (done.returncode, done.stderr.splitlines()[0]) == (3, f"ivrtest: {message}")


def test_a_proxy_that_may_not_be_used_gets_no_packet(shop: Path) -> None:
    (shop / "ivrtest.toml").write_text(f'[targets.lab]\nuri = "sip:ivr@127.0.0.1"\nproxy = "sip:{IVR[0]}:5070"\n')
    done = ivrtest("run", "--target", "lab", cwd=shop)
    there = f"sip:ivr@{IVR[0]}:5070"
    message = (
        f'calling "sip:ivr@127.0.0.1" through "sip:{IVR[0]}:5070" is refused: "{there}" is not among the allowed targets, and packets '
        'would go there. allowed: "sip:*@127.0.0.1", "sip:*@[::1]", "sip:*@localhost"'
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (3, f"ivrtest: {message}")


def test_how_the_embedded_ivr_is_spoken_with_can_be_said() -> None:
    lines = '[embedded]\ncodecs = ["G722"]\nptime = 40\nsrtp = "mandatory"\ncomfort_noise = true\nkeys = "info"\n'
    settings = read_settings(Source("ivrtest.toml", lines))
    assert settings.embedded == EmbeddedSettings("info", SoundSettings(("G722",), 40, "mandatory", True, True))
    options = dial_options(None, settings)
    assert (options.keys, options.sound) == ("info", SoundOptions(("G722",), 40, Srtp.MANDATORY, True, True))
    assert dial_options(None, settings, "inband").keys == "inband"
    assert dial_options(None, Settings()).sound == SoundOptions(srtp_in_clear=True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ptime = 25", '"embedded.ptime" is "25". it must be 10, 20, 30, 40, 50 or 60 (ms)'),
        ('key = "info"', 'unknown setting "embedded.key". did you mean "embedded.keys"?'),
        ('keys = "tones"', '"embedded.keys" is "tones". it must be one of "rfc4733", "info", "info-dtmf", "inband", "auto"'),
    ],
)
def test_mistakes_in_it(line: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_settings(Source("ivrtest.toml", f"[embedded]\n{line}\n"))
    assert [finding.message for finding in caught.value.findings] == [message]


@pytest.mark.calls
def test_the_embedded_ivr_speaks_as_the_settings_say(shop: Path) -> None:
    (shop / "ivrtest.toml").write_text('[embedded]\ncodecs = ["L16/16000"]\nsrtp = "mandatory"\nptime = 30\nkeys = "info"\n')
    done = ivrtest("run", "--pcap", "packets", cwd=shop)
    assert done.returncode == 0, done.stdout
    (capture,) = (shop / "packets").rglob("*.pcap")
    packets = capture.read_bytes()
    assert b" RTP/SAVP 97 " in packets
    assert b"a=rtpmap:96 L16/8000" not in packets
    assert b"L16/16000" in packets
    assert b"a=ptime:30" in packets


def test_pyvoip_changes_no_codec(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyVoIP")
    monkeypatch.setenv("LAB_PASSWORD", "x")
    (shop / "ivrtest.toml").write_text(
        '[targets.lab]\nuri = "pyvoip:1001"\nregister = "sip:1002@127.0.0.1"\nuser = "1002"\npassword_env = "LAB_PASSWORD"\n'
    )
    scenario = shop / "scenarios" / "goodbye.yaml"
    scenario.write_text(scenario.read_text(encoding="utf-8").replace("steps:\n", "steps:\n  - codec: PCMA\n"), encoding="utf-8")
    assert "codec: PCMA" in scenario.read_text(encoding="utf-8")
    done = ivrtest("run", "--target", "lab", cwd=shop)
    problem = 'changes the codec, and pyVoIP cannot change that of a call. leave it out, or call a "sip:" target [pyvoip-codec]'
    assert done.returncode == 3
    assert done.stderr.splitlines()[0].endswith(problem)
