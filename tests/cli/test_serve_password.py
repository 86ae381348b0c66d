"""An embedded IVR that only takes calls of whoever knows a password (RFC 7616), by the commands themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ivrtest.cli.serve import required_secret
from ivrtest.sip.digest import Secret
from tests.cli.shops import serving, shop

pytestmark = pytest.mark.calls

__all__ = ["shop"]  # a fixture

PASSWORD = "open sesame"
SETTINGS = '[targets.lab]\nuri = "{uri}"\nuser = "1001"\npassword_env = "LAB_PASSWORD"\n'


def run(folder: Path, *options: str, password: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ivrtest", "run", *options]
    known = {**os.environ, "LAB_PASSWORD": password}
    return subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True, check=False, timeout=120)


def test_only_who_knows_the_password_is_let_in(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_PASSWORD", PASSWORD)
    with serving(shop, "--user", "1001", "--password-env", "SERVER_PASSWORD") as uri:
        (shop / "ivrtest.toml").write_text(SETTINGS.format(uri=uri), encoding="utf-8")
        right = run(shop, "--target", "lab", password=PASSWORD)
        wrong = run(shop, "--target", "lab", password="open barley")
        nobody = run(shop, "--target", uri)
    said = 'scenarios/goodbye.yaml:2:7: error: "A caller hears goodbye": the call was not accepted: '
    assert right.returncode == 0, right.stdout + right.stderr
    assert (wrong.returncode, wrong.stdout.splitlines()[2]) == (
        2,
        said + 'the password of user "1001" was refused (401 Unauthorized, realm "ivrtest") [scenario-error]',
    )
    assert (nobody.returncode, nobody.stdout.splitlines()[2]) == (
        2,
        said
        + 'a password is asked for, and none was given (401 Unauthorized, realm "ivrtest"). '
        + 'give the target a "user" and a "password_env" [scenario-error]',
    )
    written = "".join(path.read_text(encoding="utf-8") for path in (shop / "reports").iterdir() if path.is_file())
    assert "barley" not in written + wrong.stdout + wrong.stderr


def test_a_name_and_a_password_belong_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_PASSWORD", PASSWORD)
    monkeypatch.delenv("NO_PASSWORD", raising=False)
    assert required_secret(None, None) is None
    assert required_secret("1001", "SERVER_PASSWORD") == Secret("1001", PASSWORD)


@pytest.mark.parametrize(
    ("user", "variable", "message"),
    [
        ("1001", None, '"--user" is "1001", who has no password. name the environment variable that holds it with "--password-env"'),
        (None, "SERVER_PASSWORD", '"--password-env" is "SERVER_PASSWORD", and nobody has that password. name who does with "--user"'),
        ("1001", "NO_PASSWORD", 'the password of "1001" is not there: set the environment variable "NO_PASSWORD" to it'),
    ],
)
def test_half_of_it_is_told(user: str | None, variable: str | None, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_PASSWORD", PASSWORD)
    monkeypatch.delenv("NO_PASSWORD", raising=False)
    with pytest.raises(click.UsageError) as told:
        required_secret(user, variable)
    assert str(told.value) == message
