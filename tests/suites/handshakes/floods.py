"""Sessions that make work without asking for anything, and things TLS 1.3 or rustls left out.

`cut` is ended while it goes on, `waited out` by the limit for the first request.
"""

import os

from tlslite.messages import KeyUpdate

from handshakes.client_hello import hello, recorded
from handshakes.hellos import resumption
from handshakes.session import asked, flood, send, session
from handshakes.wire import (
    ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, HEARTBEAT, REFUSED, SERVED, connection, message,
    outcome, record,
)

TLS12, TLS13 = (3, 3), (3, 4)
ROUNDS = 3000
CUT = {"cut"}
ENDED = {"cut", "waited out"}


def case(title, may, one, version=TLS13, rounds=ROUNDS):
    def play(gate):
        with session(gate.port, version=version) as tls:
            return flood(tls, rounds, one)

    return f"{title}, TLS 1.{version[1] - 1}", play, may


def sending(kind, body):
    return lambda tls: send(tls, kind, body)


def update_keys(tls, wanted=0):
    """A KeyUpdate, and the next keys with it."""
    send(tls, HANDSHAKE, KeyUpdate().create(wanted).write())
    state = tls.session
    state.cl_app_secret, state.sr_app_secret = tls._recordLayer.calcTLS1_3KeyUpdate_reciever(
        state.cipherSuite, state.cl_app_secret, state.sr_app_secret
    )


def floods():
    for version in (TLS12, TLS13):
        yield case("warnings", CUT, sending(ALERT, b"\1\x5a"), version)
        yield case("unknown alerts", CUT, sending(ALERT, b"\1\xf0"), version)
        yield case("empty data", ENDED, sending(DATA, b""), version)
        yield case("ChangeCipherSpecs", CUT, sending(CHANGE_CIPHER_SPEC, b"\1"), version)
        yield case("renegotiation", CUT, sending(HANDSHAKE, hello()), version)
        yield case("empty handshake records", CUT, sending(HANDSHAKE, b""), version)
        yield case("a handshake message of 16 MB", CUT, sending(HANDSHAKE, b"\0" * 16_000), version)
        yield case("heartbeats", CUT, sending(HEARTBEAT, b"\1\0\x10" + b"\0" * 32), version)
        yield case("records of type 99", CUT, sending(99, b"x"), version)
        yield case("one line feed a record", ENDED, sending(DATA, b"\n"), version)
    yield case("key updates", CUT, update_keys)
    yield case("key updates to answer", CUT, lambda tls: update_keys(tls, 1))
    yield case("new session tickets", CUT, sending(HANDSHAKE, message(4, b"\0" * 20)))


def before_finished():
    """Between the ServerHello and a Finished that never comes."""
    for title, may, piece in [
        ("ChangeCipherSpecs", REFUSED, record(CHANGE_CIPHER_SPEC, b"\1") * 50),
        ("a wrong ChangeCipherSpec", REFUSED, record(CHANGE_CIPHER_SPEC, b"\2")),
        ("early data that was not agreed on", REFUSED, record(DATA, os.urandom(100)) * 50),
        ("a second ClientHello", REFUSED, recorded(hello())),
        ("garbage", REFUSED, os.urandom(2000)),
        ("alerts in the clear", REFUSED, record(ALERT, b"\1\x5a") * 50),
        ("nothing", REFUSED, b""),
    ]:
        yield f"{title} for a Finished", after_hello(recorded(hello()), piece), may
    early = recorded(hello(resumption()))
    data = record(DATA, os.urandom(16_000)) * 20
    yield "early data for a false ticket", after_hello(early, data), REFUSED


def after_hello(first, piece):
    def play(gate):
        with connection(gate.port) as stream:
            stream.sendall(first)
            came = stream.recv(65536)
            if came[:1] != b"\x16":
                return "no ServerHello"
            try:
                stream.sendall(piece)
                return drained(stream)
            except (ConnectionResetError, BrokenPipeError):
                return "reset"
            except TimeoutError:
                return "left open"

    return play


def drained(stream):
    """Reads to the end; what the server says before it is encrypted."""
    while stream.recv(65536):
        pass
    return "closed"


def spared():
    """What is allowed in small numbers is no reason to cut."""
    def play(gate):
        with session(gate.port) as tls:
            for _ in range(3):
                update_keys(tls)
                send(tls, DATA, b"")
            return asked(tls)

    yield "a request after three key updates and three empty records", play, {"HTTP 200"}
    yield "an honest ClientHello", lambda gate: outcome(gate.port, recorded(hello())), SERVED


CASES = [*floods(), *before_finished(), *spared()]
