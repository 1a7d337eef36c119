"""Clients that ask for an answer and read none of it: what hubgate and the kernel keep for them.

An answer that fits into the kernel's buffer is done for hubgate; the client's
place is free again while the kernel still holds the answer.
"""

import contextlib
import socket
import time

import sockets
from gate import Gate
from program import hub, is_in_time
from row import Row
from visitor import CONTEXT, PATIENCE

# One address after another use of all its places.
ROUNDS, PLACES = 2, 100
REQUEST = b"GET /medium HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
WINDOW = 4096
# What one address may make the kernel keep.
MOST = 50_000_000


def run(folder):
    with hub(folder, "hub.py") as behind, Gate(folder, behind.port) as gate:
        begun = time.monotonic()
        with contextlib.ExitStack() as kept:
            for _ in range(ROUNDS):
                for _ in range(PLACES):
                    kept.enter_context(unread(gate.port))
                is_in_time(lambda: not sockets.held(gate.port), "places are free", 75)
            held, orphaned = sockets.held(gate.port), sockets.orphaned(gate.port)
            seconds = time.monotonic() - begun
    wrong = list(gate.panics())
    if orphaned > MOST:
        wrong.append(f"one address makes the kernel keep {orphaned / 1e6:.0f} MB")
    yield Row("hubgate's own", f"{ROUNDS * PLACES} requests of one address for 1 MB, none read",
              f"after {seconds:.0f} s {held} connections are open, and the kernel keeps "
              f"{orphaned / 1e6:.0f} MB for closed ones", wrong)


def unread(port):
    stream = socket.socket()
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    stream.settimeout(PATIENCE)
    stream.connect(("127.0.0.1", port))
    secure = CONTEXT.wrap_socket(stream)
    secure.sendall(REQUEST)
    return secure
