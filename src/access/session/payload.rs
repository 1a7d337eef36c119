//! The signed content of a session cookie, as bytes with exactly one encoding.

/// The signed content of a session cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Payload {
    /// Start of the session, in seconds since 1970.
    pub(super) began: u64,
    /// End of the session, in seconds since 1970.
    pub(super) ends: u64,
    /// The user, and the keyed tag of the htpasswd entry.
    pub(super) account: Option<(String, [u8; 32])>,
    /// The certificate, as `Identity::key` returns it.
    pub(super) certificate: Option<[u8; 32]>,
}

/// Longest user name of a session, in bytes.
pub(super) const LONGEST_USER: usize = u8::MAX as usize;

/// Version of the encoding; a payload of another version is not read.
const VERSION: u8 = 1;

impl Payload {
    /// Reports whether the payload names a user or a certificate.
    pub(super) fn has_subject(&self) -> bool {
        self.account.is_some() || self.certificate.is_some()
    }

    /// Encodes the payload; the user name must not exceed [`LONGEST_USER`].
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.began.to_be_bytes());
        bytes.extend(self.ends.to_be_bytes());
        let (user, tag) = match &self.account {
            Some((user, tag)) => (user.as_bytes(), &tag[..]),
            None => (&[][..], &[][..]),
        };
        bytes.push(u8::try_from(user.len()).unwrap_or(0));
        bytes.extend(user);
        bytes.extend(tag);
        bytes.extend(self.certificate.iter().flatten());
        bytes
    }

    /// Decodes a payload; `None` unless the bytes are exactly an encoding.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[version], rest) = bytes.split_first_chunk()?;
        let (began, rest) = rest.split_first_chunk()?;
        let (ends, rest) = rest.split_first_chunk()?;
        let (&[length], rest) = rest.split_first_chunk()?;
        let (user, rest) = rest.split_at_checked(length.into())?;
        let (account, rest) = match user {
            [] => (None, rest),
            user => {
                let (tag, rest) = rest.split_first_chunk()?;
                (
                    Some((std::str::from_utf8(user).ok()?.to_owned(), *tag)),
                    rest,
                )
            }
        };
        let certificate = match rest {
            [] => None,
            rest => Some(rest.try_into().ok()?),
        };
        let payload = Self {
            began: u64::from_be_bytes(*began),
            ends: u64::from_be_bytes(*ends),
            account,
            certificate,
        };
        (version == VERSION && payload.has_subject()).then_some(payload)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn payloads() -> impl Strategy<Value = Payload> {
        let account = proptest::option::of(("[a-zäß:]{1,100}", any::<[u8; 32]>()));
        let parts = (
            any::<u64>(),
            any::<u64>(),
            account,
            any::<Option<[u8; 32]>>(),
        );
        let payloads = parts.prop_map(|(began, ends, account, certificate)| Payload {
            began,
            ends,
            account,
            certificate,
        });
        payloads.prop_filter("no subject", Payload::has_subject)
    }

    proptest! {
        #[test]
        fn a_payload_is_decoded_only_from_its_exact_bytes(payload in payloads()) {
            let bytes = payload.to_bytes();
            prop_assert_eq!(Payload::parse(&bytes), Some(payload));
            for end in 0..bytes.len() {
                let cut = Payload::parse(&bytes[..end]);
                prop_assert!(cut.is_none_or(|cut| cut.to_bytes() == bytes[..end]));
            }
            prop_assert_eq!(Payload::parse(&[&bytes[..], &[0]].concat()).map(|read| read.to_bytes().len()), None);
        }

        #[test]
        fn a_decoded_payload_has_one_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let read = Payload::parse(&bytes);
            prop_assert!(read.is_none_or(|read| read.to_bytes() == bytes));
        }
    }
}
