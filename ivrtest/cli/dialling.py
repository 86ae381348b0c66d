"""How to call a target, as the settings say."""

from __future__ import annotations

from ivrtest.call.dialling import DialOptions
from ivrtest.call.permission import Permission
from ivrtest.call.tls import Tls
from ivrtest.cli.settings import Settings, TargetSettings


def dial_options(called: TargetSettings | None, settings: Settings) -> DialOptions:
    """Return how to call a target; None is the embedded IVR."""
    permission = Permission(settings.allow)
    if called is None:
        return DialOptions(permission=permission)
    return DialOptions(permission=permission, tls=Tls(called.ca, called.certificate, called.fingerprint))
