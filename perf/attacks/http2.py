"""Frames of HTTP/2 (RFC 9113) as an attacker writes them: no state, no Huffman."""

import contextlib

from attacks.connection import Connection
from kit.tls import client_context

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
WINDOW_UPDATE, CONTINUATION = 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
INITIAL_WINDOW_SIZE = b"\x00\x04"
# Added to the connection's window of 65,535 bytes, so that only a stream's is ever empty.
MOST_WINDOW = (2**31 - 1 - 65_535).to_bytes(4, "big")
TLS = client_context("h2")
# On one connection; a batch is at most the streams that both proxies take at a time.
REQUESTS, BATCH = 1500, 100


def frame(kind, flags=0, stream=0, payload=b""):
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags])
    return head + stream.to_bytes(4, "big") + payload


def literal(name, value):
    """A field without indexing (RFC 7541, section 6.2.2)."""
    return b"\x00" + text(name) + text(value)


def indexed(name, value):
    """A field that enters the dynamic table, from where one byte repeats it (section 6.2.1)."""
    return b"\x40" + text(name) + text(value)


def text(value):
    encoded = value.encode()
    return integer(len(encoded)) + encoded


def integer(value):
    """An integer with a prefix of seven bits (section 5.1)."""
    if value < 127:
        return bytes([value])
    rest, octets = value - 127, [127]
    while rest >= 128:
        octets.append(rest % 128 + 128)
        rest //= 128
    return bytes([*octets, rest])


def head(path="/", method=0x82, fields=b""):
    """A GET over https; 0x83 is POST."""
    target = b"\x84" if path == "/" else b"\x04" + text(path)
    return bytes([method, 0x87]) + target + b"\x01" + text("localhost") + fields


def request(stream, path="/", fields=b""):
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, head(path, fields=fields))


def upload(stream):
    """A POST whose body is still to come."""
    return frame(HEADERS, END_HEADERS, stream, head(method=0x83))


@contextlib.contextmanager
def opened(port, settings=b"", tls=TLS):
    """A connection whose preface, SETTINGS and window are sent."""
    with Connection(port, tls) as connection:
        window = frame(WINDOW_UPDATE, payload=MOST_WINDOW)
        connection.send(PREFACE + frame(SETTINGS, payload=settings) + window)
        yield connection


def requests_in_batches(connection, make):
    """Sends each batch once the one before is answered; yields the bytes sent so far."""
    for first in range(0, REQUESTS, BATCH):
        connection.send(b"".join(map(make, range(first, first + BATCH))))
        wait_for(connection, BATCH)
        yield connection.sent()


def wait_for(connection, answers):
    """Reads until that many streams have ended."""
    buffer = b""
    while answers > 0:
        some = connection.receive()
        if not some:
            raise ConnectionError("cut")
        buffer += some
        ended, buffer = ends(buffer)
        answers -= ended


class Frames:
    """The frames of an answer, put together from the bytes that come."""

    def __init__(self):
        self.rest = b""

    def add(self, some):
        """The kinds of the frames that are now whole."""
        self.rest += some
        kinds = set()
        while len(self.rest) >= 9:
            size = 9 + int.from_bytes(self.rest[:3], "big")
            if len(self.rest) < size:
                break
            kinds.add(self.rest[3])
            self.rest = self.rest[size:]
        return kinds


def ends(buffer):
    """How many streams the frames in a buffer end, and what is left of it."""
    ended = 0
    while len(buffer) >= 9:
        size = int.from_bytes(buffer[:3], "big")
        if len(buffer) < 9 + size:
            break
        kind, flags = buffer[3], buffer[4]
        ended += kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & END_STREAM)
        buffer = buffer[9 + size:]
    return ended, buffer
