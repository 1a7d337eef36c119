"""Thousands of connections from many addresses that say nothing: held, and a visitor is served."""

import concurrent.futures
import contextlib
import socket
import time

import sockets
from gate import Gate
from program import hub, is_in_time
from row import Row
from visitor import CONTEXT, Waits, slower

# With the default limits: 10,000 connections, 100 of one address.
ADDRESSES = [f"127.1.{number}.1" for number in range(1, 51)]
EACH = 100
ALL = len(ADDRESSES) * EACH
AT_ONCE = 8
MEASURED = 6
TIMES = 2
# Seconds; `limits.header_time` and `limits.idle` and a little.
SILENT, IDLE = 10 + 3, 75 + 5
# Bytes of memory for each connection; docs/performance.md has 22.6 KB for an idle one.
MOST = {"say nothing": 15_000, "have shaken hands": 40_000}
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
PATIENCE = 30


def run(folder):
    with hub(folder, "hub.py") as behind:
        for what, connect, seconds in [
            ("say nothing", plain, SILENT),
            ("have shaken hands", secure, IDLE),
        ]:
            with Gate(folder, behind.port) as gate, contextlib.ExitStack() as kept:
                yield crowded(gate, kept, what, connect, seconds)


def crowded(gate, kept, what, connect, seconds):
    calm = Waits(gate.port, MEASURED)
    before = gate.rss()
    fill(gate, kept, connect)
    # A connection is made before hubgate has taken it from the kernel's queue.
    is_in_time(lambda: sockets.held(gate.port) >= ALL, "all are taken in", SILENT / 3)
    most = sockets.held(gate.port)
    each = (gate.rss() - before) / ALL
    busy = Waits(gate.port, MEASURED, source="127.2.0.1")
    begun = time.monotonic()
    gone = is_in_time(
        lambda: not sockets.held(gate.port), f"those that {what} are let go", seconds
    )
    wrong = [*slower(calm, busy, TIMES), *gate.panics()]
    if most < ALL:
        wrong.append(f"only {most} of {ALL} were held")
    if each > MOST[what]:
        wrong.append(f"each takes {each:.0f} bytes, not {MOST[what]}")
    if not gone:
        wrong.append(f"after {seconds} s {sockets.held(gate.port)} are still open")
    waited = time.monotonic() - begun
    return Row("hubgate's own", f"{ALL} connections of {len(ADDRESSES)} addresses that {what}",
               f"{most} held, {each / 1000:.1f} KB each; a visitor waits {busy}, before {calm}; "
               + (f"all closed {waited + MEASURED:.0f} s later" if gone else "not all closed"), wrong)


def fill(gate, kept, connect):
    places = [address for address in ADDRESSES for _ in range(EACH)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for stream in pool.map(lambda address: connect(gate.port, address), places):
            kept.enter_context(stream)


def plain(port, source):
    return socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))


def secure(port, source):
    """One that had a request answered, and is idle."""
    stream = CONTEXT.wrap_socket(plain(port, source))
    stream.sendall(REQUEST)
    received = b""
    while not received.endswith(b"x" * 1024):
        some = stream.recv(65536)
        if not some:
            raise SystemExit(f"suites: a connection ended with {received[:60]!r}")
        received += some
    return stream
