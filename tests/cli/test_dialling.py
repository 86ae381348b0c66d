"""Targets that are called over TCP and TLS, by the commands themselves."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import click
import pytest

from ivrtest.call.keys import KeyMode
from ivrtest.cli.dialling import dial_options
from ivrtest.cli.settings import KEY_MODES, Settings, TargetSettings
from ivrtest.sip.digest import Secret
from tests.call.authority import Authority, fingerprint
from tests.cli.test_main import ivrtest
from tests.cli.test_serve import FLOW, SCENARIO


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "flows").mkdir()
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "flows" / "shop.yaml").write_text(FLOW, encoding="utf-8")
    (tmp_path / "scenarios" / "goodbye.yaml").write_text(SCENARIO, encoding="utf-8")
    assert ivrtest("prompts", "render", cwd=tmp_path).returncode == 0
    return tmp_path


@contextmanager
def serving(shop: Path, *options: str) -> Iterator[str]:
    """Run `ivrtest serve`, and yield what it says is to be called."""
    command = [sys.executable, "-m", "ivrtest", "serve", "flows/shop.yaml", *options]
    server = subprocess.Popen(command, cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1]
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=10)
        assert (server.returncode, out) == (0, ""), err
    finally:
        server.kill()
        server.communicate()


def test_over_tcp(shop: Path) -> None:
    with serving(shop, "--listen", "tcp:127.0.0.1:0") as uri:
        assert uri.endswith(";transport=tcp")
        done = ivrtest("run", "--target", uri, cwd=shop)
        assert done.returncode == 0, done.stdout + done.stderr


def test_over_tls_with_what_the_settings_say(shop: Path) -> None:
    authority = Authority(shop)
    certificate = authority.certificate("127.0.0.1")
    caller = authority.certificate("tester")
    options = ("--listen", "tls:127.0.0.1:0", "--certificate", str(certificate), "--ca", str(authority.file))
    with serving(shop, *options) as uri:
        settings = f'[targets.lab]\nuri = "{uri}"\nca = "ca.pem"\ncertificate = "{caller.name}"\n'
        settings += f'[targets.pinned]\nuri = "{uri}"\ncertificate = "{caller.name}"\nfingerprint = "{fingerprint(certificate)}"\n'
        settings += f'[targets.untrusted]\nuri = "{uri}"\ncertificate = "{caller.name}"\n'
        (shop / "ivrtest.toml").write_text(settings, encoding="utf-8")
        for name in ("lab", "pinned"):
            done = ivrtest("run", "--target", name, cwd=shop)
            assert done.returncode == 0, done.stdout + done.stderr
        done = ivrtest("run", "--target", "untrusted", cwd=shop)
        assert done.returncode == 2
        assert "its certificate is signed by nobody we trust" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("listen", "message"),
    [
        ("tls:127.0.0.1:0", 'ivrtest: "--listen" asks for tls, which needs a certificate. give one with "--certificate"'),
        (
            "sctp:127.0.0.1:0",
            'ivrtest: "--listen" is "sctp:127.0.0.1:0". it must be HOST:PORT such as 127.0.0.1:5060, or udp:, tcp: or tls: before it',
        ),
        ("::1:5060", 'ivrtest: "--listen" is "::1:5060". it must be HOST:PORT such as 127.0.0.1:5060, or udp:, tcp: or tls: before it'),
    ],
)
def test_where_it_cannot_listen(shop: Path, listen: str, message: str) -> None:
    done = ivrtest("serve", "flows/shop.yaml", "--listen", listen, cwd=shop)
    assert (done.returncode, done.stderr.splitlines()[0]) == (3, message)


def test_a_password_comes_from_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = TargetSettings("sip:ivr@lab.example.com", user="1001", password_env="LAB_PASSWORD", register="sip:1001@lab.example.com")
    monkeypatch.delenv("LAB_PASSWORD", raising=False)
    with pytest.raises(click.UsageError) as refused:
        dial_options(lab, Settings())
    assert str(refused.value) == (
        'the password of "1001" for "sip:ivr@lab.example.com" is not there: set the environment variable "LAB_PASSWORD" to it'
    )
    monkeypatch.setenv("LAB_PASSWORD", "open sesame")
    options = dial_options(lab, Settings())
    assert (options.secret, options.register) == (Secret("1001", "open sesame"), "sip:1001@lab.example.com")
    assert "sesame" not in repr(options)


def test_the_command_line_wins_over_the_target() -> None:
    lab = TargetSettings("sip:ivr@127.0.0.1", keys="info")
    assert dial_options(lab, Settings()).keys == "info"
    assert dial_options(lab, Settings(), "inband").keys == "inband"
    assert dial_options(None, Settings(), "auto").keys == "auto"
    assert dial_options(None, Settings()).keys == "rfc4733"


def test_the_settings_know_every_way_of_a_key() -> None:
    assert get_args(KeyMode) == KEY_MODES
