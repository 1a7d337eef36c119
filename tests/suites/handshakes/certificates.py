"""Client certificates that are not what they should be: told why over HTTP, or refused."""

import os
import threading

from tlslite.api import X509CertChain, parsePEMKey
from tlslite.errors import BaseTLSException

from gate import PRIVATE
from handshakes.session import asked, session
from kit.certificates import make

VERSIONS = [(3, 3), (3, 4)]
# 495 tells what is wrong with a certificate, 496 that none came.
BAD = {"HTTP 495"}
REFUSED = BAD | {"refused", "reset", "closed"}
MAKING = threading.Lock()


def cases():
    for version in VERSIONS:
        for title, made, may in [
            ("a good one", device, {"HTTP 200"}),
            ("none", lambda _: (None, None), {"HTTP 496"}),
            ("one of another CA", stranger, BAD),
            ("a good one, signed for with another key", another_key, REFUSED - BAD),
            ("a good one with a bit changed", changed, REFUSED),
            ("one cut in half", lambda gate: spoilt(gate, half), REFUSED),
            ("garbage", lambda gate: spoilt(gate, lambda _: os.urandom(800)), REFUSED),
            ("nested to no end", lambda gate: spoilt(gate, lambda _: nested()), REFUSED),
            ("one byte", lambda gate: spoilt(gate, lambda _: b"\x30"), REFUSED),
            ("no byte", lambda gate: spoilt(gate, lambda _: b""), REFUSED),
            ("60 KB", lambda gate: spoilt(gate, lambda _: b"\x30\x82\xff\xff" * 15_000), REFUSED),
            ("a hundred copies of it", lambda gate: copies(gate, 100), REFUSED | {"HTTP 200"}),
            ("ten thousand copies", lambda gate: copies(gate, 10_000), REFUSED),
        ]:
            yield f"{title}, TLS 1.{version[1] - 1}", play(version, made), may


def play(version, made):
    def shown(gate):
        chain, key = made(gate)
        try:
            with session(gate.port, PRIVATE, version, chain, key) as tls:
                came = asked(tls, PRIVATE)
                return came if came.startswith("HTTP") or came == "left open" else "refused"
        except BaseTLSException:
            return "refused"
        except (ConnectionResetError, BrokenPipeError):
            return "reset"
        except TimeoutError:
            return "left open"

    return shown


def device(gate):
    return read(gate.folder, "device-chain.pem", "device-key.pem")


def read(folder, certificate, key):
    chain = X509CertChain()
    chain.parsePemList((folder / certificate).read_text())
    return chain, parsePEMKey((folder / key).read_text(), private=True)


def stranger(gate):
    with MAKING:
        if not (gate.folder / "stranger.pem").exists():
            make(gate.folder / "stranger.pem", gate.folder / "stranger.key", "stranger")
    return read(gate.folder, "stranger.pem", "stranger.key")


def another_key(gate):
    return device(gate)[0], stranger(gate)[1]


def changed(gate):
    return spoilt(gate, lambda der: der[:-1] + bytes([der[-1] ^ 1]))


def half(der):
    return der[:len(der) // 2]


def nested():
    """Sequences in sequences."""
    der = b""
    for _ in range(2000):
        der = b"\x30\x82" + len(der).to_bytes(2, "big") + der
    return der


def spoilt(gate, change):
    """The device's certificate with other bytes."""
    chain, key = device(gate)
    chain.x509List[0].bytes = bytearray(change(bytes(chain.x509List[0].bytes)))
    return chain, key


def copies(gate, many):
    chain, key = device(gate)
    return X509CertChain(chain.x509List * many), key


CASES = list(cases())
