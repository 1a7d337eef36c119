"""HTTP/1.1 over TLS: one connection, one request after the other."""

import asyncio
import ssl

from hub import PIECE
from ledger import Refused, Wrong

PATIENCE = 30
CHUNKED = "Transfer-Encoding: chunked"


async def secure(place, host, context, **options):
    """A connection over TLS from the address of a place to a host."""
    opened = asyncio.open_connection(
        "127.0.0.1", place.port, ssl=context, server_hostname=host,
        local_addr=(place.address, 0), **options,
    )
    return await asyncio.wait_for(opened, PATIENCE)


class Connection:
    """Answers are read whole."""

    def __init__(self, host, reader, writer):
        self.host, self.reader, self.writer = host, reader, writer
        self.may_go_on = True

    @property
    def is_open(self):
        """Neither side has said that it was the last answer, or has closed the connection."""
        return self.may_go_on and not (self.reader.at_eof() or self.writer.is_closing())

    @classmethod
    async def open(cls, place, host, context):
        return cls(host, *await secure(place, host, context))

    async def close(self):
        self.may_go_on = False
        self.writer.close()
        try:
            await asyncio.wait_for(self.writer.wait_closed(), 5)
        except (OSError, ssl.SSLError, asyncio.TimeoutError):
            pass

    async def ask(self, method, path, fields=(), pause=0):
        """Sends a request; returns status, fields and body of its answer."""
        await self.send(method, path, fields)
        return await asyncio.wait_for(self.answer(pause), PATIENCE)

    async def send(self, method, path, fields=()):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", *fields, "", ""]
        self.writer.write("\r\n".join(lines).encode())
        await self.writer.drain()

    async def upload(self, path, content, fields):
        """Reads while it sends: a refusal comes before all is sent, and then the end, which can
        overtake it (docs/operations.md, known limits)."""
        answer = asyncio.create_task(asyncio.wait_for(self.answer(), PATIENCE))
        try:
            await self.send_whole(path, content, fields)
        except OSError:
            await asyncio.wait([answer])
            if isinstance(answer.exception(), OSError):
                raise Refused("the connection ended within an upload") from None
        return await answer

    async def send_whole(self, path, content, fields):
        await self.send("POST", path, fields)
        for at in range(0, len(content), PIECE):
            self.writer.write(framed(content[at:at + PIECE], fields))
            await self.writer.drain()
        self.writer.write(framed(b"", fields))

    async def head(self):
        """Status and fields."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        split = (line.split(": ", 1) for line in head[1:] if line)
        fields = {name.lower(): value for name, value in split}
        if fields.get("connection", "").lower() == "close":
            self.may_go_on = False
        return int(head[0].split(" ")[1]), fields

    async def answer(self, pause=0):
        status, fields = await self.head()
        pieces = []
        async for piece in self.body(fields):
            pieces.append(piece)
            await asyncio.sleep(pause)
        return status, fields, b"".join(pieces)

    async def body(self, fields):
        if fields.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                yield await self.reader.readexactly(size)
                await self.reader.readexactly(2)
            await self.reader.readexactly(2)
            return
        left = int(fields.get("content-length", 0))
        while left:
            piece = await self.reader.read(min(left, PIECE))
            if not piece:
                raise Wrong(f"the answer ends {left} bytes too early")
            left -= len(piece)
            yield piece


def framed(piece, fields):
    """As it is, or as a chunk where the fields say so (RFC 9112, section 7.1)."""
    return b"%x\r\n%s\r\n" % (len(piece), piece) if CHUNKED in fields else piece
