"""Calls over SIP and RTP, from a line of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivrtest.call.dialling import DialOptions, host_of
from ivrtest.call.line import Line
from ivrtest.call.sip_call import SipCall
from ivrtest.sip.session_timer import SessionTimes

SCHEMES = ("sip", "sips")


@asynccontextmanager
async def dial(target: str, options: DialOptions) -> AsyncIterator[SipCall]:
    """Call a `sip:` or `sips:` target, and hang up at the end of the block. For many calls, keep one `Line` instead.

    Raises DialRefused when the target may not be called, LineError when it cannot be.
    """
    host = await host_of(target, options)
    async with Line(
        host=host,
        permission=options.permission,
        tls=options.tls,
        capture=options.capture,
        network=options.network,
        sound=options.sound,
        session_times=SessionTimes(options.session_expires),
    ) as line:
        yield await line.place(
            target,
            caller=options.caller,
            headers=options.headers,
            secret=options.secret,
            proxy=options.proxy,
            keys=options.keys,
            failover=options.failover,
        )
