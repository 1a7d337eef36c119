"""What a new connection with one request costs."""

from contestants import Setup
from kit.tls import client_context
from loads import h2load, visitor
from rows.requests import MICRO, TLS
from rows.row import Measurement, Row


def full(stand):
    return [stand.cost(TLS, h2load.handshakes) * MICRO]


def resumed(stand):
    return [stand.cost(TLS, visitor.resumptions) * MICRO]


def with_certificate(stand):
    keys = stand.house.keys
    known = client_context(certificate=(keys.chain("visitor"), keys.key("visitor")))
    return [stand.cost(Setup(client_certificate=True), visitor.handshakes, known) * MICRO]


def row(key, title, goal=None):
    return Row(key, f"CPU of a {title} and a request, µs", goal)


WITHOUT_CERTIFICATE = [
    Measurement((row("full", "full handshake", 0.5),), full),
    Measurement((row("resumed", "resumed handshake"),), resumed),
]
WITH_CERTIFICATE = [
    Measurement((row("certificate", "handshake with client certificate", 0.5),), with_certificate)
]
