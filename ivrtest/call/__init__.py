"""A telephone call. The only room with sockets, threads and asyncio."""
