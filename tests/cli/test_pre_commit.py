from __future__ import annotations

import shlex
from pathlib import Path

import yaml

from ivrtest.cli.main import COMMANDS

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"


def test_the_hooks_call_commands_that_there_are() -> None:
    hooks = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    assert [hook["id"] for hook in hooks] == ["ivrtest-check"]
    for hook in hooks:
        program, command = shlex.split(hook["entry"])
        assert program == "ivrtest"
        assert command in COMMANDS
        assert hook["language"] == "python"
        assert not hook["pass_filenames"]
