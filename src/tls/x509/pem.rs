//! PEM files (RFC 7468), read with errors that name place, cause and remedy.

use std::{borrow::Cow, io, path::Path};

use anyhow::{anyhow, bail};
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use x509_parser::parse_x509_certificate;

use self::content::{Content, Wanted};
use crate::regular_file;

/// Text in PEM with the place that errors name.
pub(crate) struct Pem<'a> {
    bytes: Cow<'a, [u8]>,
    place: String,
    /// True for a file, which a command can convert.
    is_file: bool,
}

impl Pem<'static> {
    /// Reads a file, which must not be empty.
    pub(crate) fn load(file: &Path) -> anyhow::Result<Self> {
        let bytes = regular_file::read(file).map_err(|fault| unreadable(file, &fault))?;
        if bytes.is_empty() {
            bail!("{}: the file is empty; write it again", file.display());
        }
        Ok(Self {
            bytes: bytes.into(),
            place: file.display().to_string(),
            is_file: true,
        })
    }
}

impl<'a> Pem<'a> {
    /// Takes text that is not a file's; `place` names it in errors.
    pub(crate) fn from_text(bytes: &'a [u8], place: &str) -> Self {
        Self {
            bytes: bytes.into(),
            place: place.to_owned(),
            is_file: false,
        }
    }

    /// Parses the certificates in their order; at least one.
    pub(crate) fn certificates(&self) -> anyhow::Result<Vec<CertificateDer<'static>>> {
        self.only_certificates()
            .map_err(|fault| self.wrong_content(Wanted::Certificate).unwrap_or(fault))
    }

    /// Parses the certificates in PEM, or the one certificate in DER.
    pub(crate) fn certificates_or_der(&self) -> anyhow::Result<Vec<CertificateDer<'static>>> {
        match parse_x509_certificate(&self.bytes).is_ok_and(|(rest, _)| rest.is_empty()) {
            true => Ok(vec![self.bytes.to_vec().into()]),
            false => self.only_certificates(),
        }
    }

    /// Parses the first private key: PKCS#8, PKCS#1 or SEC 1, not encrypted.
    pub(crate) fn private_key(&self) -> anyhow::Result<PrivateKeyDer<'static>> {
        self.only_private_key()
            .map_err(|fault| self.wrong_content(Wanted::Key).unwrap_or(fault))
    }

    /// Parses the revocation lists in PEM or DER; at least one.
    pub(crate) fn revocation_lists(
        &self,
    ) -> anyhow::Result<Vec<CertificateRevocationListDer<'static>>> {
        if let Some(refused) = self.wrong_content(Wanted::RevocationList) {
            return Err(refused);
        }
        if !self.contains(b"-----BEGIN ") {
            return Ok(vec![self.bytes.to_vec().into()]);
        }
        let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(&self.bytes)
            .collect::<Result<_, _>>()
            .map_err(|fault| self.damaged(&fault))?;
        if lists.is_empty() {
            bail!(
                "{}: no revocation list in it; a PEM file with BEGIN X509 CRL is needed",
                self.place
            );
        }
        Ok(lists)
    }

    fn only_certificates(&self) -> anyhow::Result<Vec<CertificateDer<'static>>> {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(&self.bytes)
            .collect::<Result<_, _>>()
            .map_err(|fault| self.damaged(&fault))?;
        if certificates.is_empty() {
            bail!(
                "{}: no certificate in it; a PEM file with BEGIN CERTIFICATE is needed",
                self.place
            );
        }
        Ok(certificates)
    }

    fn only_private_key(&self) -> anyhow::Result<PrivateKeyDer<'static>> {
        let place = &self.place;
        if self.is_encrypted() {
            bail!("{place}: the key is encrypted, and hubgate has no password for it; decrypt it");
        }
        PrivateKeyDer::from_pem_slice(&self.bytes).map_err(|fault| match fault {
            pem::Error::NoItemsFound => {
                anyhow!("{place}: no key in it; a PEM file with BEGIN PRIVATE KEY is needed")
            }
            fault => self.damaged(&fault),
        })
    }

    /// Returns cause and remedy if the file has a known content other than the one wanted.
    fn wrong_content(&self, wanted: Wanted) -> Option<anyhow::Error> {
        let content = Content::recognise(&self.bytes).filter(|_| self.is_file)?;
        let refusal = content.refusal(wanted, &self.place)?;
        Some(anyhow!("{}: {refusal}", self.place))
    }

    fn damaged(&self, fault: &pem::Error) -> anyhow::Error {
        anyhow!(
            "{}: damaged PEM ({}); copy the file again",
            self.place,
            describe_fault(fault)
        )
    }

    fn is_encrypted(&self) -> bool {
        self.contains(b"BEGIN ENCRYPTED PRIVATE KEY") || self.contains(b"Proc-Type: 4,ENCRYPTED")
    }

    fn contains(&self, text: &[u8]) -> bool {
        self.bytes.windows(text.len()).any(|window| window == text)
    }
}

/// Returns both values, or an error with every fault on a line of its own.
pub(crate) fn both<A, B>(
    first: anyhow::Result<A>,
    second: anyhow::Result<B>,
) -> anyhow::Result<(A, B)> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(first), Err(second)) => Err(anyhow!("{first:#}\n{second:#}")),
        (Err(fault), _) | (_, Err(fault)) => Err(fault),
    }
}

fn unreadable(file: &Path, fault: &io::Error) -> anyhow::Error {
    let file = file.display();
    match fault.kind() {
        io::ErrorKind::NotFound => anyhow!("{file}: no such file; correct its path or create it"),
        io::ErrorKind::PermissionDenied => {
            anyhow!("{file}: permission denied; let hubgate's user read it and its folders")
        }
        io::ErrorKind::TimedOut => {
            anyhow::Error::from(io::Error::new(fault.kind(), fault.to_string()))
        }
        io::ErrorKind::InvalidInput => anyhow!("{file}: {fault}; put the file in its place"),
        io::ErrorKind::IsADirectory => anyhow!("{file}: is a folder; name the file in it"),
        _ => anyhow!("{file}: cannot be read: {fault}; check the disk"),
    }
}

/// Describes a fault in PEM; the error itself prints lines as lists of numbers.
pub(crate) fn describe_fault(fault: &pem::Error) -> String {
    match fault {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!(
                "it breaks off: the end of {} is not there",
                quote(end_marker)
            )
        }
        pem::Error::IllegalSectionStart { line } => {
            format!("the line {} is cut or changed", quote(line))
        }
        pem::Error::Base64Decode(_) => "characters that are not base64".to_owned(),
        fault => fault.to_string(),
    }
}

/// Quotes the first 64 characters of a line, without control characters.
fn quote(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let shown = text.trim().chars().take(MAX_QUOTE);
    let shown = shown.map(|c| if c.is_control() { '\u{fffd}' } else { c });
    format!("\"{}\"", shown.collect::<String>())
}

/// Longest quotation of a line, in characters.
const MAX_QUOTE: usize = 64;

mod content;
#[cfg(test)]
mod tests;
