"""A good ClientHello, made with tlslite-ng, and its parts to be made wrong."""

import os

from tlslite.constants import CipherSuite, ExtensionType, GroupName, SignatureScheme
from tlslite.extensions import (
    ClientKeyShareExtension, KeyShareEntry, SNIExtension, SignatureAlgorithmsExtension,
    SupportedGroupsExtension, SupportedVersionsExtension, TLSExtension,
)
from tlslite.messages import ClientHello

from handshakes.wire import HANDSHAKE, record

SUITES = [
    CipherSuite.TLS_AES_128_GCM_SHA256,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
]
TLS12, TLS13 = (3, 3), (3, 4)


def name(*hosts):
    """The names a client asks for: one, for an honest one."""
    entries = [SNIExtension.ServerName(0, host) for host in hosts]
    return SNIExtension().create(serverNames=entries)


def extension(kind, body):
    return TLSExtension(extType=kind).create(kind, bytearray(body))


def extensions(sni=name(b"localhost"), versions=(TLS13, TLS12), group=GroupName.x25519):
    share = KeyShareEntry().create(group, bytearray(os.urandom(32)))
    made = [
        sni,
        SupportedVersionsExtension().create(list(versions)) if versions else None,
        SupportedGroupsExtension().create([group]),
        SignatureAlgorithmsExtension().create([SignatureScheme.ecdsa_secp256r1_sha256]),
        ClientKeyShareExtension().create([share]),
        extension(ExtensionType.ec_point_formats, b"\1\0"),
    ]
    return [one for one in made if one]


def hello(more=(), suites=SUITES, version=TLS12, session=b"", compression=(0,), **changes):
    """The message; `changes` are for `extensions`."""
    made = ClientHello().create(
        version, bytearray(os.urandom(32)), bytearray(session), list(suites),
        extensions=[*extensions(**changes), *more],
    )
    made.compression_methods = list(compression)
    return bytes(made.write())


def recorded(body, size=16384, version=(3, 1)):
    """The message in records of `size` bytes."""
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(record(HANDSHAKE, part, version) for part in parts)
