"""Guesses at a password, which are refused."""

import base64
import itertools

from attacks import repeat
from attacks.connection import CUT, Connection
from keys import USER
from kit.tls import client_context

TLS = client_context("http/1.1")
# Requests on one connection.
EACH = 20
NUMBER = itertools.count()


def wrong_passwords(port, seconds):
    """Guesses of one address at a known user's password."""
    return repeat(seconds, lambda: requests(port, guess))


def wrong_passwords_from_everywhere(port, seconds):
    """The same, each connection from another address."""
    return repeat(seconds, lambda: requests(port, guess, source()))


def guess():
    wrong = base64.b64encode(f"{USER}:{next(NUMBER)}".encode()).decode()
    return f"GET / HTTP/1.1\r\nAuthorization: Basic {wrong}"


def source():
    high, low = divmod(next(NUMBER) % 60_000, 250)
    return f"127.1.{high}.{low + 1}"


def requests(port, line, source="127.0.0.1"):
    sent = 0
    try:
        with Connection(port, TLS, source) as connection:
            for _ in range(EACH):
                connection.send(f"{line()}\r\nHost: localhost\r\n\r\n".encode())
                answered = connection.receive()
                sent = connection.sent()
                if not answered:
                    break
    except CUT:
        pass
    return sent
