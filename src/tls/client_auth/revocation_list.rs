//! Revocation lists of a client CA (RFC 5280, section 5), checked when they are loaded.
//!
//! webpki checks certificates against lists of version 2. [`must_not_be_revoked`] also reads those
//! of version 1, which `openssl ca -gencrl` writes without a `crlnumber`.

mod content;
mod encoded;

use std::path::Path;

use anyhow::Context;
use rustls::pki_types::CertificateRevocationListDer;
use time::OffsetDateTime;
use x509_parser::num_bigint::BigUint;

use self::content::ListContent;
pub(crate) use self::encoded::EncodedList;
use super::ca::Ca;
use crate::tls::{
    ClientCertificateError, Warning,
    x509::{
        certificate_fields::CertificateFields, date::date, distinguished_name::NameText, pem::Pem,
    },
};

/// A revocation list in use.
pub(crate) struct RevocationList {
    pub(crate) content: ListContent,
    /// The issuer as text.
    pub(crate) name: String,
    /// The SubjectPublicKeyInfo of the CA in the file that signed the list.
    ///
    /// `None` if the file has no CA of the issuer's name: a client may present its certificate.
    signer: Option<Vec<u8>>,
    this_update: OffsetDateTime,
    number: Option<BigUint>,
    pub(crate) next_update: Option<OffsetDateTime>,
}

/// The lists of a file and the warnings about those that are not used.
pub(crate) struct LoadedLists {
    pub(crate) lists: Vec<RevocationList>,
    pub(crate) warnings: Vec<Warning>,
}

/// The signer of a list among the CAs of the file.
enum Signer {
    /// The CA with this SubjectPublicKeyInfo.
    InFile(Vec<u8>),
    /// No CA in the file has the issuer's name.
    NotInFile,
    /// The CAs of the issuer's name did not sign the list.
    OtherKey,
}

impl LoadedLists {
    /// Loads the lists of a PEM or DER file; at least one.
    ///
    /// The newest list of a CA comes first, and webpki uses the first.
    pub(crate) fn load(file: &Path, cas: &[Ca]) -> anyhow::Result<Self> {
        let (mut lists, mut warnings) = (Vec::new(), Vec::new());
        for der in Pem::load(file)?.revocation_lists()? {
            let checked = RevocationList::check(der, cas, &mut warnings);
            lists.extend(checked.with_context(|| file.display().to_string())?);
        }
        lists.sort_by(|first, second| second.age().cmp(&first.age()));
        Ok(Self { lists, warnings })
    }

    /// Warns of expired lists, and of CAs without a list.
    pub(crate) fn faults(&self, cas: &[Ca], now: OffsetDateTime) -> Vec<Warning> {
        let expired = self.lists.iter().filter_map(|list| list.expired(now));
        let uncovered = cas.iter().filter(|ca| !self.cover(ca)).map(|ca| {
            Warning::new(format!(
                "there is no revocation list of {}, so every certificate it signed is refused; \
                 add its list to the file",
                ca.name
            ))
        });
        expired.chain(uncovered).collect()
    }

    fn cover(&self, ca: &Ca) -> bool {
        let fields = ca.fields();
        fields.is_some_and(|ca| self.lists.iter().any(|list| list.is_of(&ca)))
    }
}

impl RevocationList {
    /// Reports whether this is a list of the CA: of its name, and not signed by another CA of that
    /// name.
    pub(crate) fn is_of(&self, ca: &CertificateFields<'_>) -> bool {
        let signer = self.signer.as_ref();
        self.content.issuer() == ca.subject && signer.is_none_or(|key| key == ca.public_key)
    }

    /// Reports whether webpki verifies the signature, with the key of the CA in the path.
    pub(crate) fn is_verified_by_webpki(&self) -> bool {
        !self.content.is_version_1()
    }

    /// Reports whether a CA in the file signed the list.
    pub(crate) fn has_signer_in_file(&self) -> bool {
        self.signer.is_some()
    }

    /// Checks a list; `None` if it is not used, which is a warning.
    fn check(
        der: CertificateRevocationListDer<'static>,
        cas: &[Ca],
        warnings: &mut Vec<Warning>,
    ) -> anyhow::Result<Option<Self>> {
        let list = EncodedList::parse(&der).map_err(|fault| content::damaged(&fault))?;
        let name = NameText(&list.issuer).to_string();
        let signer = Signer::find(&list, cas);
        let this_update = list.this_update.to_datetime();
        let next_update = list.next_update.map(|time| time.to_datetime());
        let number = list.number.clone();
        let content = ListContent::check(der)?;
        warnings.extend(signer.warning(&name, content.is_version_1()));
        let signer = match signer {
            Signer::InFile(key) => Some(key),
            Signer::NotInFile if !content.is_version_1() => None,
            Signer::NotInFile | Signer::OtherKey => return Ok(None),
        };
        Ok(Some(Self {
            content,
            signer,
            this_update,
            number,
            next_update,
            name,
        }))
    }

    /// Returns the order of age: date first, then cRLNumber.
    fn age(&self) -> (OffsetDateTime, Option<&BigUint>) {
        (self.this_update, self.number.as_ref())
    }

    /// Returns the length of the list in bytes.
    pub(crate) fn length(&self) -> usize {
        self.content.der.len()
    }

    /// Reports whether both lists are equal byte for byte.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.content.der == other.content.der
    }

    /// Refuses a serial number that is on the list; an expired or partial list refuses each one.
    fn must_not_name(
        &self,
        serial: &[u8],
        now: OffsetDateTime,
    ) -> Result<(), ClientCertificateError> {
        match self.next_update {
            Some(end) if end >= now => {}
            Some(end) => return Err(ClientCertificateError::CrlExpired(end)),
            None => return Err(ClientCertificateError::RevocationUnknown),
        }
        match self.content.names(serial) {
            Ok(true) => Err(ClientCertificateError::Revoked),
            Ok(false) if self.content.is_complete() => Ok(()),
            _ => Err(ClientCertificateError::RevocationUnknown),
        }
    }

    fn expired(&self, now: OffsetDateTime) -> Option<Warning> {
        let (name, ended) = (&self.name, self.next_update.filter(|&end| end < now)?);
        Some(Warning::new(format!(
            "the revocation list ended on {}, so every certificate that {name} signed is refused; \
             make a new one",
            date(ended)
        )))
    }
}

impl Signer {
    fn find(list: &EncodedList<'_>, cas: &[Ca]) -> Self {
        let issuer = list.issuer.as_raw();
        let is_issuer = |ca: &&Ca| ca.fields().is_some_and(|fields| fields.is_named(issuer));
        let mut issuers = cas.iter().filter(is_issuer).peekable();
        if issuers.peek().is_none() {
            return Self::NotInFile;
        }
        let signer = issuers.find(|ca| ca.has_signed(list.signed, &list.signature.data));
        match signer.and_then(Ca::fields) {
            Some(ca) => Self::InFile(ca.public_key.to_vec()),
            None => Self::OtherKey,
        }
    }

    /// Warns of a list of version 1, or without a signer in the file.
    fn warning(&self, name: &str, is_version_1: bool) -> Option<Warning> {
        let warning = match (self, is_version_1) {
            (Self::InFile(_), false) => return None,
            (Self::InFile(_), true) => format!(
                "the revocation list of {name} is of version 1: it counts, but has no number that \
                 distinguishes a newer one from an older one; {VERSION_2}"
            ),
            (Self::NotInFile, false) => format!(
                "the revocation list is in the name of {name}, which is not in the CA file; it \
                 counts for devices that show the certificate of this CA; remove the list if none \
                 does"
            ),
            (Self::NotInFile, true) => format!(
                "the revocation list is in the name of {name}, which is not in the CA file, and of \
                 version 1, so it is not used; {VERSION_2}"
            ),
            (Self::OtherKey, _) => format!(
                "the revocation list is in the name of {name}, but that CA in the CA file did not \
                 sign it, so it is not used; name the list of this CA"
            ),
        };
        Some(Warning::new(warning))
    }
}

/// Refuses a certificate that the newest list of its CA revokes; the caller has verified that the
/// CA signed the lists.
///
/// # Errors
/// The certificate is revoked, or no current list covers it.
pub(crate) fn must_not_be_revoked<'l>(
    serial: &[u8],
    ca: &CertificateFields<'_>,
    lists: impl IntoIterator<Item = &'l RevocationList>,
    now: OffsetDateTime,
) -> Result<(), ClientCertificateError> {
    let mut lists = lists.into_iter();
    let newest = lists.find(|list| list.is_of(ca));
    newest.map_or(Err(ClientCertificateError::RevocationUnknown), |list| {
        list.must_not_name(serial, now)
    })
}

/// The remedy for a list of version 1.
const VERSION_2: &str = "for one of version 2 add `crlnumber = crlnumber` below `database` in the \
    CA's openssl.cnf, run `echo 01 > crlnumber` in that folder, and make the list again \
    (openssl ca -gencrl)";
