"""Which files of a folder are flows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ivrtest.flow.find import clashes, find_flows
from ivrtest.source.text import Source


def paths(folder: Path, sources: Mapping[Path, Source] | None = None) -> dict[str, Path]:
    return {name: file.path for name, (file,) in find_flows(folder, sources).items()}


def test_finding_flows_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("ivrtest: flow/1\nname: bank\n")
    (tmp_path / "a.yml").write_text("ivrtest: flow/1\n")
    (tmp_path / "scenario.yaml").write_text("ivrtest: scenario/1\nname: bank\n")
    (tmp_path / "broken.yaml").write_text("{")
    (tmp_path / "folder.yaml").mkdir()
    assert paths(tmp_path) == {"a": tmp_path / "a.yml", "bank": tmp_path / "b.yaml"}
    assert clashes(find_flows(tmp_path)) == {}
    (tmp_path / "c.yaml").write_text("ivrtest: flow/1\nname: bank\n")
    [(finding,)] = clashes(find_flows(tmp_path)).values()
    assert finding.message == f'flow "bank" is in "{tmp_path / "b.yaml"}" too. give one of them another name'
    assert str(finding.span) == f"{tmp_path / 'c.yaml'}:2:7"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ivrtest: flow/1\nname: bank\n", "bank"),
        ("# first\nname: 'bank'\nentry: a\nivrtest: \"flow/1\"\n", "bank"),
        ("ivrtest: flow/1\r\nname: bank\r\n", "bank"),
        ("\ufeffivrtest: flow/1\nname: bank\n", "bank"),
        ('{"ivrtest": "flow/1", "name": "bank"}', "bank"),
        ("ivrtest: flow/1 # mine\nname: bank # ours\n", "bank"),
        ("ivrtest: flow/1\nname: null\n", "None"),
        ("ivrtest: flow/1\n", "file"),
        ("ivrtest: flow/1\nname: bank\nnodes: {\n", "bank"),
        ("ivrtest: flow/1\nnodes: {\n", "file"),
        ("name: bank\nprompts: {a: 'ivrtest: flow/1'}\n", None),
        ("ivrtest: scenario/1\nname: bank\nflow: shop\n", None),
        ("nothing of the kind", None),
        ("{", None),
    ],
)
def test_what_a_file_says_that_it_is(tmp_path: Path, text: str, name: str | None) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    assert paths(tmp_path) == ({} if name is None else {name: path})


def test_a_flow_in_the_wrong_encoding_is_a_flow(tmp_path: Path) -> None:
    (tmp_path / "wide.yaml").write_text("ivrtest: flow/1\nname: wide\n", encoding="utf-16")
    (tmp_path / "latin.yaml").write_text("ivrtest: flow/1\nname: latin\nprompts: {a: é}\n", encoding="latin-1")
    assert list(find_flows(tmp_path)) == ["latin", "wide"]


def test_a_text_can_stand_for_what_a_file_holds(tmp_path: Path) -> None:
    path, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    path.write_text("ivrtest: flow/1\nname: old\n")
    new = {path: Source("a", "ivrtest: flow/1\nname: new\n"), other: Source("b", "ivrtest: flow/1\nname: unwritten\n")}
    assert paths(tmp_path, new) == {"new": path, "unwritten": other}
