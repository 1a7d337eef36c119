"""Frames that cost the client nothing, sent until the proxy cuts the connection."""

import time

from attacks import http2
from attacks.connection import CUT

# Frames in one write, and writes on one connection: enough for any limit to act.
BATCH, MOST_BATCHES = 100, 500


def begun(port, seconds):
    """Connections with one answered upload: their number, and the bytes they sent."""
    return count(port, seconds, upload)


def flood(make):
    """An attack that adds batches of `make(n)`, where n counts the frames of a connection."""
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


def upload(connection):
    """A refused POST; the frames that its answer came with."""
    connection.send(http2.upload(1))
    frames = http2.Frames()
    while not frames.add(connection.receive()) & {http2.HEADERS, http2.GOAWAY}:
        pass
    return frames


def pour(connection, make):
    """Sends until the proxy cuts the connection, or says that it reads no more."""
    frames = upload(connection)
    for batch in range(MOST_BATCHES):
        numbers = range(batch * BATCH, (batch + 1) * BATCH)
        if not connection.try_send(b"".join(map(make, numbers))):
            return
        if http2.GOAWAY in frames.add(connection.drain()):
            return


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
    """Every eighth frame begins a request, and the seventh after it ends the head."""
    place, stream = number % 8, number // 8 * 2 + 3
    if place == 0:
        return http2.frame(http2.HEADERS, http2.END_STREAM, stream, http2.head())
    return http2.frame(http2.CONTINUATION, http2.END_HEADERS * (place == 7), stream)


FLOODS = {
    "PING": ping,
    "SETTINGS": settings,
    "WINDOW_UPDATE": window_update,
    "empty DATA": empty_data,
    "DATA of one byte": one_byte_data,
    "requests that are reset": rapid_reset,
    "empty CONTINUATION": continuation,
}
