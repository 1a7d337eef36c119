"""A raw connection to the TLS port, and what comes back on it, in one word."""

import contextlib
import struct
import time

from kit.tls import connect

HANDSHAKE, ALERT, CHANGE_CIPHER_SPEC, DATA, HEARTBEAT = 22, 21, 20, 23, 24
ALERTS = {
    10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow",
    40: "handshake_failure", 47: "illegal_parameter", 50: "decode_error", 51: "decrypt_error",
    70: "protocol_version", 80: "internal_error", 109: "missing_extension",
    110: "unsupported_extension", 112: "unrecognized_name",
    116: "certificate_required", 120: "no_application_protocol",
}
# What a refused client may see; a reset takes the alert with it.
REFUSED = {*ALERTS.values(), "closed", "reset"}
SERVED = {"ServerHello"}
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
# Longer than every limit of the suite.
PATIENCE = 12


def record(kind, body, version=(3, 1)):
    return struct.pack("!BBBH", kind, *version, len(body)) + body


def message(kind, body):
    """A handshake message."""
    return struct.pack("!I", kind << 24 | len(body)) + body


@contextlib.contextmanager
def connection(port):
    with connect(port, PATIENCE) as stream:
        yield stream


def outcome(port, *pieces):
    """Sends the pieces, each in a segment of its own, and tells what came."""
    try:
        with connection(port) as stream:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for piece in pieces:
                    stream.sendall(piece)
            return answer(stream)
    except ConnectionResetError:
        return "reset"
    except TimeoutError:
        return "left open"


def answer(stream):
    received = b""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        if (came := named(received)) in SERVED | {"HelloRetryRequest"}:
            return came
        some = stream.recv(65536)
        if not some:
            return came or "closed"
        received += some
    return "left open"


def named(received):
    """The word for the first record of an answer; none while it is not whole."""
    if received.startswith(b"HTTP/1.1 "):
        return "HTTP " + received[9:12].decode()
    if len(received) < 7 or len(received) < 5 + int.from_bytes(received[3:5], "big"):
        return ""
    if received[0] == ALERT:
        return ALERTS.get(received[6], f"alert {received[6]}")
    if received[:1] + received[5:6] != b"\x16\x02":
        return f"record {received[0]}"
    return "HelloRetryRequest" if received[11:43] == RETRY else "ServerHello"
