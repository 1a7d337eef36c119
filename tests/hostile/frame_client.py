"""The hostile client of HTTP/2: sends the frames of a case over TLS and reads what comes back."""

import asyncio

from contestants import HOST
from frames.frame import (
    ACK, DATA, END_STREAM, GOAWAY, HEADERS, PADDED, PING, PREFACE, PRIORITISED, RST_STREAM, SETTINGS,
    CONNECTION, frame, settings,
)
from kit.tls import client_context

# Seconds: for a whole case, for more after the last thing that was awaited, for a write.
AT_MOST, QUIET, WRITTEN = 3, 0.4, 1
ASK = b"hostile?"
# The static table's :status fields, and its name alone (RFC 7541, appendix A).
STATUSES = {0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500}
STATUS_NAMES = (0x08, 0x18, 0x48)


class Answers:
    """What a proxy said on one connection."""

    def __init__(self):
        self.raw = b""
        self.closed = False
        self.statuses, self.bodies = {}, {}
        self.ended, self.reset = set(), set()
        self.goaway = None
        # Whether it answered the PING behind all frames.
        self.alive = False

    def list(self):
        """Status and body of each stream; a body that is not whole is None."""
        return [(status, self.bodies.get(stream, b"") if stream in self.ended else None)
                for stream, status in sorted(self.statuses.items())]

    def shows(self, error):
        """Whether an error of that kind or a worse one was shown."""
        of_connection = bool(self.goaway) or self.closed and not self.alive
        refused = any(status >= 400 for status in self.statuses.values())
        return of_connection or error != CONNECTION and bool(self.reset or refused)

    def read(self, kind, flags, stream, payload):
        if kind == DATA:
            self.bodies[stream] = self.bodies.get(stream, b"") + unpadded(flags, payload)
        elif kind == HEADERS:
            block = unpadded(flags, payload)[5 if flags & PRIORITISED else 0:]
            self.statuses.setdefault(stream, status_of(block))
        elif kind == RST_STREAM:
            self.reset.add(stream)
        elif kind == GOAWAY:
            self.goaway = int.from_bytes(payload[4:8], "big")
        elif kind == PING and flags & ACK:
            self.alive = payload == ASK
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self.ended.add(stream)


def unpadded(flags, payload):
    return payload[1:len(payload) - payload[0]] if flags & PADDED else payload


def status_of(block):
    """The status, which comes first but for a change of the table's size."""
    while block[0] & 0xe0 == 0x20:
        block = block[1:]
    if block[0] in STATUSES:
        return STATUSES[block[0]]
    if block[0] not in STATUS_NAMES:
        return 0
    length, value = block[1] & 0x7f, block[2:2 + (block[1] & 0x7f)]
    return int(digits(value) if block[1] & 0x80 else value[:length])


def digits(coded):
    """Digits in Huffman's code: 0 to 2 have five bits, the others six (RFC 7541, appendix B)."""
    bits = "".join(f"{byte:08b}" for byte in coded)
    found, at = "", 0
    while len(bits) - at > 7 or "0" in bits[at:]:
        short = int(bits[at:at + 5], 2)
        found += str(short if short <= 2 else int(bits[at:at + 6], 2) - 0x16)
        at += 5 if short <= 2 else 6
    return found


async def play(port, raw, bare, awaited):
    """Sends the bytes and a PING. Reads until the proxy closes, has answered the streams that
    are awaited, or has answered the PING and says nothing more."""
    answers = Answers()
    try:
        await asyncio.wait_for(converse(port, raw, bare, awaited, answers), AT_MOST)
    except asyncio.TimeoutError:
        pass
    except OSError:
        answers.closed = True
    return answers


async def converse(port, raw, bare, awaited, answers):
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=CONTEXT, server_hostname=HOST)
    try:
        begin = b"" if bare else PREFACE + settings((1, 0))
        writer.write(begin + raw + frame(PING, 0, 0, ASK))
        await asyncio.gather(drained(writer), listen(reader, writer, answers, awaited))
    finally:
        writer.transport.abort()


async def drained(writer):
    """Who reads no more has said why."""
    try:
        await asyncio.wait_for(writer.drain(), WRITTEN)
    except (OSError, asyncio.TimeoutError):
        pass


async def listen(reader, writer, answers, awaited):
    while not awaited or not answers.ended >= set(awaited):
        patience = QUIET if answers.alive and not awaited else AT_MOST
        try:
            head = await asyncio.wait_for(reader.readexactly(9), patience)
            payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
        except asyncio.IncompleteReadError:
            answers.closed = True
            return
        except asyncio.TimeoutError:
            return
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
        answers.raw += head + payload
        if kind == SETTINGS and not flags & ACK:
            writer.write(settings(flags=ACK))
        answers.read(kind, flags, stream, payload)


CONTEXT = client_context("h2")
