"""A hub of what happens, on a port of some addresses, its arguments.

GET /events is a stream of an event a second, /echo a WebSocket that says what
it hears, and POST /upload counts the bytes that came.
"""

import asyncio
import re
import sys

from kit import websocket

EVENT = b'event: message\ndata: {"topic":"openhab/items/Lamp/state","payload":"ON"}\n\n'
CHUNK = b"%x\r\n%s\r\n" % (len(EVENT), EVENT)


class Visitor(asyncio.Protocol):
    """One connection: `receive` is what it waits for."""

    def connection_made(self, transport):
        self.transport = transport
        self.received = b""
        self.timer = None
        self.receive = self.receive_head

    def connection_lost(self, _):
        if self.timer:
            self.timer.cancel()

    def data_received(self, data):
        self.receive(data)

    def receive_head(self, data):
        self.received += data
        head, end, rest = self.received.partition(b"\r\n\r\n")
        if not end:
            return
        self.received = b""
        if head.startswith(b"GET /events "):
            self.stream()
        elif head.startswith(b"GET /echo ") and field(head, b"Upgrade") == b"websocket":
            self.upgrade(head, rest)
        elif head.startswith(b"POST /upload ") and field(head, b"Content-Length"):
            self.count(int(field(head, b"Content-Length")), rest)
        else:
            self.answer(b"400 Bad Request", b"")

    def stream(self):
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        self.receive = lambda _: None
        self.tick()

    def tick(self):
        self.transport.write(CHUNK)
        self.timer = asyncio.get_running_loop().call_later(1, self.tick)

    def upgrade(self, head, rest):
        accept = websocket.accept(field(head, b"Sec-WebSocket-Key"))
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept
        )
        self.receive = self.receive_frames
        self.receive(rest)

    def receive_frames(self, data):
        """Takes short, whole, masked frames only: no others are sent here."""
        self.received += data
        while len(self.received) >= 6:
            size = self.received[1] & 0x7F
            frame, rest = self.received[: 6 + size], self.received[6 + size :]
            if len(frame) < 6 + size:
                return
            self.received = rest
            mask = frame[2:6] * (size // 4 + 1)
            said = bytes(byte ^ key for byte, key in zip(frame[6:], mask))
            self.transport.write(bytes([0x81, size]) + said)

    def count(self, size, rest):
        self.came, self.size = 0, size
        self.receive = self.receive_body
        self.receive(rest)

    def receive_body(self, data):
        self.came += len(data)
        if self.came >= self.size:
            self.receive = self.receive_head
            self.answer(b"200 OK", b"%d" % self.came)

    def answer(self, status, body):
        self.transport.write(
            b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)
        )


def field(head, name):
    found = re.search(rb"\r\n%s: *([^\r\n]*)" % name, head, re.IGNORECASE)
    return found[1] if found else b""


async def main():
    loop = asyncio.get_running_loop()
    port, *addresses = sys.argv[1:]
    hosts = [address.strip("[]") for address in addresses]
    server = await loop.create_server(Visitor, hosts, int(port), backlog=1024)
    async with server:
        await server.serve_forever()


asyncio.run(main())
