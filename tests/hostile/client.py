"""The hostile client: plays the bytes of a case over TLS and keeps what came back."""

import asyncio
import re
import ssl

from contestants import HOST
from kit.tls import client_context

# Seconds: for a whole case, for more after an answer, for an answer between two pieces.
AT_MOST, QUIET, BETWEEN = 3, 0.5, 0.4
HEAD = re.compile(rb"HTTP/1\.[01] (\d{3})[^\n]*\r\n(.*?\r\n)??\r\n", re.DOTALL)


class Answers:
    """What a proxy said on one connection, whether it closed it, and whether without the goodbye
    that tells the end from a cut (RFC 9112, section 9.8)."""

    def __init__(self, methods=()):
        self.raw = b""
        self.closed = self.torn = False
        self.methods = methods

    def list(self):
        """Status and body of each answer; a body that is not whole is None."""
        answers, at = [], 0
        while head := HEAD.match(self.raw, at):
            status, fields, at = int(head[1]), (head[2] or b"").lower(), head.end()
            method = self.methods[len(answers)] if len(answers) < len(self.methods) else b""
            if 100 <= status < 200 and status != 101:
                continue
            body, at = self._body(status, method, fields, at)
            answers.append((status, body))
            if body is None or status == 101:
                break
        return answers

    def _body(self, status, method, fields, at):
        length = re.search(rb"^content-length: *(\d+)", fields, re.MULTILINE)
        if status in (101, 204, 304) or method == b"HEAD":
            return b"", at
        if re.search(rb"^transfer-encoding: *chunked", fields, re.MULTILINE):
            return chunks(self.raw, at)
        if method == b"CONNECT" and status == 200 or not length and not self.closed:
            return None, at
        end = at + int(length[1]) if length else len(self.raw)
        return (self.raw[at:end], end) if end <= len(self.raw) else (None, at)

    def whole(self):
        """How many whole answers came."""
        return sum(body is not None for _, body in self.list())


def chunks(raw, at):
    body = b""
    while size := re.compile(rb"([0-9a-f]+)[^\n]*\r\n", re.IGNORECASE).match(raw, at):
        length = int(size[1], 16)
        body += raw[size.end():size.end() + length]
        at = size.end() + length + 2
        if length == 0:
            return (body, at) if at <= len(raw) else (None, at)
    return None, at


async def play(port, pieces, methods=(), awaited=None):
    """Sends the pieces, each after an answer to the one before or a pause. Reads until
    the proxy closes, has answered as often as is awaited, or, where nobody knows how
    often that is, has answered and says nothing more."""
    answers = Answers(methods)
    try:
        await asyncio.wait_for(converse(port, pieces, answers, awaited), AT_MOST)
    except asyncio.TimeoutError:
        pass
    except OSError:
        answers.closed = answers.torn = True
    return answers


async def converse(port, pieces, answers, awaited):
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=CONTEXT, server_hostname=HOST)
    try:
        for number, piece in enumerate(pieces):
            if number:
                await more(reader, answers, BETWEEN)
            writer.write(piece)
        await listen(reader, answers, awaited)
        answers.torn = answers.closed and is_torn(writer.get_extra_info("ssl_object"))
    finally:
        writer.transport.abort()


async def listen(reader, answers, awaited):
    while not answers.closed and (awaited is None or answers.whole() < awaited):
        patient = awaited is not None or not answers.raw
        known = len(answers.raw)
        await more(reader, answers, AT_MOST if patient else QUIET)
        if len(answers.raw) == known:
            return


async def more(reader, answers, seconds):
    """Reads what comes next, if anything comes in time."""
    try:
        some = await asyncio.wait_for(reader.read(65536), seconds)
    except asyncio.TimeoutError:
        return
    answers.raw += some
    answers.closed = not some


def is_torn(tls):
    """Whether a connection has ended without TLS's close_notify."""
    try:
        return bool(tls.read(1))
    except ssl.SSLZeroReturnError:
        return False
    except ssl.SSLError:
        return True


CONTEXT = client_context("http/1.1")
