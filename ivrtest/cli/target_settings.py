"""`[targets.NAME]` in `ivrtest.toml`: whom to call, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Literal

from ivrtest.cli.sound_settings import SOUND_KEYS, SoundSettings, read_sound
from ivrtest.cli.toml_reader import (
    A_COUNT,
    A_SWITCH,
    Reader,
    is_address,
    is_addresses,
    is_count,
    is_fingerprint,
    is_positive,
    is_switch,
    is_text,
)
from ivrtest.source.finding import Finding

BY_PYVOIP: Final = "pyvoip:"
"""Before a number that pyVoIP calls."""
A_URI: Final = 'it must be a SIP URI such as "sip:ivr@127.0.0.1:5060"'
A_PEM_FILE: Final = "it must be the path of a PEM file"
A_FINGERPRINT: Final = "it must be the SHA-256 of a certificate, as openssl x509 -noout -fingerprint -sha256 prints it"
A_PROXY: Final = 'it must be the SIP URI of a proxy, such as "sip:sbc.example.com"'
A_LIST: Final = 'it must be a list of SIP URIs such as "sip:ivr@127.0.0.1:5060"'
A_TIME: Final = "it must be a number of seconds above 0"
AN_INTERVAL: Final = "it must be a number of seconds above 0, or 0 for none"
A_KEEP_ALIVE: Final = 'it must be "crlf" or "stun"'
A_RATE: Final = "it must be a number above 0"
AN_IP_ADDRESS: Final = 'it must be an IP address such as "203.0.113.7"'
A_SERVICE: Final = "it must be the name of the service under which the keyring has the password"
A_USER: Final = "it must be the name that goes with the password"
A_VARIABLE: Final = "it must name the environment variable that holds the password"
AN_ADDRESS: Final = 'it must be a SIP address with a user, such as "sip:1001@pbx.example.com"'
WAYS_TO_A_PASSWORD: Final = ("password_env", "password_keyring", "password")
NOT_IN_CLEAR: Final = (
    'name the environment variable that holds it as "password_env", or its service in the keyring as "password_keyring"; '
    'or set "dial.allow_clear_passwords" to true'
)
TARGET_KEYS: Final = (
    *("uri", "failover", "failover_after", "proxy", "jobs", "calls_at_once", "calls_per_second", "advertise", "keep_alive"),
    *("keep_alive_by", "ping", "session_expires"),
    *("ca", "certificate", "fingerprint", "user", *WAYS_TO_A_PASSWORD, "register", "keys", *SOUND_KEYS),
)
SHORTEST_SESSION_S: Final = 90
"""RFC 4028 section 5."""
A_SESSION_TIME: Final = f"it must be a whole number of seconds, {SHORTEST_SESSION_S} at least"
KEY_MODES: Final = ("rfc4733", "info", "info-dtmf", "inband", "auto")
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
    password_keyring: str = ""
    """The service under which the keyring has the password."""
    password: str = field(default="", repr=False)
    """In clear: only where `dial.allow_clear_passwords` says so."""
    failover: tuple[str, ...] = ()
    """Whom to call where the target cannot be reached, says nothing, or is out of service."""
    failover_after: float | None = None
    """How long a target may say nothing, in seconds; None: as long as usual."""
    proxy: str = ""
    calls_at_once: int | None = None
    calls_per_second: float | None = None
    """What the target bears; None: anything."""
    advertise: str = ""
    """Our IP address as the far side sees it; empty: the one that we have."""
    keep_alive: float | None = None
    """Seconds between two keep-alives; 0: none; None: where a NAT is on the way, and over connections."""
    keep_alive_by: Literal["crlf", "stun"] = "crlf"
    ping: bool = False
    """Whether to ask the target whether it is there, before a run."""
    session_expires: int | None = None
    """Seconds after which a call is over that nobody refreshes (RFC 4028). None: as the target wants."""
    sound: SoundSettings = field(default_factory=SoundSettings)
    warnings: tuple[Finding, ...] = ()
    """What whoever calls it is told: a setting that has no effect."""


def read_targets(reader: Reader, data: Mapping[str, Any], *, allow_clear_passwords: bool) -> dict[str, TargetSettings]:
    targets = {}
    declared = reader.table(data, "targets")
    for name in declared:
        table = reader.table(declared, name, TARGET_KEYS, within="targets.")
        uri = reader.value(table, f"targets.{name}.uri", is_address, A_URI, required=True)
        jobs = reader.value(table, f"targets.{name}.jobs", is_count, A_COUNT)
        files = {
            key: Path(value)
            for key in ("ca", "certificate")
            if (value := reader.value(table, f"targets.{name}.{key}", is_text, A_PEM_FILE)) is not None
        }
        fingerprint = reader.value(table, f"targets.{name}.fingerprint", is_fingerprint, A_FINGERPRINT)
        given = [way for way in WAYS_TO_A_PASSWORD if way in table]
        user = reader.value(table, f"targets.{name}.user", is_text, A_USER, required=bool(given))
        password_env = reader.value(table, f"targets.{name}.password_env", is_text, A_VARIABLE, required="user" in table and not given)
        password_keyring = reader.value(table, f"targets.{name}.password_keyring", is_text, A_SERVICE)
        if len(given) > 1:
            ways = " and ".join(f'"{way}"' for way in given)
            reader.complain(f"targets.{name}", f'target "{name}" has {ways}. one of them must do')
        # The place is the target's: the line of the password would be shown with what stands in it.
        if "password" in table and not allow_clear_passwords:
            reader.complain(f"targets.{name}", f'the password of target "{name}" stands in clear. {NOT_IN_CLEAR}')
        elif "password" in table and not is_text(table["password"]):
            reader.complain(f"targets.{name}", f'the password of target "{name}" must be a text')
        register = reader.value(table, f"targets.{name}.register", is_address, AN_ADDRESS)
        keys = reader.value(table, f"targets.{name}.keys", KEY_MODES.__contains__, A_KEY_MODE)
        failover = reader.value(table, f"targets.{name}.failover", is_addresses, A_LIST)
        proxy = reader.value(table, f"targets.{name}.proxy", is_address, A_PROXY)
        advertise = reader.value(table, f"targets.{name}.advertise", is_ip_address, AN_IP_ADDRESS)
        failover_after = reader.value(table, f"targets.{name}.failover_after", is_positive, A_TIME)
        keep_alive = reader.value(table, f"targets.{name}.keep_alive", is_interval, AN_INTERVAL)
        targets[name] = TargetSettings(
            uri or "",
            jobs,
            failover=tuple(failover or ()),
            failover_after=failover_after,
            proxy=proxy or "",
            calls_at_once=reader.value(table, f"targets.{name}.calls_at_once", is_count, A_COUNT),
            calls_per_second=reader.value(table, f"targets.{name}.calls_per_second", is_positive, A_RATE),
            advertise=advertise or "",
            keep_alive=keep_alive,
            keep_alive_by=reader.value(table, f"targets.{name}.keep_alive_by", is_keep_alive, A_KEEP_ALIVE) or "crlf",
            ping=reader.value(table, f"targets.{name}.ping", is_switch, A_SWITCH) or False,
            session_expires=reader.value(table, f"targets.{name}.session_expires", is_session_time, A_SESSION_TIME),
            sound=read_sound(reader, table, f"targets.{name}"),
            password_keyring=password_keyring or "",
            password=str(table["password"]) if "password" in table else "",
            ca=files.get("ca"),
            certificate=files.get("certificate"),
            fingerprint=fingerprint or "",
            user=user or "",
            password_env=password_env or "",
            register=register or "",
            keys=keys or KEY_MODES[0],
        )
    return targets


def is_session_time(value: object) -> bool:
    return is_count(value) and isinstance(value, int) and value >= SHORTEST_SESSION_S


def is_keep_alive(value: object) -> bool:
    return value in ("crlf", "stun")


def is_interval(value: object) -> bool:
    return is_positive(value) or (value == 0 and not isinstance(value, bool))


def is_ip_address(value: object) -> bool:
    try:
        return is_text(value) and bool(ip_address(str(value)))
    except ValueError:
        return False
