#!/usr/bin/env python3
"""Writes vectors.json: ceremonies of passkeys, good and bad, by Yubico's python-fido2.

usage: pip install fido2; tests/data/passkey/vectors.py

The responses are built from the library's own structures and signed by `cryptography`; its
`Fido2Server` verifies each, and its verdict (`fido2`) is stored beside the expected one (`error`,
the step that hubgate refuses at, or null). The verdicts differ only where `stricter` gives the
reason. Keys are new in each run.
"""

import copy
import hashlib
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor
from fido2.cose import CoseKey, ES256, EdDSA, RS256
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
)

HOST = "home.example.org"
ORIGIN = f"https://{HOST}"
FLAG = AuthenticatorData.FLAG
UP_UV = FLAG.UP | FLAG.UV
USER = b"a user handle of 32 random bytes"


class Authenticator:
    """A passkey with its private key."""

    def __init__(self, algorithm):
        self.algorithm = algorithm
        self.key, self.cose = {
            "ES256": lambda: self.pair(ES256, ec.generate_private_key(ec.SECP256R1())),
            "EdDSA": lambda: self.pair(EdDSA, ed25519.Ed25519PrivateKey.generate()),
            "RS256": lambda: self.pair(RS256, rsa.generate_private_key(65537, 2048)),
        }[algorithm]()
        self.id = os.urandom(32)

    @staticmethod
    def pair(kind, key):
        return key, kind.from_cryptography_key(key.public_key())

    def sign(self, message):
        if self.algorithm == "ES256":
            return self.key.sign(message, ec.ECDSA(hashes.SHA256()))
        if self.algorithm == "EdDSA":
            return self.key.sign(message)
        return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())


class Ceremony:
    """The claims of one response; a case changes some."""

    def __init__(self, authenticator):
        self.authenticator = authenticator
        self.challenge = os.urandom(32)
        self.claims = {}
        self.rp_id = HOST
        self.flags = UP_UV
        self.counter = 0
        self.id = authenticator.id
        self.cose = dict(authenticator.cose)
        self.user = USER
        self.format, self.statement = "none", {}
        self.extensions = None
        self.tail = b""
        self.signer = authenticator

    def client_data(self, kind):
        data = {
            "type": kind,
            "challenge": websafe_encode(self.challenge),
            "origin": ORIGIN,
            "crossOrigin": False,
        }
        data.update(self.claims)
        return CollectedClientData(json.dumps(data, separators=(",", ":")).encode())

    def hash(self):
        return hashlib.sha256(self.rp_id.encode()).digest()

    def register(self):
        attested = AttestedCredentialData.create(b"\0" * 16, self.id, self.cose)
        flags = self.flags | FLAG.AT | (FLAG.ED if self.extensions is not None else 0)
        data = AuthenticatorData.create(
            self.hash(), flags, self.counter, attested, self.extensions
        )
        data = bytes(data) + self.tail
        attestation = cbor.encode(
            {"fmt": self.format, "attStmt": self.statement, "authData": data}
        )
        return self.json(
            {
                "clientDataJSON": websafe_encode(self.client_data("webauthn.create")),
                "attestationObject": websafe_encode(attestation),
                "transports": ["internal"],
            }
        )

    def login(self):
        client_data = self.client_data("webauthn.get")
        flags = self.flags | (FLAG.ED if self.extensions is not None else 0)
        data = AuthenticatorData.create(
            self.hash(), flags, self.counter, b"", self.extensions
        )
        data = bytes(data) + self.tail
        signature = self.signer.sign(data + client_data.hash)
        return self.json(
            {
                "clientDataJSON": websafe_encode(client_data),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": websafe_encode(self.user),
            }
        )

    def json(self, response):
        text = websafe_encode(self.id)
        return {
            "id": text,
            "rawId": text,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


def verdict(verify):
    try:
        verify()
    except Exception:
        return "refused"
    return "accepted"


class Vectors:
    def __init__(self):
        rp = PublicKeyCredentialRpEntity(id=HOST, name=HOST)
        self.server = Fido2Server(rp, attestation="none", verify_origin=lambda origin: origin == ORIGIN)
        self.all = []

    def state(self, challenge):
        return {"challenge": websafe_encode(challenge), "user_verification": "required"}

    def registration(self, name, ceremony, challenge, response, error=None, stricter=None):
        fido2 = verdict(lambda: self.server.register_complete(self.state(challenge), response))
        self.add("registration", name, ceremony, challenge, response, error, stricter, fido2)

    def assertion(self, name, ceremony, challenge, response, error=None, stricter=None):
        own = ceremony.authenticator
        credential = AttestedCredentialData.create(b"\0" * 16, own.id, own.cose)
        fido2 = verdict(
            lambda: self.server.authenticate_complete(self.state(challenge), [credential], response)
        )
        self.add("assertion", name, ceremony, challenge, response, error, stricter, fido2)

    def add(self, kind, name, ceremony, challenge, response, error, stricter, fido2):
        expected = "refused" if error else "accepted"
        assert (fido2 == expected) != bool(stricter), (name, fido2, error, stricter)
        own = ceremony.authenticator
        vector = {
            "ceremony": kind,
            "name": f"{own.algorithm}: {name}",
            "challenge": websafe_encode(challenge),
            "user": websafe_encode(USER),
            "id": websafe_encode(own.id),
            "public_key": websafe_encode(cbor.encode(own.cose)),
            "response": response,
            "error": error,
            "fido2": fido2,
        }
        if stricter:
            vector["stricter"] = stricter
        self.all.append(vector)


def claims(**members):
    return lambda ceremony: ceremony.claims.update(members)


def setting(**fields):
    return lambda ceremony: ceremony.__dict__.update(fields)


# Changes of both ceremonies: name, change, error, reason why fido2 accepts.
BOTH = [
    ("as it is", lambda ceremony: None, None, None),
    ("synchronized", setting(flags=UP_UV | FLAG.BE | FLAG.BS), None, None),
    ("with extensions", setting(extensions={"credProtect": 2}), None, None),
    ("other type", claims(type="payment.get"), "Type", None),
    ("other challenge", claims(challenge=websafe_encode(b"x" * 32)), "Challenge", None),
    ("short challenge", claims(challenge="AAAA"), "Challenge", None),
    ("other host", claims(origin="https://evil.example.org"), "Origin", None),
    ("host above", claims(origin="https://example.org"), "Origin", None),
    ("host below", claims(origin="https://a.home.example.org"), "Origin", None),
    ("in the clear", claims(origin="http://home.example.org"), "Origin", None),
    ("other port", claims(origin="https://home.example.org:444"), "Origin", None),
    (
        "in a frame",
        claims(crossOrigin=True, topOrigin="https://evil.example.org"),
        "CrossOrigin",
        "python-fido2 does not read crossOrigin",
    ),
    (
        "with the origin above it",
        claims(topOrigin="https://evil.example.org"),
        "TopOrigin",
        "python-fido2 does not read topOrigin",
    ),
    ("other RP ID", setting(rp_id="example.org"), "RpIdHash", None),
    ("user not present", setting(flags=FLAG.UV), "UserNotPresent", None),
    ("user not verified", setting(flags=FLAG.UP), "UserNotVerified", None),
    (
        "backed up without eligibility",
        setting(flags=UP_UV | FLAG.BS),
        "BackupState",
        "python-fido2 does not compare BE and BS",
    ),
    ("bytes after the data", setting(tail=b"\0"), "AuthenticatorData", None),
]


def changed(cose, **fields):
    labels = {"kty": 1, "alg": 3, "crv": -1, "x": -2, "y": -3}
    cose = dict(cose)
    cose.update({labels[name]: value for name, value in fields.items()})
    return cose


def registrations(vectors, authenticator):
    def case(name, change, error=None, stricter=None):
        ceremony = Ceremony(authenticator)
        change(ceremony)
        response = ceremony.register()
        vectors.registration(name, ceremony, ceremony.challenge, response, error, stricter)

    for each in BOTH:
        case(*each)
    case("type of a login", claims(type="webauthn.get"), "Type")
    case("identifier of 1023 bytes", setting(id=b"i" * 1023))
    case(
        "identifier of 1024 bytes",
        setting(id=b"i" * 1024),
        "Response",
        "python-fido2 has no limit",
    )
    case(
        "packed self attestation",
        lambda ceremony: ceremony.__dict__.update(
            format="packed", statement={"alg": ceremony.cose[3], "sig": b"not verified"}
        ),
        None,
    )
    case(
        "none with a statement",
        setting(statement={"alg": -7}),
        "AttestationStatement",
        "python-fido2 ignores the statement unless attestation is requested",
    )
    for name, number, in [("ES384", -35), ("unknown", -65000)]:
        case(
            f"algorithm {name}",
            lambda ceremony: ceremony.__dict__.update(cose=changed(ceremony.cose, alg=number)),
            "Key",
            "python-fido2 compares no algorithm at registration",
        )
    if authenticator.algorithm == "ES256":
        for name, fields in [
            ("point beside the curve", {"y": b"\1" * 32}),
            ("curve P-384", {"crv": 2}),
            ("key type OKP", {"kty": 1}),
        ]:
            case(
                name,
                lambda ceremony: ceremony.__dict__.update(cose=changed(ceremony.cose, **fields)),
                "Key",
                "python-fido2 reads the key at the first login",
            )


def assertions(vectors, authenticator):
    def case(name, change, error=None, stricter=None, damage=lambda response: None):
        ceremony = Ceremony(authenticator)
        change(ceremony)
        response = copy.deepcopy(ceremony.login())
        damage(response["response"])
        vectors.assertion(name, ceremony, ceremony.challenge, response, error, stricter)

    for each in BOTH:
        if each[0] != "synchronized":
            case(*each)
    case(
        "eligible for backup, other than at registration",
        setting(flags=UP_UV | FLAG.BE),
        "BackupEligibility",
        "python-fido2 does not store BE",
    )
    case("type of a registration", claims(type="webauthn.create"), "Type")
    other = Authenticator(authenticator.algorithm)
    case("other key", setting(signer=other), "Signature")
    for algorithm in {"ES256", "EdDSA", "RS256"} - {authenticator.algorithm}:
        case(f"signed with {algorithm}", setting(signer=Authenticator(algorithm)), "Signature")
    case("other identifier", setting(id=other.id), "UnknownCredential")
    case(
        "other user",
        setting(user=b"another user"),
        "UnknownCredential",
        "python-fido2 leaves the user handle to its caller",
    )

    def cut(response):
        response["signature"] = websafe_encode(websafe_decode(response["signature"])[:-6])

    def zero(response):
        response["signature"] = websafe_encode(b"\0" * 64)

    def other_counter(response):
        data = AuthenticatorData.create(hashlib.sha256(HOST.encode()).digest(), UP_UV, 9, b"")
        response["authenticatorData"] = websafe_encode(data)

    case("signature cut", lambda ceremony: None, "Signature", None, cut)
    case("signature of zeros", lambda ceremony: None, "Signature", None, zero)
    case("other counter than signed", lambda ceremony: None, "Signature", None, other_counter)


def main():
    vectors = Vectors()
    for algorithm in ["ES256", "EdDSA", "RS256"]:
        authenticator = Authenticator(algorithm)
        registrations(vectors, authenticator)
        assertions(vectors, authenticator)
    file = Path(__file__).with_name("vectors.json")
    lines = ",\n".join(json.dumps(vector) for vector in vectors.all)
    file.write_text(f"[\n{lines}\n]\n")
    print(f"{file}: {len(vectors.all)} vectors")


main()
