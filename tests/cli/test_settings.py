from __future__ import annotations

from pathlib import Path

import pytest

from ivrtest.cli.check_settings import CheckSettings
from ivrtest.cli.settings import LOOPBACK, Settings, load_settings, read_settings
from ivrtest.cli.target_settings import TargetSettings
from ivrtest.source.finding import InputError, Severity
from ivrtest.source.text import Source

WHOLE = """\
[paths]
flows = "menus"
exclude = ["menus/drafts"]

[check]
ignore = ["menu-too-long"]
severity = {"unused-prompt" = "error"}
policy = {menu_options = 4, prompt_length = "6s", repeat_key = true}

[run]
jobs = 2
keep = 3

[dial]
allow = ["sip:*@ivr.example.com"]
strict = true
region = "GB"
resolver = "127.0.0.1:5353"

[targets.staging]
uri = "sip:ivr@ivr.example.com"
jobs = 1

[targets.lab]
uri = "sips:ivr@lab.example.com"
ca = "lab.pem"
certificate = "tester.pem"
fingerprint = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"
user = "1001"
password_env = "LAB_PASSWORD"
register = "sips:1001@lab.example.com"
keys = "info"

[targets.carrier]
uri = "sip:ivr@carrier.example.com"
failover = ["sip:ivr@carrier2.example.com"]
failover_after = 2.5
proxy = "sip:sbc.example.com"
calls_at_once = 4
calls_per_second = 0.5
advertise = "203.0.113.7"
keep_alive = 25
keep_alive_by = "stun"
ping = true
session_expires = 1800
user = "1002"
password_keyring = "carrier"
"""


def complaints(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_settings(Source("ivrtest.toml", text))
    return [f"{finding.span}: {finding.message}" for finding in caught.value.findings]


def test_a_whole_file_is_read() -> None:
    assert read_settings(Source("ivrtest.toml", WHOLE)) == Settings(
        flows=Path("menus"),
        exclude=(Path("menus/drafts"),),
        check=CheckSettings(
            ignore=("menu-too-long",),
            severity={"unused-prompt": Severity.ERROR},
            policy={"menu_options": 4, "prompt_length_s": 6.0, "repeat_key": True},
        ),
        jobs=2,
        keep=3,
        allow=("sip:*@ivr.example.com",),
        strict=True,
        region="GB",
        resolver="127.0.0.1:5353",
        targets={
            "staging": TargetSettings("sip:ivr@ivr.example.com", 1),
            "lab": TargetSettings(
                "sips:ivr@lab.example.com",
                ca=Path("lab.pem"),
                certificate=Path("tester.pem"),
                fingerprint="0123456789abcdef" * 3 + "0123456789ABCDEF",
                user="1001",
                password_env="LAB_PASSWORD",
                register="sips:1001@lab.example.com",
                keys="info",
            ),
            "carrier": TargetSettings(
                "sip:ivr@carrier.example.com",
                failover=("sip:ivr@carrier2.example.com",),
                failover_after=2.5,
                proxy="sip:sbc.example.com",
                calls_at_once=4,
                calls_per_second=0.5,
                advertise="203.0.113.7",
                keep_alive=25,
                keep_alive_by="stun",
                ping=True,
                session_expires=1800,
                user="1002",
                password_keyring="carrier",
            ),
        },
    )


def test_without_a_file_only_this_machine_may_be_called(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings(allow=LOOPBACK)


def test_an_empty_allow_list_allows_nothing() -> None:
    assert read_settings(Source("ivrtest.toml", "[dial]\nallow = []\n")).allow == ()


def test_pyproject_serves_where_there_is_no_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ivrtest.run]\njobs = 7\n", encoding="utf-8")
    assert load_settings(tmp_path).jobs == 7
    (tmp_path / "ivrtest.toml").write_text("[run]\njobs = 3\n", encoding="utf-8")
    assert load_settings(tmp_path).jobs == 3


def test_every_mistake_is_told_in_one_pass() -> None:
    text = "[run]\njobs = 0\njbos = 1\n[dail]\n[targets.lab]\njobs = true\n"
    assert complaints(text) == [
        'ivrtest.toml:4:1: unknown setting "dail". did you mean "dial"?',
        'ivrtest.toml:3:1: unknown setting "run.jbos". did you mean "run.jobs"?',
        'ivrtest.toml:2:1: "run.jobs" is "0". it must be a whole number of at least 1',
        'ivrtest.toml:5:1: "targets.lab.uri" is missing. it must be a SIP URI such as "sip:ivr@127.0.0.1:5060"',
        'ivrtest.toml:6:1: "targets.lab.jobs" is "true". it must be a whole number of at least 1',
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run = 3\n", 'ivrtest.toml:1:1: "run" must be a table: [run]'),
        (
            '[targets.lab]\nuri = "sips:lab"\nfingerprint = "3A:5B"\n',
            (
                'ivrtest.toml:3:1: "targets.lab.fingerprint" is "3A:5B". '
                "it must be the SHA-256 of a certificate, as openssl x509 -noout -fingerprint -sha256 prints it"
            ),
        ),
        (
            '[targets.lab]\nuri = "sips:lab"\nuser = "1001"\n',
            ('ivrtest.toml:1:1: "targets.lab.password_env" is missing. it must name the environment variable that holds the password'),
        ),
        (
            '[targets.lab]\nuri = "sips:lab"\nuser = "1001"\npassword = "open sesame"\n',
            (
                'ivrtest.toml:1:1: the password of target "lab" stands in clear. name the environment variable that holds it as '
                '"password_env", or its service in the keyring as "password_keyring"; or set "dial.allow_clear_passwords" to true'
            ),
        ),
        (
            '[targets.lab]\nuri = "sips:lab"\nuser = "1001"\npassword_keyring = "lab"\npassword_env = "P"\n',
            'ivrtest.toml:1:1: target "lab" has "password_env" and "password_keyring". one of them must do',
        ),
        (
            '[dial]\nallow_clear_passwords = true\n[targets.lab]\nuri = "sips:lab"\nuser = "1001"\npassword = 1234\n',
            'ivrtest.toml:3:1: the password of target "lab" must be a text',
        ),
        (
            '[dial]\nallow_clear_passwords = "yes"\n',
            'ivrtest.toml:2:1: "dial.allow_clear_passwords" is "yes". it must be "true" or "false"',
        ),
        ('[dial]\nregion = "USA"\n', 'ivrtest.toml:2:1: "dial.region" is "USA". it must be the two letters of a country, such as "US"'),
        (
            '[dial]\nresolver = "ns.example.com"\n',
            (
                'ivrtest.toml:2:1: "dial.resolver" is "ns.example.com". '
                'it must be the IP address of a name server, such as "192.0.2.53" or "127.0.0.1:5353"'
            ),
        ),
        (
            '[targets.lab]\nuri = "sip:lab"\ncalls_per_second = 0\n',
            'ivrtest.toml:3:1: "targets.lab.calls_per_second" is "0". it must be a number above 0',
        ),
        (
            '[targets.lab]\nuri = "sip:lab"\ncalls_at_once = 0.5\n',
            'ivrtest.toml:3:1: "targets.lab.calls_at_once" is "0.5". it must be a whole number of at least 1',
        ),
        (
            '[targets.lab]\nuri = "sip:lab"\nkeep_alive_by = "ping"\n',
            'ivrtest.toml:3:1: "targets.lab.keep_alive_by" is "ping". it must be "crlf" or "stun"',
        ),
        (
            '[targets.lab]\nuri = "sip:lab"\nkeep_alive = "25s"\n',
            'ivrtest.toml:3:1: "targets.lab.keep_alive" is "25s". it must be a number of seconds above 0, or 0 for none',
        ),
        (
            '[targets.lab]\nuri = "sip:lab"\nping = "yes"\n',
            'ivrtest.toml:3:1: "targets.lab.ping" is "yes". it must be "true" or "false"',
        ),
        (
            '[targets.lab]\nuri = "sip:lab"\nsession_expires = 60\n',
            'ivrtest.toml:3:1: "targets.lab.session_expires" is "60". it must be a whole number of seconds, 90 at least',
        ),
        (
            '[targets.lab]\nuri = "sip:lab"\nadvertise = "nat.example.com"\n',
            'ivrtest.toml:3:1: "targets.lab.advertise" is "nat.example.com". it must be an IP address such as "203.0.113.7"',
        ),
        (
            '[targets.lab]\nuri = "sip:lab"\nfailover = "sip:lab2"\n',
            'ivrtest.toml:3:1: "targets.lab.failover" is "sip:lab2". it must be a list of SIP URIs such as "sip:ivr@127.0.0.1:5060"',
        ),
        (
            '[targets.lab]\nuri = "lab"\n',
            'ivrtest.toml:2:1: "targets.lab.uri" is "lab". it must be a SIP URI such as "sip:ivr@127.0.0.1:5060"',
        ),
        (
            '[targets.lab]\nuri = "sip:lab"\nfailover = ["lab2"]\n',
            'ivrtest.toml:3:1: "targets.lab.failover" is ["lab2"]. it must be a list of SIP URIs such as "sip:ivr@127.0.0.1:5060"',
        ),
        (
            '[dial]\nallow = ["127.0.0.1"]\n',
            'ivrtest.toml:2:1: "dial.allow" is ["127.0.0.1"]. it must be a list of patterns such as "sip:*@127.0.0.1"',
        ),
        (
            '[targets.lab]\nuri = "sip:lab"\nproxy = ["sip:sbc"]\n',
            """ivrtest.toml:3:1: "targets.lab.proxy" is ["sip:sbc"]. it must be the SIP URI of a proxy, such as "sip:sbc.example.com\"""",
        ),
        (
            '[targets.lab]\nuri = "sip:lab"\nkeys = ["info"]\n',
            """ivrtest.toml:3:1: "targets.lab.keys" is ["info"]. it must be one of "rfc4733", "info", "info-dtmf", "inband", "auto\"""",
        ),
        ("targets = 3\n", 'ivrtest.toml:1:1: "targets" must be a table: [targets]'),
        ('[quality]\nloss = "<= 1"\n', 'ivrtest.toml:2:1: "loss" is "<= 1". it must be a limit such as "<= 1 %"'),
        ("[quality]\nmos = 3.5\n", 'ivrtest.toml:2:1: "mos" is "3.5". it must be a limit such as ">= 3.5"'),
        ('[quality]\nlos = "<= 1 %"\n', 'ivrtest.toml:2:1: unknown setting "quality.los". did you mean "quality.loss"?'),
        ("[paths]\nflows = 3\n", 'ivrtest.toml:2:1: "paths.flows" is "3". it must be the path of a folder'),
        (
            '[dial]\nallow = "sip:x@y"\n',
            'ivrtest.toml:2:1: "dial.allow" is "sip:x@y". it must be a list of patterns such as "sip:*@127.0.0.1"',
        ),
        ("[run\n", "ivrtest.toml:1:1: this is not TOML: Expected ']' at the end of a table declaration (at line 1, column 5)"),
    ],
)
def test_a_wrong_file_is_told_with_its_place(text: str, message: str) -> None:
    assert complaints(text) == [message]


def test_limits_for_the_quality_of_every_call() -> None:
    settings = read_settings(Source("ivrtest.toml", '[quality]\nloss = "<= 1 %"\nresponse = "< 800ms"\n'))
    assert {name: (limit.relation, limit.value, str(limit.span)) for name, limit in settings.quality.items()} == {
        "loss": ("<=", 0.01, "ivrtest.toml:2:1"),
        "response": ("<", 0.8, "ivrtest.toml:3:1"),
    }


CHECK = """\
[tool.ivrtest.check]
select = [
  "dead-end",
  "dead-ends",
]
ignore = ["unused-promt"]

[tool.ivrtest.check.severity]
silent-drop = "fatal"
unused-ignor = "info"
menu-too-long = 3
"""


def test_an_unknown_rule_is_told_at_its_place() -> None:
    with pytest.raises(InputError) as caught:
        read_settings(Source("pyproject.toml", CHECK), within=("tool", "ivrtest"))
    weights = 'it must be one of "error", "warning", "info"'
    assert [f"{finding.span}-{finding.span.end_column}: {finding.message}" for finding in caught.value.findings] == [
        'pyproject.toml:4:4-13: no rule is called "dead-ends". did you mean "dead-end"?',
        'pyproject.toml:6:12-24: no rule is called "unused-promt". did you mean "unused-prompt"?',
        'pyproject.toml:10:1-13: no rule is called "unused-ignor". did you mean "unused-ignore"?',
        f'pyproject.toml:9:1-12: severity "fatal" of rule "silent-drop" is none. {weights}',
        f'pyproject.toml:11:1-14: severity "3" of rule "menu-too-long" is none. {weights}',
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[check]\nselect = "dead-end"\n', 'ivrtest.toml:2:1: "check.select" is "dead-end". it must be a list of rules'),
        ("[check]\nseverity = 3\n", 'ivrtest.toml:2:1: "check.severity" must be a table: [check.severity]'),
        ("[check]\nignores = []\n", 'ivrtest.toml:2:1: unknown setting "check.ignores". did you mean "check.ignore"?'),
        (
            '[check]\nseverity = {"dead-end" = "bad"}\n',
            'ivrtest.toml:2:14: severity "bad" of rule "dead-end" is none. it must be one of "error", "warning", "info"',
        ),
    ],
)
def test_wrong_settings_of_the_check_are_told(text: str, message: str) -> None:
    assert complaints(text) == [message]


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "ivrtest.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError) as caught:
        load_settings(tmp_path)
    assert caught.value.findings[0].message == f'"{tmp_path / "ivrtest.toml"}" cannot be read: it is not UTF-8 text'


def test_a_password_in_clear_stands_where_that_is_allowed_and_is_not_shown() -> None:
    text = '[dial]\nallow_clear_passwords = true\n[targets.lab]\nuri = "sips:lab"\nuser = "1001"\npassword = "open sesame"\n'
    lab = read_settings(Source("ivrtest.toml", text)).targets["lab"]
    assert lab.password == "open sesame"
    assert "sesame" not in repr(lab)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{menu_option = 4}", 'unknown setting "check.policy.menu_option". did you mean "check.policy.menu_options"?'),
        ("{menu_options = 0}", '"check.policy.menu_options" is "0". it must be a whole number from 1 to 99'),
        ("{silence = 3}", '"check.policy.silence" is "3". it must be a time such as "800ms", "5s" or "2m"'),
        ('{repeat_key = "yes"}', '"check.policy.repeat_key" is "yes". it must be "true" or "false"'),
        ("{least_attempts = 4}", 'the policy wants at least 4 attempts and at most 3. make "least_attempts" no greater'),
        ("4", '"check.policy" must be a table: [check.policy]'),
    ],
)
def test_what_is_wrong_with_limits_for_all_flows(policy: str, message: str) -> None:
    (complaint,) = complaints(f"[check]\npolicy = {policy}\n")
    assert complaint.endswith(message)
