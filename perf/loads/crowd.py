"""A thousand visitors at a time who stay: event streams and WebSockets."""

import asyncio

from kit import websocket
from loads.visitor import PLAIN
from process import Failed

CROWD = 1000
# How many come at the same moment, and how long all may take to come.
DOOR = 16
ARRIVAL = 60
# Of the messages that should come: one a second for each.
ENOUGH = 0.9
TEXT = b'{"type":"WebSocketEvent","topic":"openhab/websocket/heartbeat","payload":"PING"}'
FRAME = websocket.frame(websocket.TEXT, TEXT, bytes(4))
ECHO = websocket.frame(websocket.TEXT, TEXT)


def events(port, seconds, proxy):
    """Processor seconds a second, and memory, while a thousand get an event a second."""
    return asyncio.run(Crowd(port, stream_events).watch(seconds, proxy))


def websockets(port, seconds, proxy):
    """The same, while a thousand say something each second and get it back."""
    return asyncio.run(Crowd(port, talk).watch(seconds, proxy))


class Crowd:
    def __init__(self, port, visit):
        self.port = port
        self.visit = visit
        self.door = asyncio.Semaphore(DOOR)
        self.inside = 0
        self.messages = 0

    async def watch(self, seconds, proxy):
        visits = [asyncio.create_task(self.visit(self)) for _ in range(CROWD)]
        watching = asyncio.create_task(self.count(seconds, proxy))
        try:
            # A visit ends only by failing.
            await asyncio.wait([watching, *visits], return_when=asyncio.FIRST_COMPLETED)
            for task in visits:
                if task.done():
                    await task
            return await watching
        finally:
            for task in [watching, *visits]:
                task.cancel()
            await asyncio.gather(watching, *visits, return_exceptions=True)

    async def count(self, seconds, proxy):
        async with asyncio.timeout(ARRIVAL):
            while self.inside < CROWD:
                await asyncio.sleep(0.05)
        loop = asyncio.get_running_loop()
        heard, begin, before = self.messages, loop.time(), proxy.cpu()
        await asyncio.sleep(seconds)
        computed, passed = proxy.cpu() - before, loop.time() - begin
        heard = self.messages - heard
        if heard < ENOUGH * CROWD * passed:
            raise Failed(f"{heard} messages came in {passed:.0f} s only")
        return computed / passed, proxy.rss()

    async def enter(self, path, status, **fields):
        """Opens a connection, asks, and reads the head of the answer."""
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        async with self.door:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=PLAIN)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 %d " % status):
            raise Failed(f"answered {head.partition(bytes([13]))[0].decode('latin-1')}")
        self.inside += 1
        return reader, writer


async def stream_events(crowd):
    reader, writer = await crowd.enter("/events", 200, Accept="text/event-stream")
    try:
        while True:
            await reader.readuntil(b"\n\n")
            crowd.messages += 1
    finally:
        writer.transport.abort()


async def talk(crowd):
    key = websocket.key().decode()
    reader, writer = await crowd.enter(
        "/echo", 101, Upgrade="websocket", Connection="Upgrade",
        Sec_WebSocket_Version="13", Sec_WebSocket_Key=key,
    )
    loop = asyncio.get_running_loop()
    due = loop.time()
    try:
        while True:
            writer.write(FRAME)
            if await reader.readexactly(len(ECHO)) != ECHO:
                raise Failed("another message came back than was sent")
            crowd.messages += 1
            due += 1
            await asyncio.sleep(due - loop.time())
    finally:
        writer.transport.abort()
