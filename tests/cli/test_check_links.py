"""`ivrtest check` where links lead out of the folder of a flow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ivrtest.cli.check import command

FLOW = """\
ivrtest: flow/1
name: shop
entry: main
languages: [en]
prompts:
  ask: {en: "For sales, press 1."}
nodes:
  main:
    call_flow: {flow: sales, goto: end}
  end:
    hang_up: {prompt: ask}
"""
SALES = """\
ivrtest: flow/1
name: sales
entry: main
languages: [en]
prompts:
  sales: {en: "You have reached sales."}
nodes:
  main:
    announce: {prompt: sales, goto: return}
"""


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """A folder with a flow that calls another; each has its recordings."""
    folder = tmp_path / "flows"
    for name, text in (("shop", FLOW), ("sales", SALES)):
        (folder / "prompts" / name / "en").mkdir(parents=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "prompts" / "shop" / "en" / "ask.wav").write_bytes(b"RIFF")
    return folder


def checked(*paths: Path) -> tuple[object, list[str]]:
    arguments = [*map(str, paths), "--select", "flow-file-outside-root"]
    done = CliRunner().invoke(command, arguments, standalone_mode=False)
    return done.return_value, [line for line in done.output.splitlines() if "error: " in line]


def moved(path: Path, to: Path) -> None:
    """Move a file or a folder and leave a link to it."""
    to.parent.mkdir(parents=True, exist_ok=True)
    path.rename(to)
    path.symlink_to(to)


def test_links_that_stay_in_the_folder_are_no_harm(flows: Path) -> None:
    moved(flows / "prompts" / "shop" / "en" / "ask.wav", flows / "sounds" / "ask.wav")
    assert checked(flows / "shop.yaml") == (0, [])


def test_the_folder_may_itself_be_a_link(flows: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(flows)
    assert checked(tmp_path / "link" / "shop.yaml") == (0, [])


def test_a_recording_elsewhere(flows: Path, tmp_path: Path) -> None:
    moved(flows / "prompts" / "shop" / "en" / "ask.wav", tmp_path / "ask.wav")
    assert checked(flows / "shop.yaml") == (
        1,
        [
            (
                f'{flows}/shop.yaml:6:13: error: the recording of "ask" in "en" lies outside of the flow\'s folder, at "../ask.wav". '
                'copy it to "prompts/shop/en/ask.wav" [flow-file-outside-root]'
            )
        ],
    )


@pytest.mark.parametrize(
    ("name", "place"), [("prompts/shop/en", "../sounds"), ("prompts/shop", "../sounds"), ("prompts", "../sounds/shop")]
)
def test_a_folder_of_recordings_elsewhere(name: str, place: str, flows: Path, tmp_path: Path) -> None:
    moved(flows / name, tmp_path / "sounds")
    told = "prompts/shop" if name == "prompts" else name
    assert checked(flows / "shop.yaml") == (
        1,
        [
            (
                f'{flows}/shop.yaml:2:7: error: the folder of recordings "{told}" lies outside of the flow\'s folder, at "{place}". '
                f'copy it to "{told}" [flow-file-outside-root]'
            )
        ],
    )


def test_a_called_flow_elsewhere(flows: Path, tmp_path: Path) -> None:
    moved(flows / "sales.yaml", tmp_path / "sales.yaml")
    outside = f'"{flows}/sales.yaml" lies outside the folder "{flows}". only files in it are read'
    told = f'call_flow "main" calls flow "sales", and {outside}. copy it there [flow-file-outside-root]'
    assert checked(flows / "shop.yaml") == (1, [f"{flows}/shop.yaml:9:23: error: {told}"])
    assert checked(flows / "sales.yaml") == (3, [f"{flows}/sales.yaml:1:1: error: {outside} [flow-file-outside-root]"])


def test_nor_is_such_a_recording_called_with(flows: Path, tmp_path: Path) -> None:
    moved(flows / "prompts" / "shop" / "en" / "ask.wav", tmp_path / "ask.wav")
    moved(flows / "prompts" / "sales", tmp_path / "sounds")
    scenarios = tmp_path / "shop.scenario.yaml"
    scenarios.write_text("ivrtest: scenario/1\nname: hears\nflow: shop\nsteps:\n  - hear: ask\n", encoding="utf-8")
    told = [
        (
            f'{flows}/shop.yaml:6:13: error: the recording of "ask" in "en" lies outside of the flow\'s folder, at "../ask.wav". '
            'copy it to "prompts/shop/en/ask.wav" [flow-file-outside-root]'
        ),
        (
            f'{flows}/sales.yaml:2:7: error: the folder of recordings "prompts/sales" lies outside of the flow\'s folder, at "../sounds". '
            'copy it to "prompts/sales" [flow-file-outside-root]'
        ),
    ]
    for command_line in (
        ["run", str(scenarios), "--flows", str(flows), "--out", str(tmp_path / "out")],
        ["serve", str(flows / "shop.yaml"), "--listen", "127.0.0.1:0"],
        ["identify", str(flows / "shop.yaml"), str(tmp_path / "ask.wav")],
    ):
        done = subprocess.run([sys.executable, "-m", "ivrtest", *command_line], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 3
        assert sorted(line for line in (done.stdout + done.stderr).splitlines() if "error: " in line) == sorted(told)


def test_a_piece_of_a_number_elsewhere(flows: Path, tmp_path: Path) -> None:
    speaks = FLOW.replace("{prompt: ask}", '{prompt: [{number: "7"}]}')
    (flows / "shop.yaml").write_text(speaks.replace("call_flow: {flow: sales, goto: end}", "announce: {prompt: ask, goto: end}"))
    piece = flows / "prompts" / "shop" / "en" / "numbers" / "7.wav"
    piece.parent.mkdir()
    piece.write_bytes(b"RIFF")
    moved(piece, tmp_path / "7.wav")
    assert checked(flows / "shop.yaml") == (
        1,
        [
            (
                f'{flows}/shop.yaml:2:7: error: the recording of "numbers/7" in "en" lies outside of the flow\'s folder, at "../7.wav". '
                'copy it to "prompts/shop/en/numbers/7.wav" [flow-file-outside-root]'
            )
        ],
    )


def test_nothing_is_put_right_where_a_link_leads(flows: Path, tmp_path: Path) -> None:
    real = tmp_path / "shop.yaml"
    moved(flows / "shop.yaml", real)
    real.write_text(FLOW.replace("goto: end", "goto: ende"), encoding="utf-8")
    before = real.read_bytes()
    done = CliRunner().invoke(command, [str(flows / "shop.yaml"), "--fix"], standalone_mode=False)
    outside = f'"{flows}/shop.yaml" lies outside the folder "{flows}". only files in it are read'
    assert done.return_value == 3
    assert done.stdout.splitlines()[0] == f"{flows}/shop.yaml:1:1: error: {outside} [flow-file-outside-root]"
    assert real.read_bytes() == before
