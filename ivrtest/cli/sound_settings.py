"""How sound travels, as the settings and the command line say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from ivrtest.cli.toml_reader import A_SWITCH, Reader, is_switch, is_texts

if TYPE_CHECKING:
    from ivrtest.call.sound import SoundOptions

CODEC_NAMES: Final = ("PCMU", "PCMA", "G722", "L16/8000", "L16/16000", "L16/44100", "opus")
"""As in `ivrtest.call.codecs`, which is not imported for settings that most commands have no use for."""
PTIMES_MS: Final = (10, 20, 30, 40, 50, 60)
SRTP_MODES: Final = ("off", "optional", "mandatory")
SOUND_KEYS: Final = ("codecs", "ptime", "srtp", "srtp_in_clear", "comfort_noise")
SOME_CODECS: Final = "it must be a list of some of " + ", ".join(f'"{name}"' for name in CODEC_NAMES)
A_PTIME: Final = "it must be 10, 20, 30, 40, 50 or 60 (ms)"
AN_SRTP_MODE: Final = 'it must be one of "off", "optional", "mandatory"'


@dataclass(frozen=True, slots=True)
class SoundSettings:
    """See `ivrtest.call.sound.SoundOptions`."""

    codecs: tuple[str, ...] = ()
    ptime_ms: int = 20
    srtp: str = "off"
    srtp_in_clear: bool = False
    comfort_noise: bool = False

    def options(self) -> SoundOptions:
        """Return what a line needs. Raises UsageError for what cannot be used on this machine."""
        from ivrtest.call.codecs import SoundError
        from ivrtest.call.sound import SoundOptions, Srtp

        try:
            return SoundOptions(self.codecs, self.ptime_ms, Srtp(self.srtp), self.srtp_in_clear, self.comfort_noise)
        except SoundError as error:
            raise click.UsageError(str(error)) from error


def read_sound(reader: Reader, table: Mapping[str, Any], place: str) -> SoundSettings:
    """Take the sound out of the table that is called `place`."""
    codecs = reader.value(table, f"{place}.codecs", is_codecs, SOME_CODECS)
    ptime = reader.value(table, f"{place}.ptime", is_ptime, A_PTIME)
    srtp = reader.value(table, f"{place}.srtp", SRTP_MODES.__contains__, AN_SRTP_MODE)
    return SoundSettings(
        tuple(codecs or ()),
        ptime or 20,
        srtp or "off",
        bool(reader.value(table, f"{place}.srtp_in_clear", is_switch, A_SWITCH)),
        bool(reader.value(table, f"{place}.comfort_noise", is_switch, A_SWITCH)),
    )


def is_codecs(value: object) -> bool:
    known = [name.lower() for name in CODEC_NAMES]
    return is_texts(value) and isinstance(value, list) and bool(value) and all(name.lower() in known for name in value)


def is_ptime(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in PTIMES_MS
