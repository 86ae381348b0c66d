"""`ivrtest check --fix`, `--diff` and standard input, as people call them. Each test works in a folder of its own."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from ivrtest.cli.check import command
from ivrtest.cli.fixing import fix_flows, rewrite
from ivrtest.source.text import Source

SHOP = """\
ivrtest: flow/1
name: shop
entry: main
languages: [en]
prompts:
  ask_pin: {en: "Please enter your PIN."}
  goodbye: {en: "Goodbye."}
nodes:
  main:
    collect:
      promt: ask_pin   # as on the letter
      into: pin
      attempts: 2
      exhausted: bye
      goto: find
  find:
    lookup: {name: find, with: {pin: pin}, outcomes: {found: bye}, failed: bye}
  bye:
    hang_up: {prompt: goodbye}  # ivrtest: ignore[silent-drop] nothing to say
"""
RIGHT = (
    SHOP.replace("promt", "prompt")
    .replace("into: pin\n", "into: pin\n      secret: true\n")
    .replace("  # ivrtest: ignore[silent-drop] nothing to say", "")
)
DIFF = """\
--- shop.yaml
+++ shop.yaml
@@ -8,12 +8,13 @@
 nodes:
   main:
     collect:
-      promt: ask_pin   # as on the letter
+      prompt: ask_pin   # as on the letter
       into: pin
+      secret: true
       attempts: 2
       exhausted: bye
       goto: find
   find:
     lookup: {name: find, with: {pin: pin}, outcomes: {found: bye}, failed: bye}
   bye:
-    hang_up: {prompt: goodbye}  # ivrtest: ignore[silent-drop] nothing to say
+    hang_up: {prompt: goodbye}
"""
REST = """\
shop.yaml:17:3: error: lookup "find" has no answer to "timed out": the caller is cut off then. add it, such as {timed_out: operator} \
[missing-outcome]
"""
ONLY = ("--select", "missing-outcome", "--select", "secret-not-marked", "--select", "unused-ignore", "--select", "silent-drop")


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("shop.yaml")
    path.write_text(SHOP, encoding="utf-8")
    return path


def check(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(command, ["--no-recordings", *ONLY, *arguments], standalone_mode=False, catch_exceptions=False, input=text)


def test_what_is_certain_is_put_right_and_the_rest_is_told(shop: Path) -> None:
    done = check("--fix", "shop.yaml")
    assert shop.read_text(encoding="utf-8") == RIGHT
    assert done.return_value == 1
    lines = done.output.splitlines()
    assert lines[:3] == [
        "shop.yaml:9:3: fixed: add secret: true [secret-not-marked]",
        'shop.yaml:11:7: fixed: write "prompt" [unknown-key]',
        "shop.yaml:19:51: fixed: take it out of the comment [unused-ignore]",
    ]
    assert lines[3] + "\n" == REST
    assert lines[-1] == "1 flow checked: 1 error; 3 fixed"
    assert check("--fix", "shop.yaml").output.splitlines()[-1] == "1 flow checked: 1 error"


def test_a_check_says_what_could_be_put_right() -> None:
    lines = check("shop.yaml").output.splitlines()
    assert '  with --fix: write "prompt"' in lines
    assert lines[-1] == "1 flow checked: 2 errors, 1 warning. --fix puts 2 of them right"
    found = json.loads(check("--format", "json", "shop.yaml").output)
    assert found["findings"][0]["fix"] == {
        "message": 'write "prompt"',
        "edits": [{"file": "shop.yaml", "line": 11, "column": 7, "end_line": 11, "end_column": 12, "text": "prompt"}],
    }


def test_a_diff_shows_it_and_writes_nothing(shop: Path) -> None:
    done = check("--diff", "shop.yaml")
    assert (done.return_value, done.stdout) == (1, DIFF)
    assert done.stderr.splitlines()[-2:] == ["note: the diff puts 3 findings right", "1 flow checked: 1 error"]
    assert shop.read_text(encoding="utf-8") == SHOP
    patched = subprocess.run(["patch", "-p0"], input=done.stdout, text=True, capture_output=True, check=False)
    assert (patched.returncode, patched.stderr) == (0, "")
    assert shop.read_text(encoding="utf-8") == RIGHT
    assert check("--diff", "shop.yaml").stdout == ""


def test_standard_input_goes_fixed_to_standard_output() -> None:
    done = check("--fix", "-", text=SHOP)
    assert (done.return_value, done.stdout) == (1, RIGHT)
    assert done.stderr.splitlines()[1] == '<stdin>:11:7: fixed: write "prompt" [unknown-key]'


def test_standard_input_can_stand_for_a_file(shop: Path) -> None:
    Path("other.yaml").write_text(RIGHT.replace("name: shop", "name: other"), encoding="utf-8")
    text = RIGHT.replace("goto: find", "goto: call").replace("nodes:\n", "nodes:\n  call:\n    call_flow: {flow: othr, goto: find}\n")
    arguments = ("--select", "unknown-flow", "-", "--stdin-filename", "shop.yaml")
    assert check(*arguments, text=text).output.splitlines()[0] == (
        'shop.yaml:10:23: error: call_flow "call" calls flow "othr", and no flow has that name. did you mean "other"? [unknown-flow]'
    )
    assert check("--select", "unknown-flow", "-", text=text).output.splitlines()[-1] == "1 flow checked: 1 error"
    assert shop.read_text(encoding="utf-8") == SHOP


def test_standard_input_that_is_no_text() -> None:
    done = CliRunner().invoke(command, ["-"], input=b"a\0b", standalone_mode=False)
    assert (done.return_value, done.output) == (
        3,
        '<stdin>:1:1: error: "<stdin>" is not a text file: it holds NUL bytes [unreadable]\n0 flows checked: 1 error\n',
    )


def test_what_the_baseline_knows_is_left(shop: Path) -> None:
    check("--write-baseline", "known.json", "shop.yaml")
    assert "fixed" not in check("--fix", "--baseline", "known.json", "shop.yaml").output
    assert shop.read_text(encoding="utf-8") == SHOP
    shop.write_text(SHOP.replace("lookup:", "lokup:"), encoding="utf-8")
    assert ": fixed: " in check("--fix", "--baseline", "known.json", "shop.yaml").output
    assert shop.read_text(encoding="utf-8") == SHOP


def test_the_mark_of_utf_8_the_permissions_and_the_link_stay(shop: Path) -> None:
    real = Path("real/shop.yaml")
    real.parent.mkdir()
    shop.unlink()
    real.write_bytes(b"\xef\xbb\xbf" + SHOP.replace("\n", "\r\n").encode())
    real.chmod(0o640)
    shop.symlink_to(real)
    assert check("--fix", "shop.yaml").return_value == 1
    assert shop.is_symlink()
    assert real.read_bytes() == b"\xef\xbb\xbf" + RIGHT.replace("\n", "\r\n").encode()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(path.name for path in Path().rglob("*")) == ["real", "shop.yaml", "shop.yaml"]


def test_a_file_that_changed_meanwhile_is_not_overwritten(shop: Path) -> None:
    from datetime import date

    from ivrtest.cli.examination import Request

    def late(path: Path, before: Source, after: Source) -> None:
        path.write_text("# somebody else was here\n" + SHOP, encoding="utf-8")
        rewrite(path, before, after)

    outcome = fix_flows(Request((shop,), recordings=False), date(2026, 1, 1), late)
    assert shop.read_text(encoding="utf-8") == "# somebody else was here\n" + SHOP
    assert outcome.exit_code == 3
    assert [finding.message for finding in outcome.findings if finding.rule == "path"] == [
        '"shop.yaml" has changed meanwhile, and is left as it is. run this again'
    ]
    assert outcome.fixed == ()


def test_a_file_that_cannot_be_written_is_told() -> None:
    def full(path: Path, before: Source, after: Source) -> None:
        raise OSError(28, "No space left on device")

    from datetime import date

    from ivrtest.cli.examination import Request

    outcome = fix_flows(Request((Path("shop.yaml"),), recordings=False), date(2026, 1, 1), full)
    assert outcome.exit_code == 3
    told = '"shop.yaml" cannot be written: the disk is full. make room, or name another place'
    assert told in [finding.message for finding in outcome.findings]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--diff", "--format", "json"], '"--diff" prints a diff, so "--format json" has no meaning with it. give one of them'),
        (["--fix", "--watch"], '"--fix" writes once, so "--watch" has no meaning with it. give one of them'),
        (["-", "--watch"], '"-" is read once, so "--watch" has no meaning with it. give one of them'),
        (["-", "shop.yaml"], '"-" is read alone. check other paths in a run of their own'),
        (["shop.yaml", "--stdin-filename", "x"], '"--stdin-filename" says what "-" is to be taken for. give "-" as the path'),
    ],
)
def test_what_has_no_meaning_together_is_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        check(*arguments)
    assert caught.value.message == message
