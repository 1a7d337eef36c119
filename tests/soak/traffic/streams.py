"""WebSockets and server-sent events, which end only for a reason that was told."""

import asyncio
import base64
import os
import time

from kit import websocket
from ledger import Wrong

from . import http1
from .callers import Caller

LIVES = (10, 60)
PAUSE = 0.2
PATIENCE = 15


class Stream(Caller):
    """One visit is one long life."""

    reasons = ("hub", "descriptors", "memory", "goodbye")

    async def visit(self):
        self.connection = await self.opened()
        try:
            await self.begin()
            end = time.monotonic() + self.random.uniform(*LIVES)
            while time.monotonic() < end and not self.stopping.is_set():
                await asyncio.wait_for(self.step(), PATIENCE)
                self.since = time.monotonic()
            await asyncio.wait_for(self.leave(), PATIENCE)
        finally:
            await self.connection.close()

    async def begin(self):
        """Whatever is refused here was refused as a request."""


class Events(Stream):
    """Numbered by the hub, none missing and none twice."""

    kind = "events"

    async def begin(self):
        await self.connection.send("GET", "/events")
        status, fields = await asyncio.wait_for(self.connection.head(), PATIENCE)
        self.expect(status, b"", b"")
        self.chunked = fields.get("transfer-encoding") == "chunked"
        self.number, self.buffer = 0, b""

    async def step(self):
        while b"\n\n" not in self.buffer:
            self.buffer += await self.piece()
        event, _, self.buffer = self.buffer.partition(b"\n\n")
        if event != b"data: %d" % self.number:
            raise Wrong(f"event {self.number} came as {event!r}")
        self.number += 1

    async def piece(self):
        reader = self.connection.reader
        if not self.chunked:
            piece = await reader.read(http1.PIECE)
        elif size := int(await reader.readuntil(b"\r\n"), 16):
            piece = (await reader.readexactly(size + 2))[:-2]
        else:
            piece = b""
        if not piece:
            raise Wrong(f"the events end after {self.number}")
        return piece

    async def leave(self):
        """Just goes."""


class WebSocket(Stream):
    """Every message comes back; a goodbye is answered with a goodbye."""

    kind = "WebSocket"
    fields = ()

    async def begin(self):
        key = websocket.key().decode()
        fields = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        fields += [f"Sec-WebSocket-Key: {key}", *self.fields]
        await self.connection.send("GET", "/ws", fields)
        status, told = await asyncio.wait_for(self.connection.head(), PATIENCE)
        if status != 101:
            self.expect(status, b"", b"")
        if told.get("sec-websocket-accept") != websocket.accept(key.encode()).decode():
            raise Wrong(f"{status}, but not the answer to this WebSocket's key")

    async def step(self):
        sent = base64.b64encode(os.urandom(self.random.choice([8, 300, 70_000])))
        await self.send(websocket.TEXT, sent)
        opcode, payload = await self.message()
        if opcode == websocket.CLOSE:
            await self.send(opcode, payload)
            raise Wrong(f"goodbye {int.from_bytes(payload[:2], 'big')}")
        if payload != sent:
            raise Wrong("a WebSocket's message came back as another one")
        await asyncio.sleep(PAUSE)

    async def send(self, opcode, payload):
        self.connection.writer.write(websocket.frame(opcode, payload, os.urandom(4)))
        await self.connection.writer.drain()

    async def message(self):
        while True:
            opcode, payload = await websocket.receive(self.connection.reader)
            if opcode != websocket.PING:
                return opcode, payload
            await self.send(websocket.PONG, payload)

    async def leave(self):
        await self.send(websocket.CLOSE, (1000).to_bytes(2, "big"))
        opcode, _ = await self.message()
        if opcode != websocket.CLOSE:
            raise Wrong("a goodbye was not answered")
