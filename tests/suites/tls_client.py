"""A relay on a free port that adds TLS, for a client that has none."""

import asyncio
import contextlib

from kit.tls import client_context

CHUNK = 64 * 1024
CONTEXT = client_context("http/1.1")


@contextlib.asynccontextmanager
async def relay(port):
    """Yields the port from which everything goes on over TLS to `port`."""

    async def join(reader, writer):
        try:
            onward = await asyncio.open_connection("127.0.0.1", port, ssl=CONTEXT)
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, onward[1]), copy(onward[0], writer))

    async with await asyncio.start_server(join, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def copy(reader, writer):
    try:
        while some := await reader.read(CHUNK):
            writer.write(some)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
