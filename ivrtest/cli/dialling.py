"""How to call a target, as the settings say."""

from __future__ import annotations

import os
from typing import get_args

import click

from ivrtest.call.dialling import DialOptions
from ivrtest.call.keys import KeyMode
from ivrtest.call.permission import Permission
from ivrtest.call.tls import Tls
from ivrtest.cli.settings import KEY_MODES, Settings, TargetSettings
from ivrtest.sip.digest import Secret


def dial_options(called: TargetSettings | None, settings: Settings, keys: str | None = None) -> DialOptions:
    """Return how to call a target; None is the embedded IVR. `keys` wins over what the target says.

    Raises UsageError when its password is not there.
    """
    permission = Permission(settings.allow)
    mode = key_mode(keys or (called.keys if called is not None else KEY_MODES[0]))
    if called is None:
        return DialOptions(permission=permission, keys=mode)
    return DialOptions(
        permission=permission,
        tls=Tls(called.ca, called.certificate, called.fingerprint),
        secret=secret_of(called),
        register=called.register,
        keys=mode,
    )


def key_mode(name: str) -> KeyMode:
    return next(mode for mode in get_args(KeyMode) if mode == name)


def secret_of(called: TargetSettings) -> Secret | None:
    """Return the name and the password for a target; None where it needs none. Raises UsageError when the password is not there."""
    if not called.user:
        return None
    password = os.environ.get(called.password_env)
    if password is None:
        raise click.UsageError(
            f'the password of "{called.user}" for "{called.uri}" is not there: set the environment variable "{called.password_env}" to it'
        )
    return Secret(called.user, password)
