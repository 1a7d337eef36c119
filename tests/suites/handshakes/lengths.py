"""A ClientHello with one of its lengths too small, too large, or as large as can be."""

from handshakes.client_hello import hello
from handshakes.wire import HANDSHAKE, REFUSED, outcome, record

# Where the vectors of a ClientHello begin (RFC 8446, section 4.1.2).
SESSION = 4 + 2 + 32


def fields(body):
    """Yields name, place and size of each length in the message."""
    yield "the message's", 1, 3
    yield "the session's", SESSION, 1
    suites = SESSION + 1 + body[SESSION]
    yield "the suites'", suites, 2
    compression = suites + 2 + number(body, suites, 2)
    yield "the compression methods'", compression, 1
    all_ = compression + 1 + body[compression]
    yield "the extensions'", all_, 2
    at = all_ + 2
    while at < len(body):
        yield f"extension {number(body, at, 2)}'s", at + 2, 2
        if (size := inner(body, at)):
            yield f"the list's in extension {number(body, at, 2)}", at + 4, size
        at += 4 + number(body, at + 2, 2)


def inner(body, at):
    """The size of the length that an extension's body begins with."""
    return 1 if number(body, at, 2) in (11, 43) else 2


def number(body, at, size):
    return int.from_bytes(body[at:at + size], "big")


def cases():
    body = hello()
    for name, at, size in fields(body):
        true, most = number(body, at, size), 256 ** size - 1
        for wrong in sorted({0, max(true - 1, 0), true + 1, most} - {true}):
            changed = body[:at] + wrong.to_bytes(size, "big") + body[at + size:]
            yield f"{name} length {wrong}, not {true}", play(changed), REFUSED


def play(body):
    return lambda gate: outcome(gate.port, record(HANDSHAKE, body))


CASES = list(cases())
