"""ClientHellos as no honest client sends them."""

import itertools
import os
import struct

from tlslite.constants import CipherSuite, ExtensionType, GroupName

from handshakes.client_hello import TLS12, TLS13, extension, hello, name, recorded
from handshakes.wire import (
    ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, HEARTBEAT, REFUSED, SERVED, message, outcome,
    record,
)


def good(gate):
    return outcome(gate.port, recorded(hello()))


def case(title, may, *pieces):
    return title, lambda gate: outcome(gate.port, *pieces), may


def whole(title, may, *more, **changes):
    """A case of one well-framed ClientHello."""
    return case(title, may, recorded(hello(more, **changes)))


def framing():
    body = hello()
    whole_record = recorded(body)
    yield case("in records of one byte", SERVED, recorded(body, 1))
    yield case("in records of seven bytes", SERVED, recorded(body, 7))
    yield case("in segments of one byte", SERVED, *(bytes([one]) for one in whole_record))
    yield case("of 16 KB in one record", SERVED, recorded(hello([padding(15_900)])))
    yield case("in a record of version 3.4", SERVED, recorded(body, version=(3, 4)))
    yield case("in a record of version 9.9", REFUSED, recorded(body, version=(9, 9)))
    yield case("after an empty record", REFUSED, record(HANDSHAKE, b"") + whole_record)
    yield case("after 10,000 empty records", REFUSED, record(HANDSHAKE, b"") * 10_000)
    yield case("with a second one in its record", REFUSED, recorded(body + body))
    yield case("with an alert between its halves", REFUSED, recorded(body[:50]), warning(),
               recorded(body[50:]))
    yield case("with data between its halves", REFUSED, recorded(body[:50]), record(DATA, b"x"),
               recorded(body[50:]))
    yield case("in a record longer than TLS allows", REFUSED,
               struct.pack("!BHH", HANDSHAKE, 0x301, 0xffff) + os.urandom(0xffff))
    yield case("that says it has 16 MB", REFUSED, b"".join(endless(1)))
    yield case("of 64 KB, in five records", REFUSED | SERVED, recorded(hello([padding(62_000)])))
    yield case("that is another message", REFUSED, recorded(message(11, b"\0\0\0")))
    yield case("that is a Finished", REFUSED, recorded(message(20, b"\0" * 32)))
    yield case("that is of no known type", REFUSED, recorded(message(99, body[4:])))
    yield case("that is empty", REFUSED, recorded(message(1, b"")))
    yield case("of SSL 2", REFUSED | {"HTTP 400"}, ssl2())


def padding(length):
    return extension(21, b"\0" * length)


def warning():
    return record(ALERT, b"\1\x5a")


def endless(megabytes):
    yield record(HANDSHAKE, b"\1\xff\xff\xff" + b"\3\3" + b"\0" * 16_000)
    yield from itertools.repeat(record(HANDSHAKE, b"\0" * 16_384), megabytes * 64)


def ssl2():
    body = b"\1\0\2\0\3\0\0\0\x10\1\0\x80" + os.urandom(16)
    return struct.pack("!H", 0x8000 | len(body)) + body


def held():
    """Begun and never ended: `header_time` ends them."""
    bytes_ = recorded(hello())
    cuts = [1, 2, 4, 5, 6, 9, 11, 43, 44, 60, 100, len(bytes_) - 1]
    for cut in cuts:
        yield case(f"cut after {cut} bytes and held", REFUSED, bytes_[:cut])
    yield "nothing, held", lambda gate: outcome(gate.port), REFUSED


def first_bytes():
    """What does not begin as a handshake is HTTP or nothing."""
    for kind in [0, 1, ALERT, CHANGE_CIPHER_SPEC, DATA, HEARTBEAT, 25, 63, 128, 255]:
        yield case(f"a record of type {kind} first", REFUSED | {"HTTP 400", "HTTP 408"},
                   record(kind, b"\1\0\3abc" + b"\0" * 32) + recorded(hello()))


def names():
    yield whole("without SNI", SERVED, sni=None)
    yield whole("for two names", REFUSED, sni=name(b"localhost", b"private.test"))
    yield whole("for one name twice", REFUSED, sni=name(b"localhost", b"localhost"))
    yield whole("for an unknown name", SERVED, sni=name(b"elsewhere.test"))
    yield whole("for LOCALHOST", SERVED, sni=name(b"LOCALHOST"))
    yield whole("for a name with a dot at its end", SERVED | REFUSED, sni=name(b"localhost."))
    yield whole("for an address", SERVED, sni=name(b"127.0.0.1"))
    yield whole("for an empty name", REFUSED, sni=name(b""))
    yield whole("for a name with NUL", REFUSED, sni=name(b"localhost\0.test"))
    yield whole("for a name with a line feed", REFUSED, sni=name(b"localhost\r\nX: y"))
    yield whole("for a name of 300 bytes", REFUSED, sni=name(b"a." * 150 + b"test"))
    yield whole("for a name of 60 KB", REFUSED, sni=name(b"a" * 60_000))
    yield whole("for a name that is not UTF-8", REFUSED, sni=name(b"\xff\xfe"))
    yield whole("with an empty SNI", REFUSED, sni=extension(0, b""))
    yield whole("with an SNI of no names", REFUSED, sni=extension(0, b"\0\0"))
    yield whole("with SNI twice", REFUSED, name(b"private.test"))
    yield whole("for a name of another type", REFUSED | SERVED,
                sni=extension(0, b"\0\x0c\1\0\x09localhost"))


def versions():
    for version in [(3, 0), (3, 1), (3, 2)]:
        yield whole(f"for version {version} only", {"protocol_version"}, versions=None,
                    version=version)
        yield whole(f"for supported version {version} only", {"protocol_version"},
                    versions=[version])
    yield whole("for TLS 1.2 only", SERVED, versions=None)
    yield whole("for TLS 1.3 only", SERVED, versions=[TLS13])
    yield whole("for unknown versions and 1.3", SERVED, versions=[(0x7a, 0x7a), (9, 9), TLS13])
    yield whole("for unknown versions only", {"protocol_version"}, versions=[(0x7a, 0x7a)])
    yield whole("of version 9.9", SERVED, versions=None, version=(9, 9))
    yield whole("of version 0.0", REFUSED, versions=None, version=(0, 0))
    yield whole("with no version in the list", REFUSED, versions=None, sni=extension(43, b"\0"))
    yield whole("that falls back to 1.2", REFUSED | SERVED, versions=[TLS12],
                suites=[CipherSuite.TLS_FALLBACK_SCSV,
                        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256])


def offers():
    yield whole("without a suite in common", REFUSED, suites=[CipherSuite.TLS_RSA_WITH_RC4_128_MD5])
    yield whole("without suites", REFUSED, suites=[])
    yield whole("with 30,000 suites", REFUSED | SERVED, suites=range(1, 30_000))
    yield whole("without compression methods", REFUSED, compression=[])
    yield whole("with DEFLATE only", REFUSED, compression=[1])
    yield whole("with a session of 33 bytes", REFUSED, session=os.urandom(33))
    yield whole("with a session of 32 bytes", SERVED, session=os.urandom(32))
    yield whole("with a share of a group we lack", REFUSED, group=GroupName.x448)
    yield whole("with a short share", REFUSED, group=GroupName.secp256r1)
    for kind in [10, 13, 16, 23, 43, 51, 65281]:
        yield whole(f"with extension {kind} empty", REFUSED | SERVED, extension(kind, b""))
    for kind in [10, 13, 43, 51]:
        yield whole(f"with extension {kind} twice", REFUSED, extension(kind, b"\0\2\0\x1d"))
    yield whole("with an unknown extension twice", REFUSED, extension(0x5555, b""),
                extension(0x5555, b""))
    yield whole("with 10,000 unknown extensions", REFUSED | SERVED,
                *(extension(0x4000 + number, b"") for number in range(10_000)))
    yield whole("with heartbeats", SERVED, extension(ExtensionType.heartbeat, b"\1"))
    yield whole("with ALPN of nothing known", REFUSED | SERVED, extension(16, b"\0\4\3foo"))
    yield whole("with ALPN of an empty name", REFUSED, extension(16, b"\0\1\0"))
    yield whole("with ALPN acme-tls/1 and no order", REFUSED | SERVED,
                extension(16, b"\0\x0b\x0aacme-tls/1"))
    yield whole("with a false binder", REFUSED | SERVED, *resumption())
    yield whole("with a PSK that is not last", REFUSED, *reversed(resumption()))
    yield whole("with a cookie nobody gave", REFUSED | SERVED, extension(44, b"\0\3abc"))


def resumption():
    ticket, binder = os.urandom(64), os.urandom(32)
    identity = struct.pack("!H", len(ticket)) + ticket + b"\0\0\0\0"
    binders = bytes([len(binder)]) + binder
    offered = struct.pack("!H", len(identity)) + identity + struct.pack("!H", len(binders)) + binders
    return [extension(45, b"\1\1"), extension(42, b""), extension(41, offered)]


CASES = [
    one for group in (framing, held, first_bytes, names, versions, offers) for one in group()
]
