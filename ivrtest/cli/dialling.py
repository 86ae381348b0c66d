"""How to call a target, as the settings say."""

from __future__ import annotations

import os
import re
from typing import get_args

import click

from ivrtest.call.dialling import DialOptions
from ivrtest.call.keys import KeyMode
from ivrtest.call.limits import CallLimits
from ivrtest.call.name_service import name_server
from ivrtest.call.network import SILENT_S, Network
from ivrtest.call.permission import Permission
from ivrtest.call.tls import Tls, TlsError
from ivrtest.cli.settings import FILE_NAME, Settings
from ivrtest.cli.target_settings import TargetSettings
from ivrtest.sip.digest import Secret


def dial_options(called: TargetSettings | None, settings: Settings, keys: str | None = None) -> DialOptions:
    """Return how to call a target; None is the embedded IVR. `keys` wins over what the target says.

    Raises UsageError when its password is not there, and for certificates that cannot be used.
    """
    permission = permission_of(settings)
    mode = key_mode(keys or (called or settings.embedded).keys)
    if called is None:
        return DialOptions(permission=permission, keys=mode, sound=settings.embedded.sound.options())
    tls = Tls(called.ca, called.certificate, called.fingerprint)
    try:
        if called.ca is not None or called.certificate is not None:
            tls.client_context()
    except TlsError as error:
        raise click.UsageError(f'"{called.uri}" cannot be called: {error}') from error
    return DialOptions(
        permission=permission,
        tls=tls,
        secret=secret_of(called),
        register=called.register,
        proxy=called.proxy,
        failover=called.failover,
        network=network_of(called, settings),
        keys=mode,
        ping=called.ping,
        session_expires=called.session_expires,
        sound=called.sound.options(),
    )


def has_scheme(target: str) -> bool:
    """Return whether a target is written as a URI."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", target) is not None


def unknown_target(target: str, settings: Settings) -> str:
    """Return what to say of a target that is neither a URI nor a name."""
    known = ", ".join(f'"{name}"' for name in settings.targets)
    hint = f"the targets of {settings.path} are {known}" if known else f"{FILE_NAME} names no targets. give a SIP URI"
    if "@" in target:
        hint = f'did you mean "sip:{target}"?'
    return f'"{target}" is neither a URI nor the name of a target. {hint}'


def permission_of(settings: Settings) -> Permission:
    return Permission(settings.allow, settings.region, settings.strict)


def network_of(called: TargetSettings, settings: Settings) -> Network:
    return Network(
        name_server=name_server(settings.resolver) if settings.resolver else None,
        advertise=called.advertise,
        keep_alive_s=called.keep_alive,
        keep_alive_by=called.keep_alive_by,
        silent_s=called.failover_after or SILENT_S,
        limits=CallLimits(called.calls_at_once, called.calls_per_second),
    )


def key_mode(name: str) -> KeyMode:
    return next(mode for mode in get_args(KeyMode) if mode == name)


def secret_of(called: TargetSettings) -> Secret | None:
    """Return the name and the password for a target; None where it needs none. Raises UsageError when the password is not there."""
    if not called.user:
        return None
    if called.password:
        return Secret(called.user, called.password)
    if called.password_keyring:
        return Secret(called.user, password_in_keyring(called))
    password = os.environ.get(called.password_env)
    if password is None:
        raise click.UsageError(f'{missing(called)} is not there: set the environment variable "{called.password_env}" to it')
    return Secret(called.user, password)


def password_in_keyring(called: TargetSettings) -> str:
    """Return what the keyring of this machine has for a target. Raises UsageError."""
    service = called.password_keyring
    try:
        # An extra, and only for whoever keeps passwords there.
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise click.UsageError(
            f'{missing(called)} is in a keyring, and the package "keyring" is not installed. pip install "ivrtest[keyring]", '
            'or name an environment variable as "password_env"'
        ) from error
    try:
        password = keyring.get_password(service, called.user)
    except KeyringError as error:
        raise click.UsageError(
            f"{missing(called)} cannot be taken from the keyring: {str(error).rstrip('.') or type(error).__name__}. "
            'unlock it, or name an environment variable as "password_env"'
        ) from error
    if password is None:
        raise click.UsageError(f"{missing(called)} is not in the keyring. put it there: keyring set {service} {called.user}")
    return password


def missing(called: TargetSettings) -> str:
    return f'the password of "{called.user}" for "{called.uri}"'
