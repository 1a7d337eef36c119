"""Handshakes: unfinished, finished for nothing, and with a chain of made-up CAs."""

from attacks import http2, repeat
from attacks.connection import CUT, Connection
from kit.tls import client_context

TLS = client_context("http/1.1")
# A TLS 1.2 record and ClientHello head that announce more than ever comes.
BEGUN = bytes.fromhex("1603010200010001fc0303") + bytes(100)


def begun(port, seconds):
    """Connections that send a part of a ClientHello."""
    def act():
        with Connection(port) as connection:
            connection.try_send(BEGUN)
            return connection.sent()
    return repeat(seconds, act)


def full(port, seconds):
    """Handshakes without a request."""
    return repeat(seconds, lambda: shake(port, TLS))


def with_chain(certificate):
    """Handshakes that show a chain, without a request."""
    shown = client_context("http/1.1", certificate)
    return lambda port, seconds: repeat(seconds, lambda: shake(port, shown, answered=True))


def requests_with_chain(certificate):
    """Many requests on each connection that showed a chain."""
    shown = client_context("h2", certificate)
    return lambda port, seconds: repeat(seconds, lambda: ask(port, shown))


def shake(port, tls, answered=False):
    try:
        with Connection(port, tls) as connection:
            if answered:
                # The client's flight is judged only when a request asks for it.
                connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                connection.receive()
            return connection.sent()
    except CUT:
        return 0


def ask(port, tls):
    sent = 0
    try:
        with http2.opened(port, tls=tls) as connection:
            for sent in http2.requests_in_batches(connection, lambda n: http2.request(2 * n + 1)):
                pass
    except CUT:
        pass
    return sent
