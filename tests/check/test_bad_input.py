"""Files that are no flows, or flows made to hurt: the command says what is wrong and ends soon, in little memory, without a traceback."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.check.checker import check
from ivrtest.check.context import CheckContext
from ivrtest.check.witness import witness_scenarios
from ivrtest.flow.read import read_flow
from ivrtest.scenario.read import read_scenario
from ivrtest.source.finding import InputError
from ivrtest.source.text import Source

FLOWS = Path(__file__).parents[2] / "flows"
GOOD = (FLOWS / "identify.yaml").read_text(encoding="utf-8")
MEMORY = 1_500_000_000
CPU_S = 60

HEAD = GOOD.split("nodes:")[0]


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))


@pytest.fixture
def told(tmp_path: Path) -> Callable[[bytes], tuple[int, str]]:
    """Check these bytes as a file, from the shell: the exit code, and the lines that name errors, without the folder's name."""

    def told(data: bytes) -> tuple[int, str]:
        (tmp_path / "flow.yaml").write_bytes(data)
        return from_the_shell(tmp_path, "flow.yaml")

    return told


def from_the_shell(folder: Path, name: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "ivrtest", "check", "--no-recordings", name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limited,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, "\n".join(line for line in done.stdout.splitlines() if ": error: " in line)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(9 * [f'*{old}'])}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
UNUSABLE = {
    "empty": (b"", '1:1: error: "flow.yaml" is empty [yaml-syntax]'),
    "blank": (b"\n# nothing\n", '1:1: error: "flow.yaml" is empty [yaml-syntax]'),
    "no yaml": (
        b"Dear all,\nplease: find: attached\n",
        '2:7: error: a ":" is not expected here. quote a text that holds ": ", and indent keys of one mapping alike [yaml-syntax]',
    ),
    "binary": (bytes(range(256)) * 20, '1:1: error: "flow.yaml" is not a text file: it holds NUL bytes [unreadable]'),
    "50 MB": (
        b"a: 1\n" * 10_000_000,
        '1:1: error: "flow.yaml" is larger than 5,000,000 bytes. files up to that size are read [unreadable]',
    ),
    "alias bomb": (BOMB.encode(), "1:7: error: the file holds more than 1,000,000 values, counting each alias in full [yaml-syntax]"),
    "alias in itself": (b"a: &a [*a]\n", "1:7: error: mappings and lists stand more than 50 deep in one another here [yaml-syntax]"),
    "brackets": (b"[" * 4_000_000, "1:51: error: mappings and lists stand more than 50 deep in one another here [yaml-syntax]"),
    "UTF-16": (GOOD.encode("utf-16"), '1:1: error: "flow.yaml" is written in UTF-16. save it as UTF-8 [unreadable]'),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), '1:1: error: "flow.yaml" is written in UTF-16. save it as UTF-8 [unreadable]'),
    "Latin-1": ("# Adiós\n".encode("latin-1"), '1:6: error: the byte "0xF3" is not UTF-8. save the file as UTF-8 [unreadable]'),
    "tabs": (b"a:\n\tb: 1\n", "2:1: error: this line is indented with a tab. YAML wants spaces [yaml-syntax]"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_file_that_cannot_be_used_is_told_at_its_place(name: str, told: Callable[[bytes], tuple[int, str]]) -> None:
    data, message = UNUSABLE[name]
    assert told(data) == (3, f"flow.yaml:{message}")


@pytest.mark.parametrize("change", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")], ids=["BOM", "Windows"])
def test_how_a_text_is_stored_makes_no_difference(
    change: Callable[[str], str], told: Callable[[bytes], tuple[int, str]], tmp_path: Path
) -> None:
    assert told(change(GOOD.replace("failed: ", "faild: ", 1)).encode()) == told(GOOD.replace("failed: ", "faild: ", 1).encode())


def test_a_folder_without_flows(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert from_the_shell(tmp_path, "empty") == (3, 'empty:1:1: error: folder "empty" holds no YAML file [path]')


def test_a_merge_key(told: Callable[[bytes], tuple[int, str]]) -> None:
    code, output = told(GOOD.replace("nodes:\n", "nodes:\n  <<: {a: 1}\n").encode())
    assert code == 1
    assert 'error: the merge key "<<" is not used here. write the keys out [merge-key]' in output


def test_a_flow_that_calls_itself(told: Callable[[bytes], tuple[int, str]]) -> None:
    text = HEAD + "nodes:\n  start:\n    call_flow: {flow: identify, goto: return}\n"
    code, output = told(text.replace(f"entry: {entry(HEAD)}", "entry: start").encode())
    assert code == 1
    assert "[recursive-call-flow]" in output


def entry(text: str) -> str:
    return text.split("entry: ")[1].split()[0]


FLOW = "ivrtest: flow/1\nname: test\nentry: n0\nlanguages: [en]\nprompts: {bye: {en: Goodbye.}}\nnodes:\n"
LARGE = {
    "a wrong target in every node": FLOW + "".join(f"  n{i}: {{announce: {{prompt: bye, goto: node_{i}}}}}\n" for i in range(20_000)),
    "a branch of thousands of cases": FLOW
    + "  n0:\n    branch:\n      otherwise: bye\n      cases:\n"
    + "".join(f'      - {{when: "a{i % 7} == {i} and b == {i} and c == {i}", goto: bye}}\n' for i in range(5_000))
    + "  bye: {hang_up: {prompt: bye}}\n",
    "a dead end all along a chain": FLOW
    + "".join(f'  n{i}: {{menu: {{prompt: bye, keys: {{"1": n{i + 1}}}}}}}\n' for i in range(10_000))
    + "  n10000: {hang_up: {prompt: bye}}\n",
    "a chain of failures between two circles": FLOW
    + "  n0: {lookup: {name: x, outcomes: {ok: bye}, failed: n0, timed_out: n1}}\n"
    + "".join(f"  n{i}: {{lookup: {{name: x, outcomes: {{ok: bye}}, failed: n{i + 1}, timed_out: bye}}}}\n" for i in range(1, 8_000))
    + "  n8000: {lookup: {name: x, outcomes: {ok: bye}, failed: n8000, timed_out: bye}}\n  bye: {hang_up: {prompt: bye}}\n",
    "counters without end": FLOW
    + "".join(
        f'  n{i}: {{menu: {{prompt: bye, keys: {{"1": {{set: {{a: "= a + 1", b: "= b + a"}}, goto: c{i}}}}}, '
        "attempts: 1, exhausted: n0}}\n"
        f"  c{i}: {{branch: {{cases: [{{when: a < b, goto: n{i + 1}}}], otherwise: n0}}}}\n"
        for i in range(1_000)
    )
    + "  n1000: {hang_up: {prompt: bye}}\n",
}


@pytest.mark.parametrize("name", LARGE)
def test_a_flow_made_to_be_slow_is_checked_all_the_same(name: str, told: Callable[[bytes], tuple[int, str]]) -> None:
    code, output = told(LARGE[name].encode())
    assert code == 1
    assert "[rule-crashed]" not in output


SIGNS = list("{}[]\"'#\n\t-*0~\x85\u2028é\x00")
WORDS = ["goto: ", ": ", "  ", "&a ", "!!int ", "<<: ", "1e99", "null", "return", "= a +", "a < 3", "set: {language: es}", "retries: 99"]
PIECES = st.sampled_from([*SIGNS, *WORDS, "prompt: ", "menu", "language", "9" * 20])
TEXTS = [path.read_text(encoding="utf-8") for path in sorted((*FLOWS.glob("*.yaml"), *FLOWS.glob("broken/*.yaml")))]


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """An example flow in which lines and words were taken out, put elsewhere, or replaced."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 1, 3, 10, 80])))
        match draw(st.sampled_from(["put", "move", "word"])):
            case "put":
                text = text[:start] + draw(PIECES) + text[end:]
            case "move":
                place = draw(st.integers(0, len(text)))
                text = text[:place] + text[start:end] + text[place:]
            case _:
                words = text.split(" ")
                first, second = draw(st.integers(0, len(words) - 1)), draw(st.integers(0, len(words) - 1))
                words[first] = words[second]
                text = " ".join(words)
    return text


@given(spoilt())
@settings(max_examples=150, deadline=20_000)
def test_whatever_is_done_to_a_flow_it_is_read_and_checked(text: str) -> None:
    try:
        reading = read_flow(Source("test.yaml", text))
    except InputError:
        return
    if reading.flow is None:
        assert reading.findings
        return
    context = CheckContext(flows={reading.flow.name: reading.flow}, broken=reading.broken_nodes, broken_prompts=reading.broken_prompts)
    found = check(reading.flow, context)
    assert [finding.message for finding in found if finding.rule == "rule-crashed"] == []
    for name, (_, scenario) in witness_scenarios(found, reading.flow, {}).items():
        assert read_scenario(Source(name, scenario)).findings == ()
