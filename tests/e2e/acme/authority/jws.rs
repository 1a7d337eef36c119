//! Signed requests (RFC 8555, section 6): verified and decoded.

use std::collections::HashSet;

use aws_lc_rs::{
    digest, hmac, rand,
    signature::{
        ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
        UnparsedPublicKey,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rcgen::{KeyPair, PublicKeyData};
use serde::Deserialize;
use serde_json::Value;

use super::{Refusal, State, response::Response};

/// The issued nonces, each valid once.
#[derive(Default)]
pub(super) struct Nonces {
    out: HashSet<String>,
}

/// A request with a valid signature.
pub(super) struct Signed {
    /// Null for a POST-as-GET.
    pub(super) payload: Value,
    /// The key that signed.
    pub(super) key: Jwk,
    /// The account, unless the key itself came.
    pub(super) account: Option<String>,
}

/// A public key: on P-256, or RSA as certbot uses it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "kty")]
pub(super) enum Jwk {
    #[serde(rename = "EC")]
    Ec { crv: String, x: String, y: String },
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
}

#[derive(Deserialize)]
struct Envelope {
    protected: String,
    payload: String,
    signature: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    nonce: Option<String>,
    url: String,
    jwk: Option<Jwk>,
    kid: Option<String>,
}

impl Nonces {
    /// Returns a new one.
    pub(super) fn next(&mut self) -> String {
        let nonce = random(16);
        self.out.insert(nonce.clone());
        nonce
    }

    fn spend(&mut self, nonce: Option<&str>) -> bool {
        nonce.is_some_and(|nonce| self.out.remove(nonce))
    }
}

impl Jwk {
    /// A key that has signed nothing.
    pub(super) fn unused() -> Self {
        let key = KeyPair::generate().unwrap();
        let (x, y) = key.der_bytes()[1..].split_at(32);
        Self::Ec {
            crv: "P-256".into(),
            x: encode(x),
            y: encode(y),
        }
    }

    /// The thumbprint (RFC 7638), as key authorizations carry it.
    pub(super) fn thumbprint(&self) -> String {
        let text = match self {
            Self::Ec { crv, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
        };
        encode(digest::digest(&digest::SHA256, text.as_bytes()))
    }

    fn has_signed(&self, message: &str, signature: &[u8]) -> bool {
        let (one, other) = match self {
            Self::Ec { x, y, .. } => (x, y),
            Self::Rsa { n, e } => (n, e),
        };
        let (Some(one), Some(other)) = (decode(one), decode(other)) else {
            return false;
        };
        let message = message.as_bytes();
        match self {
            Self::Ec { .. } => {
                let point = [&[4][..], &one, &other].concat();
                let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
                key.verify(message, signature).is_ok()
            }
            Self::Rsa { .. } => {
                let key = RsaPublicKeyComponents { n: one, e: other };
                let verified = key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature);
                verified.is_ok()
            }
        }
    }
}

/// Opens the request for this path.
pub(super) fn open(state: &mut State, path: &str, body: &[u8]) -> Result<Signed, Response> {
    let unreadable = || Response::malformed("Parse error reading JWS");
    let envelope: Envelope = serde_json::from_slice(body).map_err(|_| unreadable())?;
    let header: Header = parse(&envelope.protected).ok_or_else(unreadable)?;
    judge(state, &header, path)?;
    let (key, account) = signer(state, header)?;
    let message = format!("{}.{}", envelope.protected, envelope.payload);
    let signature = decode(&envelope.signature).ok_or_else(unreadable)?;
    if !key.has_signed(&message, &signature) {
        return Err(Response::malformed("JWS verification error"));
    }
    Ok(Signed {
        payload: parse(&envelope.payload).unwrap_or_default(),
        key,
        account,
    })
}

fn judge(state: &mut State, header: &Header, path: &str) -> Result<(), Response> {
    if !["ES256", "RS256"].contains(&header.alg.as_str()) {
        let detail = "JWS signature header contains unsupported algorithm";
        return Err(Response::problem(400, "badSignatureAlgorithm", detail));
    }
    if !state.nonces.spend(header.nonce.as_deref()) {
        return Err(bad_nonce());
    }
    if header.url != format!("{}{path}", state.base) {
        let detail = "JWS header parameter 'url' incorrect";
        return Err(Response::problem(403, "unauthorized", detail));
    }
    Ok(())
}

fn signer(state: &State, header: Header) -> Result<(Jwk, Option<String>), Response> {
    match (header.jwk, header.kid) {
        (Some(key), None) => Ok((key, None)),
        (None, Some(url)) => {
            let prefix = format!("{}/account/", state.base);
            let name = url.strip_prefix(&prefix).unwrap_or_default();
            let key = state.accounts.key(name);
            let key = key.ok_or_else(|| Refusal::AccountDoesNotExist.answer())?;
            Ok((key.clone(), Some(name.to_owned())))
        }
        _ => Err(Response::malformed("jwk and kid are mutually exclusive")),
    }
}

/// Returns the response to an old or unknown nonce.
pub(super) fn bad_nonce() -> Response {
    let detail = "Unable to validate JWS :: JWS has an invalid anti-replay nonce";
    Response::problem(400, "badNonce", detail)
}

/// Returns the payload without verification of the signature.
pub(super) fn payload(body: &[u8]) -> Option<Value> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    parse(&envelope.payload)
}

/// Returns true if the JWS binds this account key to the external account (RFC 8555, section
/// 7.3.4).
pub(super) fn binds(binding: &Value, account: &Jwk, (kid, secret): (&str, &[u8])) -> bool {
    let Ok(envelope) = serde_json::from_value::<Envelope>(binding.clone()) else {
        return false;
    };
    let header: Option<Header> = parse(&envelope.protected);
    let named = header.is_some_and(|header| {
        header.alg == "HS256" && header.kid.as_deref() == Some(kid) && header.jwk.is_none()
    });
    let message = format!("{}.{}", envelope.protected, envelope.payload);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = decode(&envelope.signature).unwrap_or_default();
    let signed = hmac::verify(&key, message.as_bytes(), &signature).is_ok();
    named && signed && parse::<Jwk>(&envelope.payload).as_ref() == Some(account)
}

fn parse<T: for<'a> Deserialize<'a>>(part: &str) -> Option<T> {
    serde_json::from_slice(&decode(part)?).ok()
}

/// Encodes base64url without padding (RFC 7515, section 2).
pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes base64url without padding (RFC 7515, section 2).
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

/// Returns a random word from this number of bytes.
pub(super) fn random(length: usize) -> String {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes).unwrap();
    encode(bytes)
}
