"""Callers: each says how many requests or handshakes were answered."""

import contextlib
import re
import resource
import socket
import ssl
import subprocess
import time

IDLE = 1000
# Beside the time of a measurement: what a caller may take to begin and to end.
SLACK = 30


def wrk(port, seconds, scheme):
    """HTTP/1.1 over eight kept connections."""
    printed = run(["wrk", "-t1", "-c8", f"-d{seconds}s", f"{scheme}://127.0.0.1:{port}/"], seconds)
    if "Non-2xx" in printed:
        raise SystemExit(f"bench: not every answer was 200\n{printed}")
    return int(re.search(r"(\d+) requests in", printed)[1])


def h2load(port, seconds):
    """HTTP/2, eight streams on each of four connections."""
    command = ["h2load", "-c4", "-m8", "-D", str(seconds), f"https://127.0.0.1:{port}/"]
    printed = run(command, seconds)
    counts = re.search(r"(\d+) succeeded, (\d+) failed", printed)
    if "Application protocol: h2" not in printed or counts[2] != "0":
        raise SystemExit(f"bench: HTTP/2 failed\n{printed}")
    return int(counts[1])


def handshakes(port, seconds):
    """Full TLS handshakes, one after the other, nothing resumed."""
    done, limit = 0, time.monotonic() + seconds
    while time.monotonic() < limit:
        secure(port).close()
        done += 1
    return done


@contextlib.contextmanager
def idle_connections(port):
    """A thousand TLS connections, each kept after one request."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.ExitStack() as kept:
        for _ in range(IDLE):
            ask(kept.enter_context(secure(port)))
        yield


def ask(stream):
    stream.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    received = b""
    while not received.partition(b"\r\n\r\n")[2].endswith(b"x" * 1024):
        some = stream.recv(4096)
        if not some:
            raise SystemExit(f"bench: the connection ended: {received!r}")
        received += some


def secure(port):
    stream = socket.create_connection(("127.0.0.1", port), SLACK)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return CLIENT.wrap_socket(stream)


def client():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


CLIENT = client()


def run(command, seconds):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=seconds + SLACK, check=False,
    )
    if done.returncode:
        raise SystemExit(f"bench: {command[0]} failed\n{done.stdout}")
    return done.stdout
