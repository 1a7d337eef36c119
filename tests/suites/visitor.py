"""A normal client, who measures how long he waits: a new TLS connection for each request."""

import socket
import statistics
import time

from kit.tls import client_context

PATIENCE = 10
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
# Between two visits.
PAUSE = 0.005
CONTEXT = client_context("http/1.1")


def visit(port, source="127.0.0.1"):
    """Seconds until the whole answer has come; an error when it does not."""
    begun = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0)) as stream:
        with CONTEXT.wrap_socket(stream) as secure:
            secure.sendall(REQUEST)
            received = b""
            while some := secure.recv(65536):
                received += some
    if not received.startswith(b"HTTP/1.1 200 "):
        raise OSError(f"no answer but {received[:60]!r}")
    return time.perf_counter() - begun


class Waits:
    """What he waited in `seconds` of visits, one after the other, in milliseconds."""

    def __init__(self, port, seconds, source="127.0.0.1"):
        limit = time.monotonic() + seconds
        self.all, self.failed = [], []
        while time.monotonic() < limit:
            try:
                self.all.append(visit(port, source) * 1000)
            except OSError as error:
                self.failed.append(str(error))
            time.sleep(PAUSE)
        if len(self.all) < 20:
            raise SystemExit(f"suites: only {len(self.all)} visits were answered: {self.failed[:3]}")
        self.p50 = statistics.median(self.all)
        self.p99 = statistics.quantiles(self.all, n=100)[98]

    def __str__(self):
        return f"{self.p50:.1f}/{self.p99:.1f} ms"


def slower(calm, busy, times):
    """Yields what is wrong with how much longer he waited than before."""
    for name, before, after in [("p50", calm.p50, busy.p50), ("p99", calm.p99, busy.p99)]:
        # Below that a machine with other work measures itself.
        if after > times * max(before, NOISE):
            yield f"{name} of a visitor rose from {before:.1f} to {after:.1f} ms"
    if busy.failed:
        yield f"{len(busy.failed)} visits failed: {busy.failed[0]}"


NOISE = 10
