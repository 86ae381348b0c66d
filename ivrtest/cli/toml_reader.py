"""TOML data, taken apart with every mistake noted at its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Source, Span

A_COUNT: Final = "it must be a whole number of at least 1"
A_SWITCH: Final = 'it must be "true" or "false"'


def is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def is_fingerprint(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"(?i)[0-9a-f]{64}|([0-9a-f]{2}:){31}[0-9a-f]{2}", value) is not None


def is_texts(value: object) -> bool:
    return isinstance(value, list) and all(is_text(item) for item in value)


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


def is_switch(value: object) -> bool:
    return isinstance(value, bool)


def is_address(value: object) -> bool:
    """Whether a value is the URI of somebody who can be called."""
    # Imported where somebody is called: a check of flows needs no SIP.
    from ivrtest.sip.grammar import SipSyntaxError
    from ivrtest.sip.uri import parse_uri

    try:
        return isinstance(value, str) and bool(parse_uri(value))
    except SipSyntaxError:
        return False


def is_addresses(value: object) -> bool:
    return is_texts(value) and isinstance(value, list) and all(is_address(item) for item in value)


def is_patterns(value: object) -> bool:
    """Whether a value is a list of patterns for URIs: one without a scheme would allow nobody."""
    return is_texts(value) and isinstance(value, list) and all(":" in item or "*" in item for item in value)


def shown(value: object) -> str:
    """Return a value in double quotes; of a list each of its own."""
    if isinstance(value, list):
        return f"[{', '.join(shown(item) for item in value)}]"
    return f'"{str(value).lower() if isinstance(value, bool) else value}"'


class Reader:
    """Takes values out of TOML data and collects what is wrong with them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.findings: list[Finding] = []

    def table(self, data: Mapping[str, Any], name: str, keys: tuple[str, ...] | None = None, within: str = "") -> Mapping[str, Any]:
        """Return a table that may hold `keys` only; empty where there is none."""
        table = data.get(name, {})
        if not isinstance(table, dict):
            self.complain(within + name, f'"{within}{name}" must be a table: [{within}{name}]')
            return {}
        if keys is not None:
            self.only(table, keys, f"{within}{name}.")
        return table

    def only(self, table: Mapping[str, Any], keys: tuple[str, ...], prefix: str) -> None:
        for key in table:
            if key not in keys:
                near = get_close_matches(key, keys, n=1)
                hint = f'did you mean "{prefix}{near[0]}"?' if near else "expected " + " or ".join(f'"{prefix}{name}"' for name in keys)
                self.complain(prefix + key, f'unknown setting "{prefix}{key}". {hint}')

    def value(self, table: Mapping[str, Any], name: str, right: Callable[[object], bool], rule: str, *, required: bool = False) -> Any:
        key = name.rpartition(".")[2]
        if key not in table:
            if required:
                self.complain(name.rpartition(".")[0], f'"{name}" is missing. {rule}')
            return None
        value = table[key]
        if not right(value):
            self.complain(name, f'"{name}" is {shown(value)}. {rule}')
            return None
        return value

    def complain(self, name: str, message: str, at: str = "") -> None:
        self.findings.append(finding(self.source, message, name, at))


def finding(source: Source, message: str, name: str = "", at: str = "") -> Finding:
    """Blame the line that holds a setting, or in it (or in the lines after it) the word `at`, as it stands in quotes or as a key.

    TOML's reader gives no places, so they are looked for.
    """
    table, _, key = name.rpartition(".")
    current = ""
    for number, line in enumerate(source.lines, 1):
        bare = line.strip()
        if bare.startswith("["):
            current = bare.partition("]")[0].strip("[ ").removeprefix("tool.ivrtest").removeprefix(".")
        if name and (current == name or (current == table and bare.partition("=")[0].strip().strip('"') == key)):
            column = line.index(bare[0]) + 1
            span = Span(source, number, column, number, column + len(bare))
            return Finding("settings", Severity.ERROR, message, word_after(span, at) if at else span)
    return Finding("settings", Severity.ERROR, message, source.whole())


def word_after(span: Span, word: str) -> Span:
    """Return where a word stands in a setting's value, which may go on over further lines; the setting itself if it is not found."""
    there = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    for number in range(span.line, len(span.source.lines) + 1):
        # On its first line the setting's own name comes first.
        start = span.source.line(number).find("=") + 1 if number == span.line else 0
        if found := there.search(span.source.line(number), start):
            return Span(span.source, number, found.start() + 1, number, found.end() + 1)
    return span
