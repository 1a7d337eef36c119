"""What a small request costs."""

from contestants import Setup
from loads import h2load, wrk
from rows.row import Measurement, Row

TLS = Setup()
PLAIN = Setup(tls=False)

MICRO = 1e6


def http1(stand):
    return [stand.cost(TLS, wrk.requests) * MICRO]


def chunked(stand):
    return [stand.cost(TLS, wrk.requests, "/chunked") * MICRO]


def http2(stand):
    return [stand.cost(TLS, h2load.requests) * MICRO]


def plain(stand):
    return [stand.cost(PLAIN, wrk.requests, "/", "http") * MICRO]


def row(key, title, goal):
    return Row(key, f"CPU of a request, {title}, µs", goal, openhabian=0.3)


OVER_TLS = [
    Measurement((row("h1", "HTTP/1.1 over TLS", 0.75),), http1),
    Measurement((row("chunked", "HTTP/1.1 over TLS, chunked answer", 0.75),), chunked),
    Measurement((row("h2", "HTTP/2 over TLS", 0.8),), http2),
]
IN_THE_CLEAR = [Measurement((row("plain", "HTTP/1.1 plain", 0.8),), plain)]
