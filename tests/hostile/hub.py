"""The recording hub: keeps the bytes of each connection and the requests that it
found in them, and answers each whole request with 200 and what it heard. Every
answer is a connection's last, so one connection carries one request: whatever
follows it there was smuggled. A WebSocket, any other upgrade and CONNECT open a
tunnel, as a careless hub would.
"""

import asyncio

import message
from kit import websocket
from kit.hub import Listener

# Seconds that a connection is listened to after its answer, and for at all.
AFTERWARDS = 1
AT_MOST = 20


class Heard:
    """What one connection brought."""

    def __init__(self):
        self.raw = b""
        self.request = message.Request()
        self.tunnel = None

    def read(self):
        """Reads the request anew from all that came; true when it is whole."""
        self.request = message.read(self.raw)
        return self.request.complete

    @property
    def rest(self):
        """What came behind the request, and is not a tunnel's."""
        return b"" if self.tunnel is not None else self.raw[self.request.end:].strip(b"\r\n")


class Hub(Listener):
    def __init__(self):
        self.connections = []
        self.open = 0

    def quiet(self):
        return not self.open

    async def serve(self, reader, writer):
        heard = Heard()
        self.open += 1
        try:
            await asyncio.wait_for(self.listen(heard, reader, writer), AT_MOST)
        except (OSError, asyncio.TimeoutError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def listen(self, heard, reader, writer):
        while not heard.read() and not heard.request.broken:
            if not await self.more(heard, reader):
                return
        writer.write(answer(heard))
        await writer.drain()
        while await asyncio.wait_for(self.more(heard, reader), AFTERWARDS):
            pass

    async def more(self, heard, reader):
        some = await reader.read(65536)
        if some and not heard.raw:
            self.connections.append(heard)
        heard.raw += some
        if heard.tunnel is not None:
            heard.tunnel += some
        return some


def answer(heard):
    request = heard.request
    if not request.complete:
        return said(b"400 Bad Request", b"")
    if request.method == b"CONNECT":
        heard.tunnel = b""
        return b"HTTP/1.1 200 OK\r\n\r\n"
    protocol = request.first(b"upgrade")
    if protocol and b"upgrade" in request.first(b"connection").lower():
        return upgrade(heard, protocol)
    return said(b"200 OK", b"" if request.method == b"HEAD" else told(request))


def upgrade(heard, protocol):
    request = heard.request
    if protocol.lower() == b"websocket" and request.first(b"sec-websocket-version") != b"13":
        return said(b"426 Upgrade Required", b"", b"Sec-WebSocket-Version: 13\r\n")
    heard.tunnel = heard.raw[request.end:]
    accept = websocket.accept(request.first(b"sec-websocket-key"))
    return (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + protocol
            + b"\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")


def told(request):
    return b"heard " + request.method + b" " + request.target[:200] + b"\n" + request.head[:1000]


def said(status, body, fields=b""):
    return (b"HTTP/1.1 " + status + b"\r\nContent-Type: text/plain\r\nConnection: close\r\n"
            + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body)
