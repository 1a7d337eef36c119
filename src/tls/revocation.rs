//! A client CA's lists of revoked certificates (RFC 5280, 5), checked before they are relied on.
//!
//! webpki judges by lists of version 2. Those of version 1, which `openssl ca -gencrl` makes
//! without a `crlnumber`, count as well: [`must_not_be_revoked`] reads them.

mod content;
mod encoded;

use std::path::Path;

use anyhow::{Context, anyhow};
use rustls::pki_types::CertificateRevocationListDer;
use time::OffsetDateTime;
use webpki::Error as Fault;
use x509_parser::num_bigint::BigUint;

use self::content::{Content, damaged};
pub(super) use self::encoded::EncodedList;
use super::{
    Reason, Warning, authority::Authority, day::day, distinguished_name, fields::Fields, pem,
};

/// One list.
pub(super) struct RevocationList {
    pub(super) content: Content,
    /// The issuer as text.
    pub(super) name: String,
    /// The key of the CA in the file that signed it; none when the file has no CA of its issuer's
    /// name, which a device may show.
    signer: Option<Vec<u8>>,
    this_update: OffsetDateTime,
    number: Option<BigUint>,
    pub(super) next_update: Option<OffsetDateTime>,
}

/// The lists of a file, with its warnings.
pub(super) struct Loaded {
    pub(super) lists: Vec<RevocationList>,
    pub(super) warnings: Vec<Warning>,
}

/// How a list fits the CAs of a file.
enum Fit {
    Signed(Vec<u8>),
    /// No CA has the issuer's name.
    Unnamed,
    /// The CAs of the issuer's name did not sign it.
    Foreign,
}

impl RevocationList {
    /// Reads the lists in a PEM or DER file; at least one. The newest of a CA comes first, which
    /// webpki takes.
    pub(super) fn load_all(file: &Path, authorities: &[Authority]) -> anyhow::Result<Loaded> {
        let (mut lists, mut warnings) = (Vec::new(), Vec::new());
        for der in pem::revocation_lists(file)? {
            let checked = Self::check(der, authorities, &mut warnings);
            lists.extend(checked.with_context(|| file.display().to_string())?);
        }
        lists.sort_by(|one, other| other.age().cmp(&one.age()));
        Ok(Loaded { lists, warnings })
    }

    /// Whether it is the list of a CA: in its name, and not signed by another one of that name.
    pub(super) fn is_of(&self, ca: &Fields<'_>) -> bool {
        self.content.issuer() == ca.subject
            && self.signer.as_ref().is_none_or(|it| it == ca.public_key)
    }

    /// Whether webpki checks its signature, with the key of the CA that a path has.
    pub(super) fn is_checked_by_webpki(&self) -> bool {
        !self.content.is_version_1()
    }

    /// Whether a CA in the file signed it.
    pub(super) fn is_of_file(&self) -> bool {
        self.signer.is_some()
    }

    /// None when no CA of its issuer's name in the file signed it.
    fn check(
        der: CertificateRevocationListDer<'static>,
        authorities: &[Authority],
        warnings: &mut Vec<Warning>,
    ) -> anyhow::Result<Option<Self>> {
        let list = EncodedList::parse(&der).map_err(|fault| damaged(&fault))?;
        let name = distinguished_name::text(&list.issuer);
        let fit = fit(&list, authorities);
        let this_update = list.this_update.to_datetime();
        let next_update = list.next_update.map(|time| time.to_datetime());
        let number = list.number.clone();
        let content = Content::check(der)?;
        let Some(signer) = fit.signer(&name, content.is_version_1(), warnings) else {
            return Ok(None);
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

    /// Its age: of two lists with the same date, the one with the higher number is the newer.
    fn age(&self) -> (OffsetDateTime, Option<&BigUint>) {
        (self.this_update, self.number.as_ref())
    }

    /// Length of the list in bytes.
    pub(super) fn length(&self) -> usize {
        self.content.der.len()
    }

    /// Whether both are the same list.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.content.der == other.content.der
    }

    /// Whether it names the serial number of a certificate of its CA.
    fn must_not_name(&self, serial: &[u8], now: OffsetDateTime) -> Result<(), Reason> {
        match self.next_update {
            Some(end) if end >= now => {}
            Some(end) => return Err(Reason::CrlExpired(end)),
            None => return Err(Reason::RevocationUnknown),
        }
        match self.content.names(serial) {
            Ok(true) => Err(Reason::Revoked),
            Ok(false) if self.content.is_whole() => Ok(()),
            _ => Err(Reason::RevocationUnknown),
        }
    }

    fn ended(&self, now: OffsetDateTime) -> Option<Warning> {
        let (name, ended) = (&self.name, self.next_update.filter(|&end| end < now)?);
        Some(Warning::new(format!(
            "the revocation list ended on {}, so every certificate that {name} signed is refused; \
             make a new one",
            day(ended)
        )))
    }
}

impl Fit {
    /// The key that signed a list, if a CA of the file did; none if the list is not used.
    fn signer(
        self,
        name: &str,
        is_version_1: bool,
        warnings: &mut Vec<Warning>,
    ) -> Option<Option<Vec<u8>>> {
        let (signer, warning) = match self {
            Self::Signed(key) => (Some(Some(key)), is_version_1.then(|| version_1(name))),
            Self::Unnamed if is_version_1 => (None, Some(unnamed_version_1(name))),
            Self::Unnamed => (Some(None), Some(unnamed(name))),
            Self::Foreign => (None, Some(foreign(name))),
        };
        warnings.extend(warning);
        signer
    }
}

fn fit(list: &EncodedList<'_>, authorities: &[Authority]) -> Fit {
    let issuer = list.issuer.as_raw();
    let named = |ca: &&Authority| ca.fields().is_some_and(|fields| fields.is_named(issuer));
    let mut named = authorities.iter().filter(named).peekable();
    if named.peek().is_none() {
        return Fit::Unnamed;
    }
    let signer = named.find(|ca| ca.signed(list.signed, &list.signature.data));
    match signer.and_then(Authority::fields) {
        Some(ca) => Fit::Signed(ca.public_key.to_vec()),
        None => Fit::Foreign,
    }
}

/// The newest list of the CA decides, as webpki has it; the caller knows that the CA's key signed it.
///
/// # Errors
/// The certificate is revoked, or no valid list says that it is not.
pub(super) fn must_not_be_revoked<'l>(
    serial: &[u8],
    ca: &Fields<'_>,
    lists: impl IntoIterator<Item = &'l RevocationList>,
    now: OffsetDateTime,
) -> Result<(), Reason> {
    let mut lists = lists.into_iter();
    let newest = lists.find(|list| list.is_of(ca));
    newest.map_or(Err(Reason::RevocationUnknown), |list| {
        list.must_not_name(serial, now)
    })
}

/// What the operator should know: lists that are over, and CAs that no list covers.
pub(super) fn faults(
    lists: &[RevocationList],
    authorities: &[Authority],
    now: OffsetDateTime,
) -> Vec<Warning> {
    let ended = lists.iter().filter_map(|list| list.ended(now));
    let is_covered = |ca: &Authority| {
        let fields = ca.fields();
        fields.is_some_and(|ca| lists.iter().any(|list| list.is_of(&ca)))
    };
    let uncovered = authorities.iter().filter(|ca| !is_covered(ca));
    ended.chain(uncovered.map(uncovered_ca)).collect()
}

fn uncovered_ca(ca: &Authority) -> Warning {
    Warning::new(format!(
        "there is no revocation list of {}, so every certificate it signed is refused; \
         add its list to the file",
        ca.name
    ))
}

fn unnamed(name: &str) -> Warning {
    Warning::new(format!(
        "the revocation list is in the name of {name}, which is not in the CA file; it counts \
         for devices that show the certificate of this CA; remove the list if none does"
    ))
}

fn foreign(name: &str) -> Warning {
    Warning::new(format!(
        "the revocation list is in the name of {name}, but that CA in the CA file did not sign \
         it, so it is not used; name the list of this CA"
    ))
}

fn unnamed_version_1(name: &str) -> Warning {
    Warning::new(format!(
        "the revocation list is in the name of {name}, which is not in the CA file, and of \
         version 1, so it is not used; {VERSION_2}"
    ))
}

fn version_1(name: &str) -> Warning {
    Warning::new(format!(
        "the revocation list of {name} is of version 1: it counts, but has no number that tells \
         a newer one from an older one; {VERSION_2}"
    ))
}

/// How a CA makes lists of version 2.
const VERSION_2: &str = "for one of version 2 add `crlnumber = crlnumber` below `database` in the \
    CA's openssl.cnf, run `echo 01 > crlnumber` in that folder, and make the list again \
    (openssl ca -gencrl)";

fn useless(fault: &Fault) -> anyhow::Error {
    match fault {
        Fault::UnsupportedDeltaCrl | Fault::UnsupportedIndirectCrl => {
            anyhow!("the revocation list is a delta or indirect one; name the CA's full list")
        }
        fault => anyhow!("the revocation list cannot be used ({fault}); make it again"),
    }
}
