//! An authenticator in software, for tests: it builds its messages without the code under test.

mod ceremonies;

use std::sync::LazyLock;

use aws_lc_rs::{
    digest::{SHA256, digest},
    encoding::AsBigEndian,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use minicbor::Encoder;
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};

pub(super) use self::ceremonies::{
    add, verify_assertion, verify_assertion_text, verify_registration, verify_registration_text,
};
use super::{
    encoded::UserHandle, public_key::Algorithm, register::Register, relying_party::RelyingParty,
};
use crate::authority::Authority;

pub(super) const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);
pub(super) const CHALLENGE: [u8; 32] = [7; 32];

/// The flags UP and UV.
pub(super) const PRESENT_AND_VERIFIED: u8 = 0b101;
/// The flags UP, UV, BE and BS.
pub(super) const SYNCHRONIZED: u8 = 0b11101;

pub(super) fn party(authority: &str) -> RelyingParty {
    RelyingParty::new(&Authority::parse(authority).unwrap(), None).unwrap()
}

pub(super) fn home() -> RelyingParty {
    party("home.example.org")
}

pub(super) fn handle(user: &str) -> UserHandle {
    UserHandle::new(user.as_bytes()).unwrap()
}

pub(super) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn hash(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

/// One key of an authenticator.
enum SigningKey {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(&'static RsaKeyPair),
}

/// Generated once, because that takes a second.
static RSA: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

/// An authenticator with one passkey; its public fields are what it claims.
pub(super) struct Authenticator {
    key: SigningKey,
    pub(super) id: Vec<u8>,
    pub(super) user: String,
    pub(super) rp_id: String,
    pub(super) origin: String,
    pub(super) flags: u8,
    pub(super) counter: u32,
    pub(super) challenge: [u8; 32],
    /// Members that replace or extend those of the client data.
    pub(super) client_data: Value,
    /// Format and encoded statement of the attestation.
    pub(super) attestation: (&'static str, Vec<u8>),
    /// Encoded key that replaces the own one.
    pub(super) cose: Option<Vec<u8>>,
    /// Bytes after the authenticator data.
    pub(super) extensions: Vec<u8>,
}

impl Authenticator {
    /// An authenticator of Anna at `home.example.org`.
    pub(super) fn new(algorithm: Algorithm) -> Self {
        let key = match algorithm {
            Algorithm::EdDsa => SigningKey::Ed25519(Ed25519KeyPair::generate().unwrap()),
            Algorithm::Es256 => {
                SigningKey::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
            }
            Algorithm::Rs256 => SigningKey::Rsa(&RSA),
        };
        Self {
            key,
            id: b"credential".to_vec(),
            user: "anna".to_owned(),
            rp_id: "home.example.org".to_owned(),
            origin: "https://home.example.org".to_owned(),
            flags: PRESENT_AND_VERIFIED,
            counter: 0,
            challenge: CHALLENGE,
            client_data: json!({}),
            attestation: ("none", vec![0xa0]),
            cose: None,
            extensions: Vec::new(),
        }
    }

    /// The key as COSE_Key.
    pub(super) fn cose_key(&self) -> Vec<u8> {
        let mut cbor = Encoder::new(Vec::new());
        match &self.key {
            SigningKey::Ed25519(pair) => {
                cbor.map(4).unwrap().i8(1).unwrap().i8(1).unwrap();
                cbor.i8(3)
                    .unwrap()
                    .i8(-8)
                    .unwrap()
                    .i8(-1)
                    .unwrap()
                    .i8(6)
                    .unwrap();
                cbor.i8(-2)
                    .unwrap()
                    .bytes(pair.public_key().as_ref())
                    .unwrap();
            }
            SigningKey::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                cbor.map(5).unwrap().i8(1).unwrap().i8(2).unwrap();
                cbor.i8(3)
                    .unwrap()
                    .i8(-7)
                    .unwrap()
                    .i8(-1)
                    .unwrap()
                    .i8(1)
                    .unwrap();
                cbor.i8(-2)
                    .unwrap()
                    .bytes(x)
                    .unwrap()
                    .i8(-3)
                    .unwrap()
                    .bytes(y)
                    .unwrap();
            }
            SigningKey::Rsa(pair) => {
                let (n, e) = (pair.public_key().modulus(), pair.public_key().exponent());
                cbor.map(4).unwrap().i8(1).unwrap().i8(3).unwrap();
                cbor.i8(3).unwrap().i16(-257).unwrap();
                cbor.i8(-1)
                    .unwrap()
                    .bytes(n.big_endian_without_leading_zero())
                    .unwrap();
                cbor.i8(-2)
                    .unwrap()
                    .bytes(e.big_endian_without_leading_zero())
                    .unwrap();
            }
        }
        cbor.into_writer()
    }

    /// The browser's client data for a ceremony.
    fn client_data(&self, kind: &str) -> Vec<u8> {
        let mut data = json!({
            "type": kind,
            "challenge": base64url(&self.challenge),
            "origin": self.origin,
            "crossOrigin": false,
        });
        let members = self.client_data.as_object().unwrap().clone();
        data.as_object_mut().unwrap().extend(members);
        serde_json::to_vec(&data).unwrap()
    }

    fn authenticator_data(&self, flags: u8, attested: &[u8]) -> Vec<u8> {
        let hash = hash(self.rp_id.as_bytes());
        let counter = self.counter.to_be_bytes();
        [&hash, &[flags][..], &counter, attested, &self.extensions].concat()
    }

    fn attestation_object(&self) -> Vec<u8> {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let key = self.cose.clone().unwrap_or_else(|| self.cose_key());
        let attested = [&[0; 16][..], &length, &self.id, &key].concat();
        let data = self.authenticator_data(self.flags | 0x40, &attested);
        let mut cbor = Encoder::new(Vec::new());
        cbor.map(3)
            .unwrap()
            .str("fmt")
            .unwrap()
            .str(self.attestation.0)
            .unwrap();
        cbor.str("attStmt")
            .unwrap()
            .writer_mut()
            .extend(&self.attestation.1);
        cbor.str("authData").unwrap().bytes(&data).unwrap();
        cbor.into_writer()
    }

    /// The response to `create()`.
    pub(super) fn register(&self) -> Value {
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": base64url(&self.client_data("webauthn.create")),
                "attestationObject": base64url(&self.attestation_object()),
                "transports": ["internal", "hybrid"],
            },
            "clientExtensionResults": {"credProps": {"rk": true}},
        })
    }

    /// The response to `get()`.
    pub(super) fn assert(&self) -> Value {
        let client_data = self.client_data("webauthn.get");
        let data = self.authenticator_data(self.flags, &[]);
        let signature = self.sign(&[&data[..], &hash(&client_data)].concat());
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": base64url(&client_data),
                "authenticatorData": base64url(&data),
                "signature": base64url(&signature),
                "userHandle": base64url(self.user.as_bytes()),
            },
            "clientExtensionResults": {},
        })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            SigningKey::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            SigningKey::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            SigningKey::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }

    /// A register with the passkey of this authenticator.
    pub(super) fn registered(&self) -> Register {
        let mut register = Register::default();
        let registered = verify_registration(&self.register()).unwrap();
        add(&mut register, registered, &self.user).unwrap();
        register
    }
}
