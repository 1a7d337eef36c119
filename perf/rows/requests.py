"""What a small request costs."""

from contestants import Setup
from loads import h2load, wrk
from rows.row import Measurement, Row

TLS = Setup()
PLAIN = Setup(tls=False)

MICRO = 1e6


def http1(stand):
    return micro(stand.costs(TLS, wrk.requests))


def chunked(stand):
    return micro(stand.costs(TLS, wrk.requests, "/chunked"))


def http2(stand):
    return micro(stand.costs(TLS, h2load.requests))


def plain(stand):
    return micro(stand.costs(PLAIN, wrk.requests, "/", "http"))


def micro(seconds):
    return [MICRO * value for value in seconds]


def rows(key, title, goal):
    """What all of it costs, and the part that no proxy can save but by asking the kernel less."""
    return (
        Row(key, f"CPU of a request, {title}, µs", goal, openhabian=0.3),
        Row(f"{key}-kernel", "of these in the kernel, µs", steady=False),
    )


OVER_TLS = [
    Measurement(rows("h1", "HTTP/1.1 over TLS", 0.75), http1),
    Measurement(rows("chunked", "HTTP/1.1 over TLS, chunked answer", 0.75), chunked),
    Measurement(rows("h2", "HTTP/2 over TLS", 0.8), http2),
]
IN_THE_CLEAR = [Measurement(rows("plain", "HTTP/1.1 plain", 0.8), plain)]
