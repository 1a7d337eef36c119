"""The hub that answers by a script: to a request for a case it does what the case says, to any
other it answers plainly and with the request's mark, so that nobody can mistake it.
"""

import asyncio
import os
import re
import select
import socket
import struct

import case as cases
from answers.fault import RESET, SILENCE
from kit.hub import Listener

ASKED = re.compile(rb" /((?:case|probe)(\d{4})) HTTP/1")
LENGTH = re.compile(rb"\ncontent-length: *(\d+)", re.IGNORECASE)
# Seconds that a connection lasts at most.
AT_MOST = 30


class ScriptedHub(Listener):
    """`released` are the numbers of the cases whose connection the proxy gave up, `raced` those in
    which a request came while the hub said what nobody had asked for: neither was first."""

    def __init__(self, chosen):
        self.cases = chosen
        self.released = set()
        self.raced = set()

    def quiet(self):
        """Whether all that were told nothing have been given up; others are kept for more."""
        return self.released >= {number for number, case in enumerate(self.cases) if case.silent}

    async def serve(self, reader, writer):
        talk = Talk(reader, writer)
        try:
            await asyncio.wait_for(self.converse(talk), AT_MOST)
        except (OSError, EOFError, asyncio.TimeoutError):
            pass
        finally:
            writer.close()

    async def converse(self, talk):
        while True:
            head = await talk.head()
            asked = ASKED.search(head)
            if not asked:
                raise SystemExit(f"hostile: the hub heard what nobody said: {head[:200]}")
            if asked[1].startswith(b"probe"):
                await talk.say(plain(asked[1]))
            elif not await self.play(int(asked[2]), head, talk):
                return

    async def play(self, number, head, talk):
        """Does what the case says; true when another request may follow."""
        fault = self.cases[number]
        last = fault.steps[-1]
        length = LENGTH.search(head)
        body = int(length[1]) if length else 0
        if isinstance(last, bytes):
            await talk.body(body)
            body = 0
        waited = False
        for step in fault.steps:
            if isinstance(step, bytes):
                await talk.say(step.replace(cases.MARK, b"case%04d" % number))
                if waited and talk.is_asked():
                    self.raced.add(number)
            elif isinstance(step, float) and await talk.hears_more(step, body):
                # Somebody asks on this connection now: what is said from here on is his answer.
                await talk.body(body)
                return True
            waited = isinstance(step, float)
        if last == SILENCE:
            await talk.wait_for_end()
            self.released.add(number)
        if last == RESET:
            talk.reset()
        return isinstance(last, bytes)


class Talk:
    """A connection, and what was heard on it and not yet taken."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.heard = b""

    async def more(self):
        some = await self.reader.read(65536)
        if not some:
            raise EOFError
        self.heard += some

    async def head(self):
        while b"\r\n\r\n" not in self.heard:
            await self.more()
        head, end, self.heard = self.heard.partition(b"\r\n\r\n")
        return head + end

    async def body(self, length):
        while len(self.heard) < length:
            await self.more()
        self.heard = self.heard[length:]

    async def hears_more(self, seconds, body):
        """Whether something comes behind a body within the time."""
        try:
            await asyncio.wait_for(self.beyond(body), seconds)
        except asyncio.TimeoutError:
            if self.has_unread():
                await self.more()
        return len(self.heard) > body

    async def beyond(self, body):
        while len(self.heard) <= body:
            await self.more()

    def has_unread(self):
        """Whether something has come that the event loop has not told of yet."""
        stream = self.writer.get_extra_info("socket")
        return bool(select.select([stream], [], [], 0)[0])

    def is_asked(self):
        """Whether something else than the end has come."""
        if not self.has_unread():
            return False
        stream = socket.socket(fileno=os.dup(self.writer.get_extra_info("socket").fileno()))
        with stream:
            return bool(stream.recv(1, socket.MSG_PEEK))

    async def wait_for_end(self):
        try:
            while True:
                await self.more()
        except (OSError, EOFError):
            pass

    async def say(self, some):
        self.writer.write(some)
        await self.writer.drain()

    def reset(self):
        stream = self.writer.transport.get_extra_info("socket")
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def plain(mark):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(mark), mark)
