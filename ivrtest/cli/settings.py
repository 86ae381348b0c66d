"""`ivrtest.toml`: targets by name, limits, and whom a run may call. The command line wins over it.

Where there is no `ivrtest.toml`, the same tables may stand in `pyproject.toml` under `[tool.ivrtest]`.

[paths]
flows = "flows"
scenarios = "scenarios"
reports = "reports"

[check]
ignore = ["menu-too-long"]          # rules that do not look; select = [...] lists those that do
severity = {"unused-prompt" = "error"}

[run]
jobs = 8                            # calls at once

[dial]
allow = ["sip:*@127.0.0.1", "sip:*@ivr.staging.example.com"]

[targets.staging]
uri = "sip:+18005550100@ivr.staging.example.com;transport=tls"
jobs = 2
ca = "staging-ca.pem"               # over TLS: whom to trust, in place of the authorities that this machine trusts
certificate = "tester.pem"          # ... our certificate and its key, for servers that ask for one
fingerprint = "3A:5B:..."           # ... the SHA-256 of the only certificate to accept, whoever signed it
user = "1001"                       # for whoever asks for a name and a password
password_env = "IVR_PASSWORD"       # ... the environment variable that holds the password
register = "sip:1001@staging.example.com"   # the address to register, and to call from
keys = "info"                       # how to send keys: "rfc4733" (events; the default), "info", "inband" (tones), "auto" (events or tones)
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ivrtest.cli.toml_reader import Reader, finding, is_count, is_fingerprint, is_text, is_texts
from ivrtest.source.finding import InputError, Severity
from ivrtest.source.text import Source

FILE_NAME: Final = "ivrtest.toml"
LOOPBACK: Final = ("sip:*@127.0.0.1", "sip:*@[::1]", "sip:*@localhost")
DEFAULT_JOBS: Final = 8
SEVERITIES: Final = {str(severity): severity for severity in sorted(Severity, reverse=True)}
A_URI: Final = 'it must be a SIP URI such as "sip:ivr@127.0.0.1:5060"'
A_COUNT: Final = "it must be a whole number of at least 1"
A_PEM_FILE: Final = "it must be the path of a PEM file"
A_FINGERPRINT: Final = "it must be the SHA-256 of a certificate, as openssl x509 -noout -fingerprint -sha256 prints it"
A_USER: Final = "it must be the name that goes with the password"
A_VARIABLE: Final = "it must name the environment variable that holds the password"
AN_ADDRESS: Final = 'it must be a SIP address with a user, such as "sip:1001@pbx.example.com"'
TARGET_KEYS: Final = ("uri", "jobs", "ca", "certificate", "fingerprint", "user", "password_env", "register", "keys")
KEY_MODES: Final = ("rfc4733", "info", "inband", "auto")
A_KEY_MODE: Final = "it must be one of " + ", ".join(f'"{mode}"' for mode in KEY_MODES)


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """A named place to call."""

    uri: str
    jobs: int | None = None
    """Calls at once; None: as for every run."""
    ca: Path | None = None
    certificate: Path | None = None
    fingerprint: str = ""
    """See `ivrtest.call.tls.Tls`."""
    user: str = ""
    password_env: str = ""
    """The environment variable with the password, which has no place in a file."""
    register: str = ""
    """The SIP address to register before calling, and to call from."""
    keys: str = "rfc4733"
    """How to send keys, see `ivrtest.call.keys.KeyMode`."""


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """Which rules of the checker look, and how much what they find weighs."""

    select: tuple[str, ...] = ()
    """Empty: all."""
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    """By rule, where it is not the usual one."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What `ivrtest.toml` says, or the defaults."""

    flows: Path = Path("flows")
    scenarios: Path = Path("scenarios")
    reports: Path = Path("reports")
    exclude: tuple[Path, ...] = ()
    """Folders that are skipped when a folder above them is given."""
    check: CheckSettings = field(default_factory=CheckSettings)
    jobs: int = DEFAULT_JOBS
    allow: tuple[str, ...] = LOOPBACK
    targets: Mapping[str, TargetSettings] = field(default_factory=dict)
    path: Path | None = None
    """The file that was read."""


def load_settings(folder: Path = Path()) -> Settings:
    """Read the settings of a project folder; the defaults where there are none. Raises InputError."""
    for name, table in ((FILE_NAME, ()), ("pyproject.toml", ("tool", "ivrtest"))):
        path = folder / name
        try:
            source = Source(str(path), path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise InputError((finding(Source(str(path), ""), f'"{path}" cannot be read: {reason}'),)) from error
        return read_settings(source, path, within=table)
    return Settings()


def read_settings(source: Source, path: Path | None = None, *, within: tuple[str, ...] = ()) -> Settings:
    """Read settings from a text, from the table `within` it. Raises InputError with every mistake."""
    try:
        data = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise InputError((finding(source, f"this is not TOML: {error}"),)) from error
    for name in within:
        inner = data.get(name, {})
        data = inner if isinstance(inner, dict) else {}
    reader = Reader(source)
    reader.only(data, ("paths", "check", "run", "dial", "targets"), "")
    paths = reader.table(data, "paths", ("flows", "scenarios", "reports", "exclude"))
    run = reader.table(data, "run", ("jobs",))
    dial = reader.table(data, "dial", ("allow",))
    folders = {
        name: Path(value)
        for name in ("flows", "scenarios", "reports")
        if (value := reader.value(paths, f"paths.{name}", is_text, "it must be the path of a folder")) is not None
    }
    exclude = reader.value(paths, "paths.exclude", is_texts, "it must be a list of folders")
    jobs = reader.value(run, "run.jobs", is_count, A_COUNT)
    allow = reader.value(dial, "dial.allow", is_texts, 'it must be a list of patterns such as "sip:*@127.0.0.1"')
    check = read_check(reader, data)
    targets = read_targets(reader, data)
    if reader.findings:
        raise InputError(tuple(reader.findings))
    return Settings(
        **folders,
        exclude=tuple(Path(folder) for folder in exclude or ()),
        check=check,
        jobs=DEFAULT_JOBS if jobs is None else jobs,
        allow=LOOPBACK if allow is None else tuple(allow),
        targets=targets,
        path=path,
    )


def read_check(reader: Reader, data: Mapping[str, Any]) -> CheckSettings:
    table = reader.table(data, "check", ("select", "ignore", "severity"))
    if not table:
        return CheckSettings()
    # Imported where rules are named: few settings do, and most commands have no use for the rules.
    from ivrtest.check.selection import unknown_rule

    lists = {key: tuple(reader.value(table, f"check.{key}", is_texts, "it must be a list of rules") or ()) for key in ("select", "ignore")}
    weights = reader.table(table, "severity", within="check.")
    for key, names in (*lists.items(), ("severity", tuple(weights))):
        for name in names:
            if message := unknown_rule(name):
                reader.complain(f"check.{key}", message, at=name)
    severity = {}
    for name, weight in weights.items():
        if isinstance(weight, str) and weight in SEVERITIES:
            severity[name] = SEVERITIES[weight]
        else:
            expected = ", ".join(f'"{each}"' for each in SEVERITIES)
            reader.complain("check.severity", f'severity "{weight}" of rule "{name}" is none. it must be one of {expected}', at=name)
    return CheckSettings(lists["select"], lists["ignore"], severity)


def read_targets(reader: Reader, data: Mapping[str, Any]) -> dict[str, TargetSettings]:
    targets = {}
    declared = reader.table(data, "targets")
    for name in declared:
        table = reader.table(declared, name, TARGET_KEYS, within="targets.")
        uri = reader.value(table, f"targets.{name}.uri", is_text, A_URI, required=True)
        jobs = reader.value(table, f"targets.{name}.jobs", is_count, A_COUNT)
        files = {
            key: Path(value)
            for key in ("ca", "certificate")
            if (value := reader.value(table, f"targets.{name}.{key}", is_text, A_PEM_FILE)) is not None
        }
        fingerprint = reader.value(table, f"targets.{name}.fingerprint", is_fingerprint, A_FINGERPRINT)
        user = reader.value(table, f"targets.{name}.user", is_text, A_USER, required="password_env" in table)
        password_env = reader.value(table, f"targets.{name}.password_env", is_text, A_VARIABLE, required="user" in table)
        register = reader.value(table, f"targets.{name}.register", is_text, AN_ADDRESS)
        keys = reader.value(table, f"targets.{name}.keys", KEY_MODES.__contains__, A_KEY_MODE)
        targets[name] = TargetSettings(
            uri or "",
            jobs,
            **files,
            fingerprint=fingerprint or "",
            user=user or "",
            password_env=password_env or "",
            register=register or "",
            keys=keys or KEY_MODES[0],
        )
    return targets
