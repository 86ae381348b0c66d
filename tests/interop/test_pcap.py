"""`ivrtest run --pcap` as Wireshark sees it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.recording_file import write_wav
from tests.interop.desk import DESK
from tests.interop.tshark import complaints, needs_tshark, packets

EVENTS = "0123456789*#ABCD"
SCENARIO = """
ivrtest: scenario/1
name: A caller types {account}
flow: desk
steps:
  - {{hear: menu, whole: false}}
  - press: 2
  - {{hear: account, whole: false}}
  - press: "40795"
    secret: {secret}
  - hear: {last}
"""
SECRETS = '"A caller types 40795" presses secret keys, and a capture of its call would hold them. '


@pytest.fixture
def desk_folder(tmp_path: Path, library: PromptLibrary) -> Path:
    (tmp_path / "flows/prompts/desk/en").mkdir(parents=True)
    (tmp_path / "flows/desk.yaml").write_text(DESK, encoding="utf-8")
    for recording in library.recordings():
        write_wav(tmp_path / f"flows/prompts/desk/{recording.language}/{recording.prompt}.wav", recording.samples)
    return tmp_path


def run(
    folder: Path, *options: str, secret: bool = False, last: str = "thanks", account: str = "a number"
) -> subprocess.CompletedProcess[str]:
    (folder / "scenarios").mkdir(exist_ok=True)
    text = SCENARIO.format(secret=str(secret).lower(), last=last, account=account)
    (folder / "scenarios/account.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "ivrtest", "run", *options]
    return subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=120)


def keys_in(capture: Path) -> str:
    seen = packets(capture, sip_port=sip_port(capture))
    events = {(packet.source, packet.timestamp): packet.event for packet in seen if packet.event is not None}
    return "".join("?" if event == 255 else EVENTS[event] for event in events.values())


def sip_port(capture: Path) -> int:
    found = re.search(rb"INVITE sip:desk@127\.0\.0\.1:([0-9]+)", capture.read_bytes())
    assert found is not None
    return int(found[1])


@needs_tshark
def test_a_call_is_whole_and_well_formed(desk_folder: Path) -> None:
    done = run(desk_folder, "--pcap", "packets", "--trace")
    assert done.returncode == 0, done.stdout + done.stderr
    (capture,) = (desk_folder / "packets").rglob("*.pcap")
    assert capture.name == "desk-a-caller-types-a-number.pcap"
    assert complaints(capture, sip_port=sip_port(capture)) == []
    seen = packets(capture, sip_port=sip_port(capture))
    assert [packet.sip for packet in seen if packet.sip][:4] == ["INVITE", "100 INVITE", "200 INVITE", "ACK"]
    assert "BYE" in [packet.sip for packet in seen]
    assert keys_in(capture) == "240795"
    sources = {packet.source for packet in seen if packet.ssrc and packet.event is None}
    assert len(sources) == 2
    ladder = [line[13:] for line in done.stdout.splitlines() if "|" in line]
    assert ladder[0].startswith("|-- INVITE (SDP)") or ladder[0].strip().startswith("|-- INVITE (SDP)")
    assert sum("-- key" in line for line in ladder) == 6


@needs_tshark
@pytest.mark.parametrize(("choice", "shown"), [("mask", "2?????"), ("keep", "240795")])
def test_secret_keys_are_masked_or_kept_as_asked(desk_folder: Path, choice: str, shown: str) -> None:
    done = run(desk_folder, "--pcap", "packets", "--pcap-secrets", choice, "--trace", secret=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (capture,) = (desk_folder / "packets").rglob("*.pcap")
    assert keys_in(capture) == shown
    assert complaints(capture, sip_port=sip_port(capture)) == []
    for report in ("report.html", "results.json", "junit.xml"):
        assert "40795" not in (desk_folder / "reports" / report).read_text(encoding="utf-8")
    assert "40795" not in done.stdout


def test_packets_with_secret_keys_are_refused_before_anybody_is_called(desk_folder: Path) -> None:
    done = run(desk_folder, "--pcap-failed", secret=True, account="40795")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == (
        f"scenarios/account.yaml:9:5: error: {SECRETS}"
        'write it without them ("--pcap-secrets mask") or with them ("--pcap-secrets keep") [pcap-secret]'
    )
    assert not (desk_folder / "reports").exists()


def test_of_calls_that_failed_only(desk_folder: Path) -> None:
    assert run(desk_folder, "--pcap-failed").returncode == 0
    assert list(desk_folder.rglob("*.pcap")) == []
    assert run(desk_folder, "--pcap-failed", last="menu").returncode == 1
    assert [path.name for path in (desk_folder / "reports/pcap").rglob("*.pcap")] == ["desk-a-caller-types-a-number.pcap"]


@pytest.mark.parametrize("option", [("--pcap", "packets"), ("--pcap-failed",), ("--trace",)])
def test_a_simulation_has_no_packets(desk_folder: Path, option: tuple[str, ...]) -> None:
    done = run(desk_folder, "--simulate", *option)
    assert done.returncode == 3
    message = f'"--simulate" calls nobody, so there are no packets for "{option[0]}". leave one of them out'
    assert done.stderr.splitlines()[0] == f"ivrtest: {message}"
