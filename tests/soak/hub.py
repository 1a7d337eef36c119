"""A hub: answers that can be checked, uploads, events, slow pictures and WebSockets.

usage: hub.py PORT. The caller names what it wants in the path, so that it knows each byte of the
answer beforehand; nothing is kept.
"""

import asyncio
import hashlib

from kit import hub, websocket

PIECE = 16 * 1024
EVENT = 0.2


def body(name, size):
    """The bytes that belong to a name."""
    block = hashlib.sha256(name.encode()).hexdigest().encode()
    return (block * (size // len(block) + 1))[:size]


class Hub(hub.Hub):
    """A method for each kind of answer."""

    async def exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        _, target, _ = head[0].split(" ")
        split = (line.split(": ", 1) for line in head[1:] if line)
        fields = {name.lower(): value for name, value in split}
        kind, *arguments = target.strip("/").split("/")
        serve = getattr(self, f"serve_{kind}", self.serve_unknown)
        kept = await serve(Exchange(reader, writer, fields), *arguments)
        await writer.drain()
        return kept is not False

    async def serve_unknown(self, exchange):
        exchange.head(404, "Content-Length: 0")

    async def serve_(self, exchange):
        exchange.answer(b"hub")

    async def serve_echo(self, exchange, name, size):
        exchange.answer(body(name, int(size)))

    async def serve_chunked(self, exchange, name, size):
        exchange.head(200, "Transfer-Encoding: chunked")
        for piece in exchange.pieces(body(name, int(size))):
            await exchange.chunk(piece)
        await exchange.chunk(b"")

    async def serve_slow(self, exchange, name, size, seconds):
        content = body(name, int(size))
        exchange.head(200, f"Content-Length: {len(content)}")
        pieces = list(exchange.pieces(content))
        for piece in pieces:
            await exchange.send(piece)
            await asyncio.sleep(float(seconds) / len(pieces))

    async def serve_upload(self, exchange, name):
        exchange.answer(f"{name} {await exchange.digest()}".encode())

    async def serve_events(self, exchange):
        exchange.head(200, "Content-Type: text/event-stream", "Connection: close")
        number = 0
        while True:
            await exchange.send(f"data: {number}\n\n".encode())
            number += 1
            await asyncio.sleep(EVENT)

    async def serve_ws(self, exchange):
        accept = websocket.accept(exchange.fields["sec-websocket-key"].encode()).decode()
        exchange.head(
            101, "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"
        )
        while True:
            opcode, payload = await websocket.receive(exchange.reader)
            exchange.writer.write(websocket.frame(opcode, payload))
            await exchange.writer.drain()
            if opcode == websocket.CLOSE:
                return False


class Exchange:
    """A request, and the way back."""

    def __init__(self, reader, writer, fields):
        self.reader, self.writer, self.fields = reader, writer, fields

    def head(self, status, *fields):
        lines = [f"HTTP/1.1 {status} Told", *fields, "", ""]
        self.writer.write("\r\n".join(lines).encode())

    def answer(self, content):
        self.head(200, f"Content-Length: {len(content)}")
        self.writer.write(content)

    async def send(self, content):
        self.writer.write(content)
        await self.writer.drain()

    async def chunk(self, content):
        await self.send(b"%x\r\n%s\r\n" % (len(content), content))

    @staticmethod
    def pieces(content):
        return (content[at:at + PIECE] for at in range(0, len(content), PIECE))

    async def digest(self):
        """That of the request's body."""
        digest = hashlib.sha256()
        async for piece in self.pieces_received():
            digest.update(piece)
        return digest.hexdigest()

    async def pieces_received(self):
        if "content-length" in self.fields:
            async for piece in self.exactly(int(self.fields["content-length"])):
                yield piece
            return
        while size := int(await self.reader.readline(), 16):
            async for piece in self.exactly(size):
                yield piece
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)

    async def exactly(self, left):
        while left:
            piece = await self.reader.read(min(left, PIECE))
            if not piece:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(piece)
            yield piece


if __name__ == "__main__":
    Hub().main()
