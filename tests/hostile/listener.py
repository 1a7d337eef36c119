"""What both hubs are: a server on a free port of the loopback."""

import asyncio


class Listener:
    """Hands each connection to `serve(reader, writer)`."""

    async def start(self):
        """Listens on a free port and returns it."""
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1024)
        return self.server.sockets[0].getsockname()[1]

    async def stop(self):
        self.server.close()
        await self.server.wait_closed()
