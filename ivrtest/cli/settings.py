"""`ivrtest.toml`: targets by name, limits, and whom a run may call. The command line wins over it.

Where there is no `ivrtest.toml`, the same tables may stand in `pyproject.toml` under `[tool.ivrtest]`.

[paths]
flows = "flows"
scenarios = "scenarios"
reports = "reports"

[quality]
loss = "<= 1 %"                     # what holds for the quality of every call, unless its scenario says otherwise

[hearing]
engine = "vosk"                     # what recognises speech, where prompts are known by their words: also "faster-whisper", "pocketsphinx"
models = {en = "models/vosk-model-en-us-0.22", es = {env = "VOSK_ES"}}   # ... models that you supply, by language; nothing is fetched
word_errors = 0.1                   # ... the share of words that come out wrong; if left out, as "ivrtest prompts transcribe" measured it

[check]
ignore = ["menu-too-long"]          # rules that do not look; select = [...] lists those that do
severity = {"unused-prompt" = "error"}

[run]
jobs = 8                            # calls at once

[dial]
allow = ["sip:*@127.0.0.1", "sip:*@ivr.staging.example.com"]
strict = false                      # whether requests within a call, and its sound, only go to hosts on that list or where the call went
region = "US"                       # whose numbers are dialled: its emergency and premium numbers are refused as they are written there
resolver = "192.0.2.53"             # the name server to ask, as ADDRESS or ADDRESS:PORT; without it that of this machine
allow_clear_passwords = false       # whether a password may stand in this file

[embedded]
codecs = ["G722"]                   # how a run without target speaks with the embedded IVR: codecs, ptime, srtp, comfort_noise, keys

[targets.staging]
uri = "sip:+18005550100@ivr.staging.example.com;transport=tls"
failover = ["sip:+18005550100@ivr2.staging.example.com;transport=tls"]   # whom to call where nobody is there or in service
failover_after = 8                  # ... after so many seconds without a SIP response
proxy = "sip:sbc.staging.example.com;transport=tls"   # the proxy to send calls through
jobs = 2
calls_at_once = 4                   # what the target bears, whatever "jobs" and the command line say; whoever wants more waits
calls_per_second = 0.5              # ... and new calls, evenly spaced
advertise = "203.0.113.7"           # our address as the far side sees it, behind a NAT that forwards our ports
keep_alive = 25                     # seconds between small messages that keep a NAT open; 0: none. by default 25 over UDP where the
                                    # target sees another address than ours, and 100 over TCP and TLS
keep_alive_by = "stun"              # over UDP: by STUN, which tells when a NAT has changed, or by empty lines ("crlf", the default)
ping = true                         # asks whether the target is there (OPTIONS) before a run
session_expires = 1800              # ends a call that nobody refreshes for so many seconds (RFC 4028)
ca = "staging-ca.pem"               # over TLS: whom to trust, in place of the authorities that this machine trusts
certificate = "tester.pem"          # ... our certificate and its key, for servers that ask for one
fingerprint = "3A:5B:..."           # ... the SHA-256 of the only certificate to accept, whoever signed it
user = "1001"                       # for whoever asks for a name and a password
password_env = "IVR_PASSWORD"       # ... the environment variable that holds the password
password_keyring = "ivr"            # ... or the service under which the keyring of this machine has it
register = "sip:1001@staging.example.com"   # the address to register, and to call from
keys = "info"                       # how to send keys: "rfc4733" (events; the default), "info" (dtmf-relay), "info-dtmf", "inband", "auto"
codecs = ["opus", "PCMU"]           # what to speak, best first: "PCMU", "PCMA", "G722", "L16/8000", "L16/16000", "L16/44100", "opus"
ptime = 20                          # milliseconds of sound that we would like to get in each packet: 10 to 60
srtp = "optional"                   # whether sound is encrypted: "off" (the default), "optional", "mandatory"
srtp_in_clear = false               # ... also where SIP is not, so that everybody on the way can read the key: for labs
comfort_noise = false               # whether to send comfort noise (RFC 3389) in place of silence
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ivrtest.cli.check_settings import CheckSettings, read_check
from ivrtest.cli.hearing_settings import HearingSettings, read_hearing
from ivrtest.cli.sound_settings import SOUND_KEYS, SoundSettings, read_sound
from ivrtest.cli.target_settings import A_KEY_MODE, KEY_MODES, TargetSettings, read_targets
from ivrtest.cli.target_transport import check_transport
from ivrtest.cli.toml_reader import (
    A_COUNT,
    A_SWITCH,
    Reader,
    finding,
    is_count,
    is_patterns,
    is_switch,
    is_text,
    is_texts,
)
from ivrtest.scenario.quality import MEASURES, Limit, parse_limit
from ivrtest.source.finding import InputError
from ivrtest.source.system import unread
from ivrtest.source.text import Source

FILE_NAME: Final = "ivrtest.toml"
LOOPBACK: Final = ("sip:*@127.0.0.1", "sip:*@[::1]", "sip:*@localhost")
DEFAULT_JOBS: Final = 8
DEFAULT_KEPT: Final = 10
A_NAME_SERVER: Final = 'it must be the IP address of a name server, such as "192.0.2.53" or "127.0.0.1:5353"'
A_REGION: Final = 'it must be the two letters of a country, such as "US"'


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    """How a run without target speaks with the embedded IVR."""

    keys: str = "rfc4733"
    """How to send keys, see `ivrtest.call.keys.KeyMode`."""
    sound: SoundSettings = field(default_factory=lambda: SoundSettings(srtp_in_clear=True))
    """Its calls leave this machine at no time, so there is nobody on the way who could read a key for SRTP."""


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
    keep: int = DEFAULT_KEPT
    """Runs whose recordings stay in the folder of reports."""
    allow: tuple[str, ...] = LOOPBACK
    strict: bool = False
    """See `Permission.strict`."""
    region: str = ""
    """The country whose numbers are dialled; empty: none in particular."""
    resolver: str = ""
    """The name server to ask; empty: that of this machine."""
    targets: Mapping[str, TargetSettings] = field(default_factory=dict)
    embedded: EmbeddedSettings = field(default_factory=EmbeddedSettings)
    quality: Mapping[str, Limit] = field(default_factory=dict)
    """Limits for the quality of every call, by measure."""
    hearing: HearingSettings = field(default_factory=HearingSettings)
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
            reason = unread(error) if isinstance(error, OSError) else "it is not UTF-8 text"
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
    reader.only(data, ("paths", "check", "run", "dial", "quality", "hearing", "embedded", "targets"), "")
    paths = reader.table(data, "paths", ("flows", "scenarios", "reports", "exclude"))
    run = reader.table(data, "run", ("jobs", "keep"))
    dial = reader.table(data, "dial", ("allow", "strict", "region", "resolver", "allow_clear_passwords"))
    folders = {
        name: Path(value)
        for name in ("flows", "scenarios", "reports")
        if (value := reader.value(paths, f"paths.{name}", is_text, "it must be the path of a folder")) is not None
    }
    exclude = reader.value(paths, "paths.exclude", is_texts, "it must be a list of folders")
    jobs = reader.value(run, "run.jobs", is_count, A_COUNT)
    keep = reader.value(run, "run.keep", is_count, A_COUNT)
    allow = reader.value(dial, "dial.allow", is_patterns, 'it must be a list of patterns such as "sip:*@127.0.0.1"')
    strict = reader.value(dial, "dial.strict", is_switch, A_SWITCH)
    region = reader.value(dial, "dial.region", is_region, A_REGION)
    resolver = reader.value(dial, "dial.resolver", is_name_server, A_NAME_SERVER)
    clear = reader.value(dial, "dial.allow_clear_passwords", is_switch, A_SWITCH)
    check = read_check(reader, data)
    quality = read_quality(reader, data)
    hearing = read_hearing(reader, data)
    embedded = read_embedded(reader, data)
    targets = read_targets(reader, data, allow_clear_passwords=bool(clear))
    targets = {name: replace(target, warnings=check_transport(reader, name, target)) for name, target in targets.items()}
    if reader.findings:
        raise InputError(tuple(reader.findings))
    return Settings(
        **folders,
        exclude=tuple(Path(folder) for folder in exclude or ()),
        check=check,
        jobs=DEFAULT_JOBS if jobs is None else jobs,
        keep=DEFAULT_KEPT if keep is None else keep,
        allow=LOOPBACK if allow is None else tuple(allow),
        strict=bool(strict),
        region=region or "",
        resolver=resolver or "",
        targets=targets,
        embedded=embedded,
        quality=quality,
        hearing=hearing,
        path=path,
    )


def read_quality(reader: Reader, data: Mapping[str, Any]) -> dict[str, Limit]:
    table = reader.table(data, "quality", tuple(MEASURES))
    limits = {}
    for measure in table:
        if measure not in MEASURES:
            continue
        match parse_limit(measure, table[measure], finding(reader.source, "", f"quality.{measure}").span):
            case Limit() as limit:
                limits[measure] = limit
            case message:
                reader.complain(f"quality.{measure}", message)
    return limits


def read_embedded(reader: Reader, data: Mapping[str, Any]) -> EmbeddedSettings:
    table = reader.table(data, "embedded", ("keys", *(key for key in SOUND_KEYS if key != "srtp_in_clear")))
    keys = reader.value(table, "embedded.keys", KEY_MODES.__contains__, A_KEY_MODE)
    return EmbeddedSettings(keys or KEY_MODES[0], replace(read_sound(reader, table, "embedded"), srtp_in_clear=True))


def is_name_server(value: object) -> bool:
    # Imported where it is needed: a check from the shell needs no sockets.
    from ivrtest.call.name_service import name_server

    try:
        return is_text(value) and bool(name_server(str(value)))
    except ValueError:
        return False


def is_region(value: object) -> bool:
    # Imported where a region is named: few settings do.
    from phonenumbers import SUPPORTED_REGIONS

    return value in SUPPORTED_REGIONS
