"""Servers that stand in for a hub, in the test's process or as a program of their own."""

import asyncio
import sys

from kit.ports import LOOPBACK

BACKLOG = 4096


class Listener:
    """Hands each connection to `serve(reader, writer)`."""

    async def start(self, port=0):
        """Listens on the port, or on a free one, and returns it."""
        self.server = await asyncio.start_server(self.serve, LOOPBACK, port, backlog=BACKLOG)
        return self.server.sockets[0].getsockname()[1]

    async def stop(self):
        self.server.close()
        await self.server.wait_closed()


class Hub(Listener):
    """Calls `exchange(reader, writer)` for each request; false ends the connection."""

    async def serve(self, reader, writer):
        try:
            while await self.exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def run(self, port):
        """Serves until the program ends."""
        await self.start(port)
        async with self.server:
            await self.server.serve_forever()

    def main(self):
        """Serves on the port of the command line."""
        asyncio.run(self.run(int(sys.argv[1])))


def command(program, *arguments):
    """The command line of a hub that is a Python program."""
    return [sys.executable, "-B", program, *arguments]
