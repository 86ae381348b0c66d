from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ivrtest import __version__
from ivrtest.cli.main import COMMANDS

BROKEN = Path(__file__).parents[2] / "flows" / "broken"
LOOP = str(BROKEN / "language_loop.yaml")
HEAVY = ("numpy", "jsonschema", "yaml", "rich", "pydub", "asyncio", "junit_xml")


def ivrtest(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "ivrtest", *arguments], capture_output=True, text=True, check=False, cwd=cwd)


def test_help_names_every_command_and_the_exit_codes() -> None:
    done = ivrtest("--help")
    assert done.returncode == 0
    assert "Exit codes: 0 all well; 1 the IVR or the flow is wrong; 2 we could not tell;" in done.stdout
    for name, (_, line) in COMMANDS.items():
        assert f"  {name}" in done.stdout
        assert line in done.stdout


def test_help_starts_fast_because_it_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from ivrtest.cli.main import program\n"
        "program.main(['--help'], standalone_mode=False)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_help(command: str) -> None:
    done = ivrtest(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: python -m ivrtest {command}")


def test_version() -> None:
    assert ivrtest("--version").stdout == f"ivrtest {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chek"], 'ivrtest: no such command "chek". did you mean "check"?\ntry: python -m ivrtest --help\n'),
        (
            ["wobble"],
            (
                'ivrtest: no such command "wobble". the commands are calibrate, check, dtmf-probe, effort, explain, hours, identify, '
                "prompts, rules, run, schema, serve\n"
                "try: python -m ivrtest --help\n"
            ),
        ),
        (["serve", "x.yaml", "--listen", "nowhere"], None),
        (["run", "--simulate", "--target", "sip:a@127.0.0.1"], None),
        (["explain", "dead-and"], None),
        (["explain", "nothing"], None),
        (["run", "--target", "staging"], None),
        (["run", "--target", "sip:a@192.0.2.1"], None),
        (["run", "--target", "sip:911@127.0.0.1"], None),
        (["run", "--jobs", "0"], None),
    ],
)
def test_a_command_that_cannot_be_used_says_why(arguments: list[str], message: str | None, tmp_path: Path) -> None:
    done = ivrtest(*arguments, cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    expected = message or MESSAGES[" ".join(arguments)]
    assert done.stderr == expected


MESSAGES = {
    "serve x.yaml --listen nowhere": (
        'ivrtest: "--listen" is "nowhere". it must be HOST:PORT such as 127.0.0.1:5060, or udp:, tcp: or tls: before it\n'
        "try: python -m ivrtest serve --help\n"
    ),
    "run --simulate --target sip:a@127.0.0.1": (
        'ivrtest: "--simulate" calls nobody, so "--target" has no meaning with it. give one of them\ntry: python -m ivrtest run --help\n'
    ),
    "explain dead-and": (
        'ivrtest: no rule is called "dead-and". did you mean "dead-end"? `ivrtest rules` lists them\n'
        "try: python -m ivrtest explain --help\n"
    ),
    "explain nothing": ('ivrtest: no rule is called "nothing". `ivrtest rules` lists them\ntry: python -m ivrtest explain --help\n'),
    "run --target staging": (
        'ivrtest: "staging" is neither a URI nor the name of a target. ivrtest.toml names no targets. give a SIP URI\n'
        "try: python -m ivrtest run --help\n"
    ),
    "run --target ivr@127.0.0.1:5060": (
        'ivrtest: "ivr@127.0.0.1:5060" is neither a URI nor the name of a target. did you mean "sip:ivr@127.0.0.1:5060"?\n'
        "try: python -m ivrtest run --help\n"
    ),
    "run --target sip:a@192.0.2.1": (
        'ivrtest: calling "sip:a@192.0.2.1" is refused: it is not among the allowed targets. '
        'allowed: "sip:*@127.0.0.1", "sip:*@[::1]", "sip:*@localhost"\ntry: python -m ivrtest run --help\n'
    ),
    "run --target sip:911@127.0.0.1": (
        'ivrtest: calling "sip:911@127.0.0.1" is refused: "911" is an emergency number, which is never called\n'
        "try: python -m ivrtest run --help\n"
    ),
    "run --jobs 0": 'ivrtest: "--jobs" is "0". it must be a whole number, at least 1\ntry: python -m ivrtest run --help\n',
}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["rules"], 0),
        (["check", LOOP], 1),
        (["check", "--format", "json", LOOP], 1),
        (["check", "--watch", LOOP], 0),
        (["run", "--simulate", "nothing"], 2),
        (["chek"], 3),
    ],
    ids=lambda words: " ".join(word.rpartition("/")[2] for word in words) if isinstance(words, list) else "",
)
def test_a_verdict_does_not_depend_on_who_reads_it(arguments: list[str], code: int, tmp_path: Path) -> None:
    # Nobody reads from the start, so the first line that is written finds that out. Both streams, as with `2>&1 | true`.
    (tmp_path / "nothing").mkdir()
    assert unread(*arguments, cwd=tmp_path, errors_too=True).returncode == code


def test_python_without_buffers_is_no_exception() -> None:
    done = unread("schema", "flow", PYTHONUNBUFFERED="1")
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_is_said_of_a_reader_who_went_away_and_reports_are_written(tmp_path: Path) -> None:
    scenario = BROKEN / "scenarios" / "language_loop.yaml"
    done = unread("run", "--simulate", "--flows", str(BROKEN), str(scenario), "--junit", "junit.xml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert 'failures="1"' in (tmp_path / "junit.xml").read_text(encoding="utf-8")


def unread(*arguments: str, cwd: Path | None = None, errors_too: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it with an output that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            [sys.executable, "-m", "ivrtest", *arguments],
            stdout=writing,
            stderr=writing if errors_too else subprocess.PIPE,
            text=True,
            check=False,
            cwd=cwd,
            env={**os.environ, **environment},
        )
    finally:
        os.close(writing)


def test_nobody_is_called_for_reports_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    done = ivrtest("run", "--simulate", "nothing", "--out", "file", "--junit", "nothing", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == (
        'file:1:1: error: nothing can be written to "file": it is a file. name another folder [path]\n'
        'nothing:1:1: error: "nothing" is a folder. name a file for the JUnit report [path]\n'
    )


def test_a_folder_without_scenarios_is_named(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    done = ivrtest("run", "--simulate", "nothing", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == 'ivrtest: there is no scenario in "nothing". a scenario is a file ".yaml" with "ivrtest: scenario/1"\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this machine")
def test_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "ivrtest", "rules"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        3,
        "ivrtest: what is printed cannot be written: the disk is full. make room, or name another place\n",
    )


def test_a_pipe_is_no_recording(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    done = ivrtest("prompts", "compare", "pipe.wav", "pipe.wav", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr == 'ivrtest: "pipe.wav" is not a regular file. save the recording in one\n'


def test_what_a_terminal_cannot_show_is_written_in_its_letters(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ivrtest", "run", "--simulate", "Menü.yaml"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 3
    assert done.stderr.splitlines()[0] == 'Men\\xfc.yaml:1:1: error: there is no file or folder "Men\\xfc.yaml" [unreadable]'
