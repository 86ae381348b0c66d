"""SIP without sockets: messages, URIs, session descriptions, digest authentication, transactions, dialogs.

Bytes and times come in as arguments; messages and events go out. Nothing here reads a clock, a socket or a random number.
"""
