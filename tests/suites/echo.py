"""A hub that echoes WebSocket messages, as Autobahn's cases want it."""

import asyncio
import os
import sys

# Cases of 4 MB come in pieces of 64 bytes.
os.environ["WEBSOCKETS_MAX_FRAGMENTS"] = "100000"

from websockets.asyncio.server import serve

# The largest message of the cases has 16 MB.
LARGEST = 17 * 1024 * 1024


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def main(port):
    async with serve(echo, "127.0.0.1", port, max_size=LARGEST, ping_interval=None) as server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
