"""Targets that are called over TCP and TLS, by the commands themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import click
import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from ivrtest.call.keys import KeyMode
from ivrtest.call.limits import CallLimits
from ivrtest.call.network import Network
from ivrtest.call.permission import Permission
from ivrtest.cli.dialling import dial_options
from ivrtest.cli.settings import Settings
from ivrtest.cli.target_settings import KEY_MODES, TargetSettings
from ivrtest.sip.digest import Secret
from tests.call.authority import Authority, fingerprint
from tests.cli.shops import serving, shop
from tests.cli.test_main import ivrtest

pytestmark = pytest.mark.calls

__all__ = ["shop"]  # a fixture


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
        assert 'the certificate of "127.0.0.1" is signed by nobody we trust' in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("listen", "message"),
    [
        ("tls:127.0.0.1:0", 'ivrtest: "--listen" asks for tls, which needs a certificate. give one with "--certificate"'),
        (
            "sctp:127.0.0.1:0",
            'ivrtest: "--listen" is "sctp:127.0.0.1:0". it must be HOST:PORT such as 127.0.0.1:5060, or udp:, tcp: or tls: before it',
        ),
        (
            "udp:127.0.0.1:0 --srtp mandatory",
            (
                'ivrtest: "--srtp mandatory" needs TLS, and "--listen" is "udp:127.0.0.1:0": everybody on the way could read its key. '
                'listen at "tls:127.0.0.1:0", or add "--srtp-in-clear"'
            ),
        ),
        (
            "127.0.0.1:0 --srtp optional --fault none",
            (
                'ivrtest: "--srtp optional" has no effect: "--listen" is "127.0.0.1:0", where everybody on the way could read a key. '
                'listen at "tls:127.0.0.1:0", or add "--srtp-in-clear"'
            ),
        ),
        (
            "127.0.0.1:0 --certificate flows/shop.yaml",
            (
                'ivrtest: "--certificate" is for TLS, and "--listen" is "127.0.0.1:0". '
                'listen at "tls:127.0.0.1:0", or leave "--certificate" out'
            ),
        ),
        (
            "tcp:127.0.0.1:0 --ca flows/shop.yaml",
            'ivrtest: "--ca" is for TLS, and "--listen" is "tcp:127.0.0.1:0". listen at "tls:127.0.0.1:0", or leave "--ca" out',
        ),
        ("::1:5060", 'ivrtest: "--listen" is "::1:5060". it must be HOST:PORT such as 127.0.0.1:5060, or udp:, tcp: or tls: before it'),
    ],
)
def test_where_it_cannot_listen(shop: Path, listen: str, message: str) -> None:
    done = ivrtest("serve", "flows/shop.yaml", "--listen", *listen.split(), cwd=shop)
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


class Ring(KeyringBackend):
    """A keyring that is unlocked, or not."""

    priority = 1.0

    def __init__(self, locked: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._locked = locked
        self._kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        if self._locked:
            raise KeyringLocked("the collection is locked.")
        return self._kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._kept[service, username] = password


@pytest.fixture
def ring() -> Iterator[Callable[[Ring], Ring]]:
    before = keyring.get_keyring()

    def use(made: Ring) -> Ring:
        keyring.set_keyring(made)
        return made

    yield use
    keyring.set_keyring(before)


def test_certificates_that_cannot_be_used_are_told_before_a_call(tmp_path: Path) -> None:
    gone = tmp_path / "gone.pem"
    with pytest.raises(click.UsageError) as refused:
        dial_options(TargetSettings("sips:lab.example.com", ca=gone), Settings())
    assert str(refused.value) == f'"sips:lab.example.com" cannot be called: ca "{gone}" cannot be read: it is not there'


IN_A_KEYRING = TargetSettings("sip:ivr@lab.example.com", user="1001", password_keyring="lab")


def test_a_password_comes_from_the_keyring(ring: Callable[[Ring], Ring]) -> None:
    ring(Ring()).set_password("lab", "1001", "open sesame")
    options = dial_options(IN_A_KEYRING, Settings())
    assert options.secret == Secret("1001", "open sesame")
    assert "sesame" not in repr(options)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (Ring(), 'the password of "1001" for "sip:ivr@lab.example.com" is not in the keyring. put it there: keyring set lab 1001'),
        (
            Ring(locked=True),
            (
                'the password of "1001" for "sip:ivr@lab.example.com" cannot be taken from the keyring: the collection is locked. '
                'unlock it, or name an environment variable as "password_env"'
            ),
        ),
    ],
)
def test_a_keyring_without_the_password(ring: Callable[[Ring], Ring], made: Ring, message: str) -> None:
    ring(made)
    with pytest.raises(click.UsageError) as refused:
        dial_options(IN_A_KEYRING, Settings())
    assert str(refused.value) == message


def test_a_keyring_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(click.UsageError) as refused:
        dial_options(IN_A_KEYRING, Settings())
    assert str(refused.value) == (
        'the password of "1001" for "sip:ivr@lab.example.com" is in a keyring, and the package "keyring" is not installed. '
        'pip install "ivrtest[keyring]", or name an environment variable as "password_env"'
    )


def test_what_lies_between_us_and_a_target() -> None:
    lab = TargetSettings(
        "sip:ivr@lab.example.com",
        failover=("sip:ivr@lab2.example.com",),
        failover_after=2.0,
        proxy="sip:sbc.example.com",
        calls_at_once=4,
        calls_per_second=0.5,
        advertise="203.0.113.7",
        keep_alive=25,
    )
    options = dial_options(lab, Settings(allow=("sip:*@*",), region="GB", resolver="127.0.0.1:5353"))
    assert options.network == Network(("127.0.0.1", 5353), "203.0.113.7", 25, 2.0, CallLimits(4, 0.5))
    assert options.permission == Permission(("sip:*@*",), "GB")
    assert (options.proxy, options.failover) == ("sip:sbc.example.com", ("sip:ivr@lab2.example.com",))


def test_the_command_line_wins_over_the_target() -> None:
    lab = TargetSettings("sip:ivr@127.0.0.1", keys="info")
    assert dial_options(lab, Settings()).keys == "info"
    assert dial_options(lab, Settings(), "inband").keys == "inband"
    assert dial_options(None, Settings(), "auto").keys == "auto"
    assert dial_options(None, Settings()).keys == "rfc4733"


def test_the_settings_know_every_way_of_a_key() -> None:
    assert get_args(KeyMode) == KEY_MODES
