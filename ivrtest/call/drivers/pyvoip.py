"""Calls by pyVoIP 1.6 (extra `pyvoip`), for lines that it can register and our own SIP, for whatever reason, shall not.

`pyvoip:1001` calls the number 1001 at the registrar of the target's `register`. Its limits are pyVoIP's, and `LIMITS` names them; a test
holds every driver to what it says here. One phone is registered for each call, from a port of its own.
"""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import warnings
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import numpy as np

from ivrtest.audio.tones import dtmf
from ivrtest.call.call import SAMPLE_RATE, Answered, Block, CallEvent, ChangeMethod, Ended, KeyHeard, KeySent, PlaybackEnded, Samples
from ivrtest.call.dialling import DialOptions, own_host
from ivrtest.call.impairment import Impairment
from ivrtest.call.line import LineError
from ivrtest.call.own_thread import in_own_thread
from ivrtest.call.recording import Recording
from ivrtest.rtp.dtmf import USUAL_KEY, KeyForm, checked_keys
from ivrtest.sip.uri import SipUri, parse_uri

SCHEMES = ("pyvoip",)

LIMITS: Final = (
    "keys are sent as tones in the sound, never as RTP events or INFO",
    "a key of the far side is heard by its first packet: where that is lost, so is the key",
    "sound has 8 bits of linear PCM, 48 dB between the loudest and the softest",
    "sound is heard 60 ms late, and nothing before the answer: no ringing, no early media",
    "a refusal is told without its status, and only 404 and 503 are told at all; others look like a line that rings for ever",
    "a call that is not answered yet cannot be taken back",
    "routes (Record-Route) are ignored, so a registrar must be a switchboard that stays in the call, or find the way itself",
    "no transfer, no SIP headers, no TCP, no TLS, no IPv6, and no answer to a 407",
)
"""What a call by pyVoIP cannot do, where `Call` says otherwise."""

NOT_INSTALLED: Final = 'targets with "pyvoip:" need pyVoIP, which is not installed. pip install "ivrtest[pyvoip]"'
RING_S: Final = 60.0
REGISTER_S: Final = 10.0
STOP_S: Final = 3.0
PLACE_S: Final = 10.0
"""How long the registrar may take to answer at all."""
FRAME: Final = SAMPLE_RATE // 50
DELAY: Final = 3 * FRAME
"""Samples that wait before they are heard: packets that come a little late still find their place."""
_REGISTERED: Final = "REGISTERED"
_FAILED: Final = "FAILED"
OK: Final = 200
POLL_S: Final = 0.02
RECEIVING_S: Final = 1.1
"""pyVoIP begins to listen a second after it has registered. A call before that would miss its own answer."""
_WAKE: Final = b"\0\0\0\0"
"""A datagram that is no message: pyVoIP takes note of it, and gives up waiting."""
_HOLE: Final = bytes(FRAME)
"""What pyVoIP has where no packet came. Sound never is that: it would be the lowest value for 20 ms."""
_QUIET: Final = 0x80


@asynccontextmanager
async def dial(target: str, options: DialOptions) -> AsyncIterator[PyVoipCall]:
    """Register a phone, call `pyvoip:NUMBER` from it, and hang up at the end of the block.

    Raises DialRefused when the number may not be called, LineError when pyVoIP is not there or the phone cannot be registered.
    """
    number = target.partition(":")[2].removeprefix("//")
    server = _registrar(target, number, options)
    called = SipUri(user=number, host=server.host, port=server.port)
    options.permission.check(called)
    phone = _phone(server, options, options.host or await own_host(str(server), options.network.resolver()))
    try:
        await _registered(phone, options.register, server)
        call = PyVoipCall(phone, number, str(called), options)
        try:
            yield call
        finally:
            await call.hang_up()
    finally:
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(STOP_S):
                await in_own_thread(phone.stop)


class PyVoipCall:
    """A call by pyVoIP. A `Call`, within `LIMITS`. Its clock begins when it is placed."""

    def __init__(self, phone: Any, number: str, called: str, options: DialOptions) -> None:
        self._phone = phone
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._call: Any = None
        self._placing = in_own_thread(lambda: phone.call(number))
        self._to_send: deque[tuple[int | None, Samples]] = deque()
        """What goes out next: the key that it is, or None, and its samples."""
        self._playing: Samples | None = None
        self._loops = False
        self._played = 0
        self._key_began: float | None = None
        self._key_left = 0
        self._keys: deque[tuple[str, Samples]] = deque()
        self._heard_to: int | None = None
        """How many samples of pyVoIP's buffer have been taken."""
        self._heard: list[Samples] = []
        self._sent: list[Samples] = []
        self._we_hung_up = False
        self.id = ""
        self.caller = options.caller or options.register
        self.called = called

    @property
    def now(self) -> float:
        return self._loop.time() - self._began

    def recording(self) -> Recording:
        """Return both sides so far."""
        nothing = np.zeros(0, np.int16)
        return Recording(heard=np.concatenate([nothing, *self._heard]), sent=np.concatenate([nothing, *self._sent]))

    def unheard(self) -> None:
        """pyVoIP does not tell whether anything came."""

    async def stream(self) -> AsyncIterator[Block | CallEvent]:
        answered_at: int | None = None
        frame = 0
        while True:
            at = frame * FRAME / SAMPLE_RATE
            ended = await self._problem(at)
            if ended is None and self._call is not None:
                state = self._call.state.value
                # It may be over again before anybody looks; then what was made for its sound shows that there was an answer.
                if answered_at is None and (state == "ANSWERED" or (state == "ENDED" and self._call.RTPClients)):
                    answered_at = frame
                    yield Answered(at)
                if state == "ENDED":
                    reason = "" if answered_at is not None else "refused, and pyVoIP does not tell with which status"
                    by = "us" if self._we_hung_up else "them" if answered_at is not None else "refused"
                    ended = Ended(by, at, reason=reason)
            if ended is not None:
                yield ended
                return
            samples, lost = self._hear() if answered_at is not None else (np.zeros(FRAME, np.int16), np.zeros(FRAME, np.bool_))
            self._heard.append(samples)
            for event in self._send(at) if answered_at is not None else self._say_nothing():
                yield event
            yield Block(frame * FRAME, samples, lost)
            for key in self._call.get_dtmf(32) if answered_at is not None else "":
                yield KeyHeard(key, at, USUAL_KEY.ms / 1000)
            frame += 1
            await asyncio.sleep(max(0.0, self._began + frame * FRAME / SAMPLE_RATE - self._loop.time()))

    async def _problem(self, at: float) -> Ended | None:
        """Return the end of a call that could not be placed, or that nobody answers."""
        if self._call is not None:
            if self._we_hung_up and self._call.state.value == "DIALING":
                return Ended("us", at)
            waiting = self._call.state.value == "DIALING"
            return Ended("no-answer", at, reason=f"nobody answered within {RING_S:g} s") if waiting and at > RING_S else None
        if self._we_hung_up:
            return Ended("us", at)
        if not self._placing.done():
            if at > PLACE_S:
                self._wake()
                return Ended("no-answer", at, reason=f"no answer from the registrar that pyVoIP understands within {PLACE_S:g} s")
            return None
        error = self._placing.exception()
        if error is not None:
            return Ended("lost", at, reason=f"pyVoIP could not place the call: {type(error).__name__}: {error}")
        self._call = self._placing.result()
        self.id = str(self._call.call_id)
        return None

    def _wake(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(_WAKE, (self._phone.sip.myIP, self._phone.sip.myPort))

    # ---------------------------------------------------------------- sound

    def _hear(self) -> tuple[Samples, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        """Take the next 20 ms out of pyVoIP's buffer, in which each packet lies where its timestamp says."""
        silent = np.zeros(FRAME, np.int16), np.zeros(FRAME, np.bool_)
        if not self._call.RTPClients:
            return silent
        received = self._call.RTPClients[0].pmin
        with received.bufferLock:
            size = received.buffer.getbuffer().nbytes
            if self._heard_to is None or self._heard_to > size + SAMPLE_RATE:
                # Sound is heard from when there is enough of it; anew where the far side's clock has jumped.
                if size < DELAY:
                    return silent
                self._heard_to = max(0, size - DELAY)
            received.buffer.seek(min(self._heard_to, size))
            taken = received.buffer.read(FRAME)
        self._heard_to += FRAME
        if len(taken) < FRAME:
            return silent[0], np.ones(FRAME, np.bool_) if taken else silent[1]
        if taken == _HOLE:
            return silent[0], np.ones(FRAME, np.bool_)
        return ((np.frombuffer(taken, np.uint8).astype(np.int16) - _QUIET) << 8).astype(np.int16), np.zeros(FRAME, np.bool_)

    def _say_nothing(self) -> list[CallEvent]:
        self._sent.append(np.zeros(FRAME, np.int16))
        return []

    def _send(self, at: float) -> list[CallEvent]:
        """Send the next 20 ms: a key, or what is played."""
        events: list[CallEvent] = []
        if self._keys:
            key, tone = self._keys.popleft()
            if self._key_began is None:
                self._key_began = at
            out, rest = tone[:FRAME], tone[FRAME:]
            if len(rest):
                self._keys.appendleft((key, rest))
            else:
                events.append(KeySent(key, self._key_began, USUAL_KEY.ms / 1000, "inband"))
                self._key_began = None
        elif self._playing is not None:
            out = self._playing[self._played : self._played + FRAME]
            self._played += FRAME
            if self._played >= len(self._playing):
                if self._loops:
                    self._played = 0
                else:
                    self._playing = None
                    events.append(PlaybackEnded(at + FRAME / SAMPLE_RATE))
        else:
            out = np.zeros(0, np.int16)
        whole = np.zeros(FRAME, np.int16)
        whole[: len(out)] = out
        self._sent.append(whole)
        self._call.write_audio(((whole >> 8) + _QUIET).astype(np.uint8).tobytes())
        return events

    # ---------------------------------------------------------------- what a caller does

    async def press(self, keys: str, *, secret: bool = False, form: KeyForm | None = None) -> None:
        form = form or USUAL_KEY
        for key in checked_keys(keys):
            self._keys.append((key, dtmf(key, key_s=form.ms / 1000, gap_s=form.gap_ms / 1000)))

    def hide_keys(self, hide: bool) -> None:
        """Nothing of what is pressed is kept anywhere."""

    def play(self, samples: Samples, *, loop: bool = False) -> None:
        self._playing, self._loops, self._played = samples, loop, 0

    def stop_playing(self) -> None:
        self._playing = None

    async def transfer(self, to: str, *, consult_s: float | None = None) -> None:
        raise LineError(f'pyVoIP cannot transfer a call, and so not to "{to}"')

    async def hold(self) -> None:
        """See `Call.hold`. pyVoIP changes no session: the far side is heard on."""

    async def resume(self) -> None:
        """See `Call.resume`."""

    async def change_codec(self, codec: str, *, method: ChangeMethod = "INVITE") -> None:
        """See `Call.change_codec`. pyVoIP speaks what it began with."""
        raise LineError(f'pyVoIP cannot change the codec of a call, and so not to "{codec}"')

    async def ring(self, *, early_media: bool = False) -> None:
        raise RuntimeError(f'cannot ring for the call "{self.id}": we placed it')

    async def answer(self) -> None:
        raise RuntimeError("this call was placed, so there is nothing to answer")

    async def refuse(self, status: int) -> None:
        raise RuntimeError(f"this call was placed, so it cannot be refused with {status}")

    def impair(self, impairment: Impairment | None) -> None:
        if impairment is not None:
            raise LineError("pyVoIP cannot send as over a bad network")

    async def hang_up(self) -> None:
        if self._we_hung_up:
            return
        self._we_hung_up = True
        if self._call is None:
            self._wake()
        elif self._call.state.value == "ANSWERED":
            await in_own_thread(self._call.hangup)


def check(target: str, options: DialOptions) -> None:
    """Raise LineError where `dial` would before anything is sent: for what a target lacks, and without pyVoIP."""
    _registrar(target, target.partition(":")[2].removeprefix("//"), options)
    if importlib.util.find_spec("pyVoIP") is None:
        raise LineError(NOT_INSTALLED)


def _registrar(target: str, number: str, options: DialOptions) -> SipUri:
    """Return where to register and call. Raises LineError for a target that says too little."""
    if not number:
        raise LineError(f'"{target}" names nobody to call. write "pyvoip:" and a number or a name, such as "pyvoip:1001"')
    if not options.register or options.secret is None:
        raise LineError(
            f'"{target}" is called from a registered line. give the target "register", such as "sip:1002@pbx.example.com", '
            'with "user" and a password'
        )
    line = parse_uri(options.proxy or options.register)
    if not isinstance(line, SipUri) or line.secure or (line.transport or "udp") != "udp":
        raise LineError(
            f'pyVoIP registers over UDP only, and not at "{options.proxy or options.register}". take a sip: URI without transport'
        )
    return line


def _phone(server: SipUri, options: DialOptions, host: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            # An extra, under the GPL: imported where somebody asks for it.
            from pyVoIP.VoIP import VoIPPhone
    except ImportError as error:
        raise LineError(NOT_INSTALLED) from error
    assert options.secret is not None
    ports = _free_ports(host)
    phone: Any = VoIPPhone(
        server.host,
        server.port or 5060,
        options.secret.username,
        options.secret.password,
        myIP=host,
        sipPort=ports[0],
        rtpPortLow=ports[1],
        rtpPortHigh=ports[1],
    )
    as_written = phone.sip.gen_ack
    phone.sip.gen_ack = lambda response: _acknowledgement(response, as_written(response))
    return phone


def _free_ports(host: str) -> tuple[int, int]:
    """Return a port for SIP and one for RTP that nobody has: pyVoIP must be told them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        one.bind((host, 0))
        other.bind((host, 0))
        return one.getsockname()[1], other.getsockname()[1]


def _acknowledgement(response: Any, text: str) -> str:
    """Return the ACK for a response, as RFC 3261 has it: pyVoIP's own has a To tag that it makes up, and nobody takes it for this call."""
    if int(response.status) != OK:
        return text
    headers = response.headers
    lines = text.split("\r\n")
    lines[0] = f"ACK {headers['Contact'].strip('<>')} SIP/2.0"
    tag = headers["To"]["tag"]
    return "\r\n".join(f"To: {headers['To']['raw']};tag={tag}" if line.startswith("To: ") else line for line in lines)


async def _registered(phone: Any, address: str, server: SipUri) -> None:
    """Register the phone. Raises LineError if that cannot be done."""
    phone.sip.register_timeout = REGISTER_S
    try:
        async with asyncio.timeout(REGISTER_S):
            await in_own_thread(phone.start)
            while phone.get_status().value != _REGISTERED:
                if phone.get_status().value == _FAILED:
                    raise LineError(f'cannot register "{address}" by pyVoIP: "{server.host}" does not take this name and password')
                await asyncio.sleep(POLL_S)
        await asyncio.sleep(RECEIVING_S)
    except TimeoutError:
        raise LineError(f'cannot register "{address}" by pyVoIP: "{server.host}" did not agree within {REGISTER_S:g} s') from None
