"""What the settings say of a target, held against the way to it: told at its place, before anybody is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrtest.cli.settings import read_settings
from ivrtest.source.finding import InputError
from ivrtest.source.text import Source
from tests.cli.test_main import ivrtest

FINGERPRINT = "0123456789abcdef" * 4
UNKNOWN = 'the transport "sctp" is not known. known are "udp", "tcp", "tls"'


def complaints(settings: str) -> list[str]:
    """Return what is said of a target with these settings, the first of which stands in line 2."""
    try:
        read_settings(Source("ivrtest.toml", f"[targets.lab]\n{settings}"))
    except InputError as error:
        return [f"{finding.span}: {finding.message}" for finding in error.findings]
    return []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            'uri = "sip:ivr@lab.example.com;transport=sctp"',
            f'ivrtest.toml:2:1: "targets.lab.uri" cannot be "sip:ivr@lab.example.com;transport=sctp": {UNKNOWN}',
        ),
        (
            'uri = "sip:a@lab"\nfailover = ["sip:b@lab", "sip:c@lab;transport=sctp"]',
            f'ivrtest.toml:3:1: "targets.lab.failover" cannot be "sip:c@lab;transport=sctp": {UNKNOWN}',
        ),
        (
            'uri = "sip:a@lab"\nproxy = "sip:sbc;transport=sctp"',
            f'ivrtest.toml:3:1: "targets.lab.proxy" cannot be "sip:sbc;transport=sctp": {UNKNOWN}',
        ),
        (
            'uri = "sip:a@lab"\nregister = "sip:1001@lab;transport=sctp"',
            f'ivrtest.toml:3:1: "targets.lab.register" cannot be "sip:1001@lab;transport=sctp": {UNKNOWN}',
        ),
        (
            'uri = "sips:ivr@lab.example.com;transport=udp"',
            (
                'ivrtest.toml:2:1: "targets.lab.uri" cannot be "sips:ivr@lab.example.com;transport=udp": '
                'the transport "udp" does not go with "sips", which asks for TLS. leave it out, or write "sip"'
            ),
        ),
    ],
)
def test_a_transport_that_cannot_be_spoken(settings: str, told: str) -> None:
    assert complaints(settings) == [told]


@pytest.mark.parametrize("setting", ["ca", "certificate", "fingerprint"])
@pytest.mark.parametrize("uri", ["sip:ivr@127.0.0.1", "sip:ivr@lab:5060", "sip:ivr@lab;transport=udp", "sip:ivr@lab;transport=tcp"])
def test_certificates_without_tls(setting: str, uri: str) -> None:
    assert complaints(f'uri = "{uri}"\n{setting} = "{FINGERPRINT}"') == [
        (
            f'ivrtest.toml:3:1: "targets.lab.{setting}" is for TLS, and "{uri}" is called without it. '
            f'write ";transport=tls" at the end of "targets.lab.uri", or leave "{setting}" out'
        )
    ]


def test_certificates_where_the_proxy_speaks_no_tls() -> None:
    assert complaints('uri = "sip:a@192.0.2.1"\nproxy = "sip:192.0.2.2"\nca = "lab.pem"') == [
        (
            'ivrtest.toml:4:1: "targets.lab.ca" is for TLS, and "sip:a@192.0.2.1" is called without it. '
            'write ";transport=tls" at the end of "targets.lab.proxy", or leave "ca" out'
        )
    ]


@pytest.mark.parametrize(
    "settings",
    [
        'uri = "sips:ivr@127.0.0.1"',
        'uri = "sip:ivr@127.0.0.1;transport=TLS"',
        # The domain may ask for TLS (RFC 3263).
        'uri = "sip:ivr@lab.example.com"',
        'uri = "sip:ivr@192.0.2.1"\nproxy = "sips:192.0.2.2"',
        'uri = "sip:ivr@192.0.2.1"\nfailover = ["sips:192.0.2.2"]',
        'uri = "sip:ivr@192.0.2.1"\nregister = "sips:1001@192.0.2.2"',
    ],
)
def test_certificates_where_tls_may_be_spoken(settings: str) -> None:
    assert complaints(f'{settings}\nca = "lab.pem"\ncertificate = "tester.pem"') == []


@pytest.mark.parametrize(
    ("settings", "uri", "setting"),
    [
        ('uri = "sip:ivr@127.0.0.1"', "sip:ivr@127.0.0.1", "uri"),
        # A domain that may ask for TLS need not.
        ('uri = "sip:ivr@lab.example.com"', "sip:ivr@lab.example.com", "uri"),
        ('uri = "sips:ivr@lab"\nfailover = ["sips:b@lab", "sip:c@lab"]', "sip:c@lab", "failover"),
        ('uri = "sip:ivr@lab;transport=tls"\nproxy = "sip:sbc"', "sip:sbc", "proxy"),
    ],
)
def test_srtp_that_is_mandatory_and_cannot_be_secret(settings: str, uri: str, setting: str) -> None:
    assert complaints(f'srtp = "mandatory"\n{settings}') == [
        (
            f'ivrtest.toml:2:1: "targets.lab.srtp" is "mandatory", and its key would go to "{uri}", perhaps without TLS, so that '
            f'everybody on the way could read it. write ";transport=tls" at the end of "targets.lab.{setting}", '
            'or set "targets.lab.srtp_in_clear" to "true"'
        )
    ]


@pytest.mark.parametrize(
    "settings",
    [
        'uri = "sips:ivr@lab"',
        'uri = "sip:ivr@lab;transport=tls"\nregister = "sip:1001@lab"',
        'uri = "sip:ivr@lab"\nproxy = "sips:sbc"',
        'uri = "sip:ivr@127.0.0.1"\nsrtp_in_clear = true',
    ],
)
def test_srtp_that_is_mandatory_and_has_its_means(settings: str) -> None:
    assert complaints(f'srtp = "mandatory"\n{settings}') == []


@pytest.mark.parametrize(
    ("settings", "uri", "setting"),
    [
        ('uri = "sip:ivr@127.0.0.1"', "sip:ivr@127.0.0.1", "uri"),
        ('uri = "sip:ivr@lab;transport=tcp"', "sip:ivr@lab;transport=tcp", "uri"),
        ('uri = "sips:ivr@lab"\nfailover = ["sip:c@192.0.2.1"]', "sip:c@192.0.2.1", "failover"),
        ('uri = "sips:ivr@lab"\nproxy = "sip:192.0.2.1"', "sip:192.0.2.1", "proxy"),
    ],
)
def test_srtp_that_is_optional_and_never_had(settings: str, uri: str, setting: str) -> None:
    assert warnings(f'srtp = "optional"\n{settings}') == [
        (
            f'ivrtest.toml:2:1: warning: "targets.lab.srtp" is "optional", and "{uri}" is called without TLS, where everybody on the way '
            f'could read its key: sound is not encrypted. write ";transport=tls" at the end of "targets.lab.{setting}", '
            'set "targets.lab.srtp_in_clear" to "true", or leave "srtp" out'
        )
    ]


@pytest.mark.parametrize(
    "settings",
    [
        'uri = "sips:ivr@lab"',
        # The domain may ask for TLS (RFC 3263).
        'uri = "sip:ivr@lab"',
        'uri = "sip:ivr@192.0.2.1"\nproxy = "sips:sbc"',
        'uri = "sip:ivr@127.0.0.1"\nsrtp_in_clear = true',
    ],
)
def test_srtp_that_is_optional_and_may_be_had(settings: str) -> None:
    assert warnings(f'srtp = "optional"\n{settings}') == []


def test_pyvoip_never_has_it() -> None:
    assert warnings('uri = "pyvoip:1001"\nregister = "sip:1002@lab"\nsrtp = "optional"') == [
        (
            'ivrtest.toml:4:1: warning: "targets.lab.srtp" is "optional", and pyVoIP, which calls "pyvoip:1001", encrypts nothing. '
            'give a "sips:" target, or leave "srtp" out'
        )
    ]


def warnings(settings: str) -> list[str]:
    target = read_settings(Source("ivrtest.toml", f"[targets.lab]\n{settings}")).targets["lab"]
    return [f"{warning.span}: {warning.severity}: {warning.message}" for warning in target.warnings]


def test_a_run_says_once_that_sound_is_not_encrypted(tmp_path: Path) -> None:
    other = '[targets.other]\nuri = "sip:ivr@127.0.0.1:7"\nsrtp = "optional"\n'
    (tmp_path / "ivrtest.toml").write_text(f'[targets.lab]\nuri = "sip:ivr@127.0.0.1:9"\nsrtp = "optional"\n{other}', encoding="utf-8")
    (tmp_path / "nothing").mkdir()
    done = ivrtest("run", "--target", "lab", "nothing", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        'ivrtest.toml:3:1: warning: "targets.lab.srtp" is "optional", and "sip:ivr@127.0.0.1:9" is called without TLS, where everybody on '
        'the way could read its key: sound is not encrypted. write ";transport=tls" at the end of "targets.lab.uri", '
        'set "targets.lab.srtp_in_clear" to "true", or leave "srtp" out [settings]\n'
        '    3 | srtp = "optional"\n'
        "      | ^~~~~~~~~~~~~~~~~\n"
        'ivrtest: there is no scenario in "nothing". a scenario is a file ".yaml" with "ivrtest: scenario/1"\n'
    )


def test_what_pyvoip_neither_encrypts_nor_checks() -> None:
    assert complaints('uri = "pyvoip:1001"\nca = "lab.pem"\nsrtp = "mandatory"\nsrtp_in_clear = true\nregister = "sip:1002@lab"') == [
        'ivrtest.toml:3:1: "targets.lab.ca" is for TLS, and "pyvoip:1001" is called without it. give a "sips:" target, or leave "ca" out',
        (
            'ivrtest.toml:4:1: "targets.lab.srtp" is "mandatory", and pyVoIP, which calls "pyvoip:1001", encrypts nothing. '
            'give a "sips:" target, or leave "srtp" out'
        ),
    ]


def test_a_run_says_it_once_and_calls_nobody(tmp_path: Path) -> None:
    uri = "sip:ivr@127.0.0.1:9;transport=sctp"
    done = ivrtest("run", "--target", uri, cwd=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (3, f'ivrtest: cannot call "{uri}": {UNKNOWN}')
    (tmp_path / "ivrtest.toml").write_text('[targets.lab]\nuri = "sip:ivr@127.0.0.1:9"\nsrtp = "mandatory"\n', encoding="utf-8")
    done = ivrtest("run", "--target", "lab", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.splitlines()[0] == (
        'ivrtest.toml:3:1: error: "targets.lab.srtp" is "mandatory", and its key would go to "sip:ivr@127.0.0.1:9", perhaps without TLS, '
        'so that everybody on the way could read it. write ";transport=tls" at the end of "targets.lab.uri", '
        'or set "targets.lab.srtp_in_clear" to "true" [settings]'
    )
