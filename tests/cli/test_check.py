"""The command as people call it. Each test works in a folder of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
from click.testing import CliRunner

from ivrtest.cli.check import command
from ivrtest.cli.reporting import wants_colour

SHOP = """\
ivrtest: flow/1
name: shop
entry: main
languages: [en]
prompts:
  main_menu: {en: "For an agent, press 0."}
  spare: {en: "Nobody says this."}
  goodbye: {en: "Goodbye."}
nodes:
  main:
    menu:
      prompt: main_menu
      keys: {"0": agent}
      no_input: {after: 5s, retries: 1, then: agent}
      no_match: {retries: 1}
  agent:
    transfer: {to: "sip:agents@127.0.0.1", busy: bye, no_answer: bye, failed: bye}
  bye:
    hang_up: {prompt: goodbye}
"""

DEAD_END = """\
flows/shop.yaml:10:3: error: menu "main" ends in nothing at "no match": the caller is cut off there. add "then" to "no_match", such as \
{then: operator} [dead-end]
   10 |   main:
      |   ^~~~
  how a caller gets there: call, press 7, press 7
"""
SPARE = """\
flows/shop.yaml:7:3: warning: no node says prompt "spare". let one say it, or remove it [unused-prompt]
    7 |   spare: {en: "Nobody says this."}
      |   ^~~~~
"""
LEFT = "no rule is left to look: every rule that is selected is ignored too. select another one"
HEAVY = ("numpy", "rich", "pydub", "asyncio", "junit_xml")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "shop.yaml").write_text(SHOP, encoding="utf-8")
    return tmp_path


def check(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, ["--no-recordings", *arguments], standalone_mode=False, catch_exceptions=False)
    assert isinstance(done.return_value, int)
    return done.return_value, done.output


def refusal(*arguments: str) -> str:
    with pytest.raises(click.UsageError) as caught:
        check(*arguments)
    return caught.value.message


def clean() -> None:
    text = SHOP.replace("retries: 1}\n  agent", "retries: 1, then: agent}\n  agent").replace('  spare: {en: "Nobody says this."}\n', "")
    Path("flows/shop.yaml").write_text(text, encoding="utf-8")


def test_findings_are_shown_at_their_places_and_summed_up() -> None:
    assert check() == (1, SPARE + DEAD_END + "1 flow checked: 1 error, 1 warning\n")


def test_a_flow_that_is_in_order() -> None:
    clean()
    assert check("flows/shop.yaml") == (0, "1 flow checked, nothing wrong\n")


def test_only_errors_make_the_exit_code() -> None:
    assert check("--ignore", "dead-end") == (0, SPARE + "1 flow checked: 1 warning\n")
    assert check("--select", "dead-end") == (1, DEAD_END + "1 flow checked: 1 error\n")


def test_the_command_line_weighs() -> None:
    code, text = check("--severity", "dead-end=info", "--severity", "unused-prompt=error")
    assert (code, text.splitlines()[-1]) == (1, "1 flow checked: 1 error, 1 info")


def test_the_settings_choose_and_weigh_and_the_command_line_wins() -> None:
    settings = '[check]\nignore = ["dead-end"]\nseverity = {unused-prompt = "error"}\n'
    Path("ivrtest.toml").write_text(settings, encoding="utf-8")
    assert check() == (1, SPARE.replace("warning", "error") + "1 flow checked: 1 error\n")
    assert check("--severity", "unused-prompt=info") == (0, SPARE.replace("warning", "info") + "1 flow checked: 1 info\n")
    assert check("--select", "dead-end") == (1, DEAD_END + "1 flow checked: 1 error\n")
    assert check("--ignore", "unused-prompt") == (0, "1 flow checked, nothing wrong\n")


def test_settings_that_name_no_rule_end_the_check_at_their_place() -> None:
    Path("pyproject.toml").write_text('[tool.ivrtest.check]\nselect = ["dead-and"]\n', encoding="utf-8")
    assert check() == (
        3,
        (
            'pyproject.toml:2:12: error: no rule is called "dead-and". did you mean "dead-end"? [settings]\n'
            '    2 | select = ["dead-and"]\n'
            "      |            ^~~~~~~~\n"
            "0 flows checked: 1 error\n"
        ),
    )


def test_one_run_prints_one_format_and_writes_others() -> None:
    code, text = check("-o", "sarif=out/check.sarif", "-o", "junit=out/check.xml", "-o", "github=out/check.txt", "-o", "text=out/plain.txt")
    assert code == 1
    assert text == (
        SPARE + DEAD_END + "1 flow checked: 1 error, 1 warning\n"
        "wrote out/check.sarif\nwrote out/check.xml\nwrote out/check.txt\nwrote out/plain.txt\n"
    )
    (run,) = json.loads(Path("out/check.sarif").read_text(encoding="utf-8"))["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["unused-prompt", "dead-end"]
    assert ElementTree.parse("out/check.xml").getroot().get("failures") == "1"
    assert [line.split(" ")[0] for line in Path("out/check.txt").read_text(encoding="utf-8").splitlines()] == ["::warning", "::error"]
    assert Path("out/plain.txt").read_text(encoding="utf-8") == SPARE + DEAD_END + "1 flow checked: 1 error, 1 warning\n"


@pytest.mark.parametrize("style", ["json", "sarif", "github", "junit"])
def test_a_format_for_programs_stands_alone_on_standard_output(style: str) -> None:
    code, text = check("--format", style, "-o", f"{style}=copy")
    assert (code, text) == (1, Path("copy").read_text(encoding="utf-8"))


def test_a_report_that_cannot_be_written_is_told_and_the_others_are_written() -> None:
    Path("out").mkdir()
    done = CliRunner().invoke(command, ["--no-recordings", "-o", "json=out", "-o", "text=text"], standalone_mode=False)
    assert done.return_value == 3
    assert done.stderr == 'out:1:1: error: "out" cannot be written: it is a folder. name a file [path]\n'
    assert Path("text").exists()


def test_everything_wrong_with_several_files_comes_in_one_run() -> None:
    Path("flows/a.yaml").write_text("name: [\n", encoding="utf-8")
    Path("flows/z.yaml").write_text("ivrtest: flow/1\nname: z\n", encoding="utf-8")
    code, text = check()
    assert code == 3
    places = [line.split(": ")[0] for line in text.splitlines() if line.startswith("flows/")]
    assert places == sorted(places, key=lambda place: (place.split(":")[0], int(place.split(":")[1])))
    assert {place.split(":")[0] for place in places} == {"flows/a.yaml", "flows/shop.yaml", "flows/z.yaml"}
    assert text.splitlines()[-1].startswith("1 flow checked: ")


def test_two_flows_of_one_name_are_told_once_and_checked_all_the_same() -> None:
    clean()
    Path("flows/copy.yaml").write_text(Path("flows/shop.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    other = SHOP.replace("name: shop", "name: other")
    Path("flows/other.yaml").write_text(other, encoding="utf-8")
    told = (
        'flows/shop.yaml:2:7: error: flow "shop" is in "flows/copy.yaml" too. give one of them another name [flow-name]\n'
        "    2 | name: shop\n"
        "      |       ^~~~\n"
    )
    assert check("--ignore", "dead-end", "--ignore", "unused-prompt") == (1, told + "3 flows checked: 1 error\n")
    assert check("flows/copy.yaml") == (1, told + "1 flow checked: 1 error\n")
    assert check("--ignore", "dead-end", "--ignore", "unused-prompt", "flows/other.yaml") == (0, "1 flow checked, nothing wrong\n")


def test_scenarios_in_a_folder_are_no_flows() -> None:
    clean()
    Path("flows/caller.yaml").write_text("# a caller\nivrtest: scenario/1\nname: a\n", encoding="utf-8")
    assert check() == (0, "1 flow checked, nothing wrong\n")
    assert check("flows/caller.yaml")[0] == 3


def test_what_is_known_is_not_told_again() -> None:
    assert check("--write-baseline", "known.json") == (
        0,
        (
            'note: wrote "known.json": 2 findings. check with "--baseline known.json" from now on\n'
            '1 flow checked, nothing new; 2 known findings of "known.json" not shown\n'
        ),
    )
    Path("flows/shop.yaml").write_text("# moved\n\n" + SHOP, encoding="utf-8")
    assert check("--baseline", "known.json") == (0, '1 flow checked, nothing new; 2 known findings of "known.json" not shown\n')
    text = SHOP.replace("busy: bye", "busy: by").replace('  spare: {en: "Nobody says this."}\n', "")
    Path("flows/shop.yaml").write_text(text, encoding="utf-8")
    code, text = check("--baseline", "known.json")
    assert (code, text.splitlines()[-2:]) == (
        1,
        [
            'note: 1 known finding of "known.json" no longer occurs. write it anew with "--write-baseline known.json"',
            '1 flow checked: 1 error; 1 known finding of "known.json" not shown',
        ],
    )
    assert "[unknown-target]" in text


def test_a_baseline_counts_from_its_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("ci").mkdir()
    check("--write-baseline", "ci/known.json")
    assert {entry["file"] for entry in json.loads(Path("ci/known.json").read_text(encoding="utf-8"))["findings"]} == {"../flows/shop.yaml"}
    monkeypatch.chdir("ci")
    assert check("--baseline", "known.json", "../flows")[0] == 0


def test_a_baseline_written_anew_keeps_what_was_not_looked_at() -> None:
    Path("flows/other.yaml").write_text(SHOP.replace("name: shop", "name: other"), encoding="utf-8")
    check("--write-baseline", "known.json")
    before = Path("known.json").read_text(encoding="utf-8")
    for part in (("flows/other.yaml",), ("--select", "dead-end"), ()):
        check("--write-baseline", "known.json", *part)
        assert Path("known.json").read_text(encoding="utf-8") == before
    assert check("--baseline", "known.json", "flows/other.yaml") == (
        0,
        '1 flow checked, nothing new; 2 known findings of "known.json" not shown\n',
    )
    Path("flows/other.yaml").unlink()
    assert check("--baseline", "known.json")[1].startswith('note: 2 known findings of "known.json" no longer occur. ')
    check("--write-baseline", "known.json")
    assert "other.yaml" not in Path("known.json").read_text(encoding="utf-8")


def test_no_baseline_is_written_of_files_that_cannot_be_read() -> None:
    Path("flows/a.yaml").write_text("name: [\n", encoding="utf-8")
    assert check("--write-baseline", "known.json")[0] == 3
    assert not Path("known.json").exists()


def test_a_baseline_hides_no_file_that_cannot_be_read() -> None:
    check("--write-baseline", "known.json")
    Path("flows/shop.yaml").write_text("name: [\n", encoding="utf-8")
    code, text = check("--baseline", "known.json")
    assert (code, text.splitlines()[-1]) == (3, "0 flows checked: 1 error")


def test_a_baseline_that_is_not_there() -> None:
    assert check("--baseline", "known.json") == (
        3,
        'known.json:1:1: error: there is no file "known.json" [unreadable]\n0 flows checked: 1 error\n',
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--select", "dead-and"], 'no rule is called "dead-and". did you mean "dead-end"? `ivrtest rules` lists them'),
        (["--severity", "dead-and=error"], 'no rule is called "dead-and". did you mean "dead-end"? `ivrtest rules` lists them'),
        (
            ["--severity", "dead-end=fatal"],
            '"--severity dead-end=fatal" names no severity. it must be RULE=LEVEL, where LEVEL is one of "error", "warning", "info"',
        ),
        (["-o", "sariff=x"], 'unknown format "sariff" in "-o sariff=x". did you mean "sarif"?'),
        (["-o", "check.sarif"], '"-o check.sarif" names no file. it must be FORMAT=FILE such as sarif=check.sarif'),
        (["-o", "json=x", "-o", "sarif=x"], '"x" is to hold both json and sarif. give one of them another name'),
        (
            ["--select", "dead-end", "--ignore", "dead-end"],
            "no rule is left to look: every rule that is selected is ignored too. select another one",
        ),
        (
            ["--baseline", "a", "--write-baseline", "b"],
            '"--write-baseline" writes all that is found, so "--baseline" has no meaning with it. give one of them',
        ),
        (["--watch", "--format", "json"], '"--watch" prints for people, so "--format json" has no meaning with it. give one of them'),
        (["--watch", "--write-baseline", "b"], '"--write-baseline" writes once, so "--watch" has no meaning with it. give one of them'),
    ],
)
def test_a_command_line_that_cannot_be_used_says_why(arguments: list[str], message: str) -> None:
    assert refusal(*arguments) == message


@pytest.mark.parametrize(
    ("environment", "terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_when_colours_are_wanted(environment: dict[str, str], terminal: bool, wanted: bool) -> None:
    assert wants_colour(environment, terminal) is wanted


def test_a_check_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from ivrtest.cli.main import program\n"
        "program.main(['check', '--select', 'dead-end'], standalone_mode=False)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.fixture
def ctrl_c_counts() -> Iterator[None]:
    """Who is started in the background ignores Ctrl-C, and so do all whom it starts, unless it has a handler of its own."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_counts")
def test_watching_checks_again_after_a_change_until_ctrl_c(project: Path) -> None:
    arguments = [sys.executable, "-m", "ivrtest", "check", "--watch", "--no-recordings", "flows/shop.yaml"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=project) as process:
        assert process.stdout is not None

        def shown() -> str:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or not lines[-1].startswith("looking for changes"):
                line = process.stdout.readline()
                assert line, "it ended by itself"
                lines.append(line)
            return "".join(lines)

        try:
            tail = "looking for changes every 0.5 s. Ctrl-C ends\n"
            assert shown() == SPARE + DEAD_END + "1 flow checked: 1 error, 1 warning\n" + tail
            clean()
            assert shown() == "1 flow checked, nothing wrong\n" + tail
            process.send_signal(signal.SIGINT)
            rest, complaints = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, rest, complaints) == (0, "\n", "")


def test_limits_for_all_flows_hold_where_a_flow_sets_none(project: Path) -> None:
    (project / "ivrtest.toml").write_text('[check]\nselect = ["no-repeat"]\npolicy = {repeat_key = true}\n', encoding="utf-8")
    code, out = check("--no-recordings", "flows/shop.yaml")
    assert (code, out.splitlines()[0].rpartition("[")[2]) == (0, "no-repeat]")
    (project / "flows" / "shop.yaml").write_text(SHOP.replace("nodes:", "policy: {repeat_key: false}\nnodes:"), encoding="utf-8")
    assert check("--no-recordings", "flows/shop.yaml") == (0, "1 flow checked, nothing wrong\n")
