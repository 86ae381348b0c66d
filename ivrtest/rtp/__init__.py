"""RTP without sockets: packets, the timeline they are placed on, keys (RFC 4733) and reports (RTCP)."""
