//! A client CA's lists of revoked certificates (RFC 5280, 5), checked before they are relied on.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use rustls::pki_types::CertificateRevocationListDer;
use time::OffsetDateTime;
use webpki::{CertRevocationList, Error as Fault, OwnedCertRevocationList};
use x509_parser::{prelude::FromDer, revocation_list::CertificateRevocationList};

use super::{Warning, authority::Authority, day::day, distinguished_name, pem};

/// One list, signed by one of the CAs.
pub(super) struct RevocationList {
    pub(super) list: CertRevocationList<'static>,
    /// Index of the CA that signed it.
    signer: usize,
    pub(super) next_update: Option<OffsetDateTime>,
}

impl RevocationList {
    /// Reads the lists in a PEM or DER file; at least one.
    pub(super) fn load_all(file: &Path, authorities: &[Authority]) -> anyhow::Result<Vec<Self>> {
        pem::revocation_lists(file)?
            .iter()
            .map(|der| Self::check(der, authorities))
            .collect::<Result<_, _>>()
            .with_context(|| file.display().to_string())
    }

    fn check(
        der: &CertificateRevocationListDer<'_>,
        authorities: &[Authority],
    ) -> anyhow::Result<Self> {
        let (_, parsed) = CertificateRevocationList::from_der(der)
            .map_err(|fault| anyhow!("damaged revocation list ({fault}); make it again"))?;
        let list = OwnedCertRevocationList::from_der(der).map_err(|fault| useless(&fault))?;
        let Some(signer) = authorities.iter().position(|ca| ca.signed(&parsed)) else {
            bail!(
                "the list is in the name of {}, and none of the CAs signed it; \
                 name the list of this CA",
                distinguished_name::text(parsed.issuer())
            );
        };
        Ok(Self {
            list: list.into(),
            signer,
            next_update: parsed.next_update().map(|time| time.to_datetime()),
        })
    }

    fn ended(&self, now: OffsetDateTime) -> Option<Warning> {
        let ended = self.next_update.filter(|&end| end < now)?;
        Some(Warning::new(format!(
            "the revocation list ended on {}, so every certificate is refused; make a new one",
            day(ended)
        )))
    }
}

/// What the operator should know: lists that are over, and CAs that no list covers.
pub(super) fn faults(
    lists: &[RevocationList],
    authorities: &[Authority],
    now: OffsetDateTime,
) -> Vec<Warning> {
    let ended = lists.iter().filter_map(|list| list.ended(now));
    let uncovered = authorities
        .iter()
        .enumerate()
        .filter(|(index, _)| lists.iter().all(|list| list.signer != *index))
        .map(|(_, ca)| uncovered(ca));
    ended.chain(uncovered).collect()
}

fn uncovered(ca: &Authority) -> Warning {
    Warning::new(format!(
        "there is no revocation list of {}, so every certificate it signed is refused; \
         add its list to the file",
        ca.name
    ))
}

fn useless(fault: &Fault) -> anyhow::Error {
    match fault {
        Fault::UnsupportedCrlVersion => anyhow!(
            "the revocation list is of version 1; \
             make one of version 2, with crl_extensions in openssl.cnf"
        ),
        Fault::UnsupportedDeltaCrl | Fault::UnsupportedIndirectCrl => {
            anyhow!("the revocation list is a delta or indirect one; name the CA's full list")
        }
        fault => anyhow!("the revocation list cannot be used ({fault}); make it again"),
    }
}
