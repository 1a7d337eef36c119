"""A browser, one connection after the other: handshakes and uploads."""

import contextlib
import re
import time

from kit.tls import client_context, connect
from loads import SLACK
from process import Failed

# Said in the handshake as in the request: Caddy insists where it asks for certificates.
HOST = "localhost"
# Bytes.
UPLOAD = 100_000_000
PIECE = memoryview(bytes(1_000_000))


PLAIN = client_context()


class Visitor:
    """A TLS connection that asks one thing at a time."""

    def __init__(self, port, known=PLAIN, session=None):
        stream = connect(port, SLACK)
        self.stream = known.wrap_socket(stream, server_hostname=HOST, session=session)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def ask(self, path="/"):
        """Returns the body of the answer, which must be 200."""
        self.send("GET", path, {})
        return self.answer()

    def send(self, method, path, fields):
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\n"
        self.stream.sendall(head.encode())

    def answer(self):
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.receive()
        head, _, body = received.partition(b"\r\n\r\n")
        head = head.decode("latin-1")
        if not head.startswith("HTTP/1.1 200 "):
            raise Failed(f"answered {head.partition(chr(13))[0]}")
        length = int(re.search(r"\r\ncontent-length: *(\d+)", head, re.I)[1])
        while len(body) < length:
            body += self.receive()
        return body

    def receive(self):
        some = self.stream.recv(65536)
        if not some:
            raise Failed("the connection ended within an answer")
        return some


def until(seconds, act):
    """Acts again and again, and says how often."""
    done, limit = 0, time.monotonic() + seconds
    while time.monotonic() < limit:
        act()
        done += 1
    return done


def handshakes(port, seconds, known=PLAIN):
    """Full handshakes with a request each."""
    def act():
        with Visitor(port, known) as visitor:
            visitor.ask()
    return until(seconds, act)


def resumptions(port, seconds):
    """Handshakes with a request each that resume the session before."""
    with Visitor(port) as first:
        first.ask()
        session = first.stream.session

    def act():
        nonlocal session
        with Visitor(port, session=session) as visitor:
            visitor.ask()
            if not visitor.stream.session_reused:
                raise Failed("no session was resumed")
            session = visitor.stream.session
    return until(seconds, act)


def uploads(port, seconds):
    """Megabytes of uploads, and each at least 100 of them."""
    def act():
        with Visitor(port) as visitor:
            visitor.send("POST", "/upload", {"Content-Length": UPLOAD})
            for _ in range(UPLOAD // len(PIECE)):
                visitor.stream.sendall(PIECE)
            if visitor.answer() != b"%d" % UPLOAD:
                raise Failed("the hub did not get all of an upload")
    return until(seconds, act) * UPLOAD / 1e6


@contextlib.contextmanager
def idle():
    """A function that opens connections, each kept after one request until the end."""
    with contextlib.ExitStack() as kept:
        def more(port, count):
            for _ in range(count):
                kept.enter_context(Visitor(port)).ask()
        yield more
