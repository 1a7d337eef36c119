"""The callers: each visits again and again, until it is told to stop."""

import asyncio
import hashlib
import itertools
import random
import time

import hub
from kit.tls import client_context
from ledger import Refused, Wrong

from . import http1, http2

FRESH = itertools.count()
# Pauses between two requests of one caller, in seconds.
PAUSES = (0.02, 0.12)
AFTER_FAILURE = (0.3, 1)
# Several of these fit into the first window of an HTTP/2 connection.
UPLOAD = 4096
SIZES = [0, 1, 100, 5000, 70_000, 400_000]


class Place:
    """Where hubgate is, and a loopback address of the caller's own."""

    def __init__(self, port, number):
        self.port, self.address = port, f"127.3.{number // 250}.{number % 250 + 1}"


class Caller:
    """Life and bookkeeping; a kind of caller says what a visit is."""

    kind, host, reasons, pauses = "", "home.test", ("hub", "descriptors", "memory"), PAUSES

    def __init__(self, soak, number, seed):
        self.place = Place(soak.house.https, number)
        self.ledger, self.stopping = soak.ledger, soak.stopping
        self.random = random.Random(seed)
        self.context, self.connection = client_context(), None
        # When it got on for the last time.
        self.since = time.monotonic()

    async def live(self):
        """Visits until the end; what is begun is ended."""
        while not self.stopping.is_set():
            right = await self.ledger.judge(self)
            await asyncio.sleep(self.random.uniform(*(self.pauses if right else AFTER_FAILURE)))
        if self.connection:
            await self.connection.close()

    async def visit(self):
        """One connection more or one request more on it."""
        if not (self.connection and self.connection.is_open):
            self.connection = await self.opened()
        try:
            await self.ask()
        except BaseException:
            await self.connection.close()
            raise
        if not self.connection.is_open or self.random.random() < 0.05:
            await self.connection.close()

    async def opened(self):
        return await http1.Connection.open(self.place, self.host, self.context)

    def content(self):
        """A name that was not used before, a size, and the bytes that belong to both."""
        name, size = f"n{next(FRESH)}", self.random.choice(SIZES)
        return name, size, hub.body(name, size)

    def expect(self, status, body, content):
        if status != 200:
            # 500 is told to a WebSocket for which there is no descriptor.
            raise Refused(status) if status in (500, 502, 503, 504) else Wrong(status)
        if body != content:
            raise Wrong(f"{len(body)} bytes are not the {len(content)} that were asked for")


class Http1(Caller):
    kind = "HTTP/1.1"

    async def ask(self):
        name, size, content = self.content()
        how = self.random.choice(["echo", "chunked"])
        status, _, body = await self.connection.ask("GET", f"/{how}/{name}/{size}", self.fields())
        self.expect(status, body, content)

    def fields(self):
        return []


class Password(Http1):
    """The password is asked for on every connection; hashing is dear, so this one is slow."""

    kind, host, pauses = "password", "word.test", (0.3, 1)

    def fields(self):
        return ["Authorization: Basic a2VlcGVyOnNlY3JldA=="]


class Device(Http1):
    """Shows the certificate of a device that stays."""

    kind, host = "client certificate", "phone.test"

    def __init__(self, soak, number, seed):
        super().__init__(soak, number, seed)
        self.context = soak.device.context()


class Upload(Caller):
    """With its length told, and in chunks; the hub tells the digest."""

    kind = "upload"

    async def ask(self):
        name, _, content = self.content()
        framing = self.random.choice([http1.CHUNKED, f"Content-Length: {len(content)}"])
        status, _, body = await self.connection.upload(f"/upload/{name}", content, [framing])
        digest = hashlib.sha256(content).hexdigest()
        self.expect(status, body, f"{name} {digest}".encode())


class SlowHub(Caller):
    """An answer that the hub makes in pieces over seconds."""

    kind = "slow answer"

    async def ask(self):
        name, _, _ = self.content()
        size, seconds = self.random.choice([200_000, 800_000]), self.random.uniform(1, 6)
        path = f"/slow/{name}/{size}/{seconds:.1f}"
        status, _, body = await self.connection.ask("GET", path)
        self.expect(status, body, hub.body(name, size))


class SlowReader(Caller):
    """Megabytes, taken piece by piece."""

    kind = "slow download"

    async def ask(self):
        name, _, _ = self.content()
        size = self.random.choice([2_000_000, 8_000_000])
        status, _, body = await self.connection.ask("GET", f"/echo/{name}/{size}", pause=0.01)
        self.expect(status, body, hub.body(name, size))


class Http2(Caller):
    """Several requests at a time; what the server said goodbye to is not taken."""

    kind = "HTTP/2"

    async def opened(self):
        return await http2.Connection.open(self.place, self.host, self.context)

    async def ask(self):
        many = self.random.randint(1, 6)
        done = await asyncio.gather(*(self.one() for _ in range(many)), return_exceptions=True)
        for failed in filter(None, done):
            raise failed

    async def one(self):
        name, size, content = self.content()
        try:
            if self.random.random() < 0.3:
                content = content[:UPLOAD]
                status, body = await self.connection.ask("POST", f"/upload/{name}", content)
                content = f"{name} {hashlib.sha256(content).hexdigest()}".encode()
            else:
                status, body = await self.connection.ask("GET", f"/echo/{name}/{size}")
        except http2.Untaken:
            return self.ledger.right(self.kind, "not taken")
        return self.expect(status, body, content)
