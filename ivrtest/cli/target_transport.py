"""Whether what the settings say of a target fits the way to it: transports that can be spoken, and TLS where something needs it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ivrtest.cli.target_settings import BY_PYVOIP, TargetSettings
from ivrtest.cli.toml_reader import Reader, finding
from ivrtest.source.finding import Finding, Severity

if TYPE_CHECKING:
    from ivrtest.sip.uri import SipUri

ANOTHER_TARGET = 'give a "sips:" target'


def check_transport(reader: Reader, name: str, target: TargetSettings) -> tuple[Finding, ...]:
    """Complain of transports that cannot be spoken, of certificates that nobody would look at, and of SRTP that must be and cannot be
    secret: every call would end with that, or nobody would see it. Return what whoever calls it should know."""
    # Imported where there are targets: a check of flows needs no SIP.
    from ivrtest.sip.grammar import SipSyntaxError
    from ivrtest.sip.transport import asked_transport, may_use_tls

    def complain(setting: str, message: str) -> None:
        reader.complain(f"targets.{name}.{setting}", f'"targets.{name}.{setting}" {message}')

    def over_tls(setting: str) -> str:
        return f'write ";transport=tls" at the end of "targets.{name}.{setting}"'

    ways = ways_to(target)
    for setting, uri in ways:
        try:
            asked_transport(uri)
        except SipSyntaxError as error:
            complain(setting, f'cannot be "{uri}": {error}')
            return ()
    by_pyvoip = target.uri.startswith(BY_PYVOIP)
    if by_pyvoip or not any(may_use_tls(uri) for _, uri in ways):
        instead = ANOTHER_TARGET if by_pyvoip else over_tls("proxy" if target.proxy else "uri")
        for setting, value in (("ca", target.ca), ("certificate", target.certificate), ("fingerprint", target.fingerprint)):
            if value and target.uri:
                complain(setting, f'is for TLS, and "{target.uri}" is called without it. {instead}, or leave "{setting}" out')
    if target.sound.srtp == "off" or (target.sound.srtp_in_clear and not by_pyvoip):
        return ()
    mandatory = target.sound.srtp == "mandatory"
    key = f"targets.{name}.srtp"
    it_is = f'"{key}" is "{target.sound.srtp}", and'
    if by_pyvoip:
        told = f'{it_is} pyVoIP, which calls "{target.uri}", encrypts nothing. {ANOTHER_TARGET}, or leave "srtp" out'
    else:
        placed = [way for way in ways if way[0] == "proxy"] or [way for way in ways if way[0] != "register"]
        bare = [way for way in placed if (asked_transport(way[1]) != "tls" if mandatory else not may_use_tls(way[1]))]
        if not bare:
            return ()
        setting, uri = bare[0]
        in_clear = f'set "targets.{name}.srtp_in_clear" to "true"'
        if mandatory:
            why = f'its key would go to "{uri}", perhaps without TLS, so that everybody on the way could read it'
            told = f"{it_is} {why}. {over_tls(setting)}, or {in_clear}"
        else:
            why = f'"{uri}" is called without TLS, where everybody on the way could read its key: sound is not encrypted'
            told = f'{it_is} {why}. {over_tls(setting)}, {in_clear}, or leave "srtp" out'
    if not mandatory:
        return (replace(finding(reader.source, told, key), severity=Severity.WARNING),)
    reader.complain(key, told)
    return ()


def ways_to(target: TargetSettings) -> list[tuple[str, SipUri]]:
    """Return the SIP URIs that requests are sent to, and the settings that hold them."""
    from ivrtest.sip.uri import SipUri, parse_uri

    failover = [("failover", uri) for uri in target.failover]
    written = [("uri", target.uri), *failover, ("proxy", target.proxy), ("register", target.register)]
    # What could not be read was complained of before, and is empty.
    read = [(setting, parse_uri(text)) for setting, text in written if text]
    return [(setting, uri) for setting, uri in read if isinstance(uri, SipUri)]
