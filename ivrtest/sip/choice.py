"""Which of the audio sections of an offer is taken, with which codec and which keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ivrtest.sip.codec import Codec
from ivrtest.sip.grammar import shown
from ivrtest.sip.sdes import Crypto, Srtp, offered_keys
from ivrtest.sip.session_description import Media, RtpFormat, SessionDescription
from ivrtest.sip.terms import PROTOCOLS, SECURE_PROTOCOLS, TELEPHONE_EVENT, NegotiationError, NoAudio, NoCommonCodec, NoEncryption, Terms


def choose_section(remote: SessionDescription, terms: Terms) -> tuple[Media, Crypto | None]:
    """Return the section to take, and what we encrypt it with."""
    sections = [section for section in remote.media if section.kind == "audio" and section.port]
    if not sections:
        raise NoAudio("offer has no audio section that is in use")
    problem: NegotiationError | None = None
    usable: list[tuple[Media, Crypto | None]] = []
    for section in sections:
        try:
            usable.append((section, _answering_key(section, terms)))
        except NegotiationError as error:
            problem = problem or error
    with_codec = [(section, key) for section, key in usable if _find_codec(section, terms) is not None]
    if with_codec:
        return with_codec[0]
    if not usable and problem is not None:
        raise problem
    offered = [rtp_format for section, _ in usable for rtp_format in section.rtp_formats()]
    wanted = ", ".join(str(codec) for codec in terms.codecs)
    raise NoCommonCodec(f"no common codec: {listed(offered)} offered, {wanted} known")


def _answering_key(section: Media, terms: Terms) -> Crypto | None:
    """Return what we encrypt a section with that was offered; None: it is not encrypted. Raises NoAudio, NoEncryption."""
    if section.protocol in PROTOCOLS:
        found = _matching_key(section, terms) if terms.srtp is not Srtp.OFF else None
        if found is None and terms.srtp is Srtp.MANDATORY:
            raise NoEncryption(f"audio is offered over {shown(section.protocol)} without a key for SRTP, which is mandatory")
        return found
    if section.protocol not in SECURE_PROTOCOLS:
        known = " or ".join(f'"{protocol}"' for protocol in PROTOCOLS)
        raise NoAudio(f"audio is offered over {shown(section.protocol)} only. it must be {known}")
    if terms.srtp is Srtp.OFF:
        raise NoEncryption(f"audio is offered over {shown(section.protocol)} only, which needs SRTP, and that is off")
    found = _matching_key(section, terms)
    if found is None:
        suites = ", ".join(text.split(" ")[1] for text in section.attributes("crypto") if " " in text) or "no key"
        wanted = " or ".join(own.suite for own in terms.crypto)
        raise NoEncryption(f"audio is offered over {shown(section.protocol)} with {suites}. it must be {wanted}")
    return found


def _matching_key(section: Media, terms: Terms) -> Crypto | None:
    """Return our key for the first line that we know, under its tag (RFC 4568 section 5.1.2)."""
    for theirs in offered_keys(section):
        for own in terms.crypto:
            if own.suite == theirs.suite:
                return replace(own, tag=theirs.tag)
    return None


def choose_codec(section: Media, terms: Terms) -> tuple[Codec, RtpFormat]:
    found = _find_codec(section, terms)
    assert found is not None
    return found


def _find_codec(section: Media, terms: Terms) -> tuple[Codec, RtpFormat] | None:
    pairs = [(codec, own) for own in section.rtp_formats() for codec in terms.codecs if codec.carried_by(own)]
    return min(pairs, key=lambda pair: terms.codecs.index(pair[0]) if terms.own_order else 0, default=None)


def common_keys(ours: Media, theirs: Media) -> tuple[Crypto | None, Crypto | None]:
    """Return what we send with and what we receive with: the keys that both sides named by one tag."""
    for sent in offered_keys(ours):
        for received in offered_keys(theirs):
            if (sent.tag, sent.suite) == (received.tag, received.suite):
                return sent, received
    if ours.protocol in SECURE_PROTOCOLS or theirs.protocol in SECURE_PROTOCOLS:
        raise NoEncryption("no common key for SRTP, and without one there is no audio")
    return None, None


def listed(formats: Sequence[RtpFormat]) -> str:
    names = dict.fromkeys(f"{own.encoding}/{own.clock_rate}" for own in formats if own.encoding.lower() not in (TELEPHONE_EVENT, "cn"))
    return ", ".join(names) or "nothing"
