"""How a scenario places its call: who the caller says she is, which headers go along, what is done when the call is sent on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivrtest.scenario.steps.fields import RULE
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.presentation import Presentation, check_headers, party_uri
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span
from ivrtest.source.yaml import DataPath, Document

_ANY_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Calling:
    """What goes along with the call of a scenario."""

    presentation: Presentation = field(default_factory=Presentation)
    secret_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers whose value is in an environment variable, by the header's name, and is shown nowhere."""
    follow_transfers: bool = False
    """Whether the call goes on where the IVR transfers it to; else a transfer is only told."""
    late_offer: bool = False
    """Whether the INVITE asks for the IVR's session description instead of making an offer."""
    span: Span | None = None


def read_calling(document: Document, data: Mapping[str, Any], findings: list[Finding]) -> Calling:
    """Read the `call` of a scenario whose shape is right. What is wrong with its values goes into `findings`."""
    reader = _Reader(document, findings)
    headers: dict[str, str] = {}
    secret: dict[str, str] = {}
    for name, value in data.get("headers", {}).items():
        place: DataPath = ("call", "headers", name)
        if isinstance(value, dict):
            reader.header(name, "", place)
            secret[name] = value["env"]
        else:
            reader.header(name, str(value), place)
            headers[name] = str(value)
    diverted_by = tuple(reader.party(party, ("call", "diverted_by", index)) for index, party in enumerate(data.get("diverted_by", ())))
    presentation = Presentation(
        name=data.get("name", ""),
        withheld=data.get("withheld", False),
        asserted=reader.party(data.get("asserted", ""), ("call", "asserted")),
        preferred=reader.party(data.get("preferred", ""), ("call", "preferred")),
        diverted_by=diverted_by,
        diverted_because=data.get("diverted_because", "unconditional"),
        headers=headers,
    )
    return Calling(
        presentation,
        secret,
        follow_transfers=data.get("transfers", "tell") == "follow",
        late_offer=data.get("offer", "early") == "late",
        span=document.key_span(("call",)),
    )


def read_headers(document: Document, path: DataPath, data: Mapping[str, Any], findings: list[Finding]) -> dict[str, str]:
    """Read headers that stand at `path`, whose shape is right."""
    reader = _Reader(document, findings)
    for name, value in data.items():
        reader.header(name, str(value), (*path, name))
    return {name: str(value) for name, value in data.items()}


@dataclass(frozen=True, slots=True)
class _Reader:
    document: Document
    findings: list[Finding]

    def party(self, text: str, path: DataPath) -> str:
        if text:
            try:
                party_uri(text, _ANY_HOST)
            except SipSyntaxError:
                self.complain(f'"{text}" is no party. write a phone number or a SIP URI such as "sip:1001@pbx.example.com"', path)
        return text

    def header(self, name: str, value: str, path: DataPath) -> None:
        try:
            check_headers({name: value})
        except SipSyntaxError as error:
            self.complain(str(error), path)

    def complain(self, message: str, path: DataPath) -> None:
        self.findings.append(Finding(RULE, Severity.ERROR, message, self.document.span(path)))
