//! PEM, read with errors that name the place, the cause and the cure.

mod recognised;

use std::{fmt::Display, io, path::Path};

use anyhow::{anyhow, bail};
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
    pem::{self, PemObject},
};

use x509_parser::parse_x509_certificate;

use self::recognised::Wanted;
use crate::regular_file;

/// The certificates in a file, in its order; at least one.
pub(super) fn certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let bytes = read(file)?;
    certificates_in(&bytes, &file.display())
        .map_err(|fault| recognised(&bytes, Wanted::Certificate, file).unwrap_or(fault))
}

/// The certificates in a text that came from `place`, in its order; at least one.
pub(super) fn certificates_in(
    text: &[u8],
    place: &dyn Display,
) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|fault| damaged(place, &fault))?;
    if certificates.is_empty() {
        bail!("{place}: no certificate in it; a PEM file with BEGIN CERTIFICATE is needed");
    }
    Ok(certificates)
}

/// The certificates in a PEM file, or the one in a DER file.
pub(super) fn certificates_or_der(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let bytes = read(file)?;
    match parse_x509_certificate(&bytes).is_ok_and(|(rest, _)| rest.is_empty()) {
        true => Ok(vec![bytes.into()]),
        false => certificates_in(&bytes, &file.display()),
    }
}

/// The first private key in a file: PKCS#8, PKCS#1 or SEC1, not encrypted.
pub(super) fn key(file: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let bytes = read(file)?;
    key_in(&bytes, &file.display())
        .map_err(|fault| recognised(&bytes, Wanted::Key, file).unwrap_or(fault))
}

/// The first private key in a text that came from `place`.
pub(super) fn key_in(text: &[u8], place: &dyn Display) -> anyhow::Result<PrivateKeyDer<'static>> {
    if is_encrypted(text) {
        bail!("{place}: the key is encrypted, and nobody is there to type its password");
    }
    PrivateKeyDer::from_pem_slice(text).map_err(|fault| match fault {
        pem::Error::NoItemsFound => {
            anyhow!("{place}: no key in it; a PEM file with BEGIN PRIVATE KEY is needed")
        }
        fault => damaged(place, &fault),
    })
}

/// The revocation lists in a PEM or DER file; at least one.
pub(super) fn revocation_lists(
    file: &Path,
) -> anyhow::Result<Vec<CertificateRevocationListDer<'static>>> {
    let bytes = read(file)?;
    if let Some(refused) = recognised(&bytes, Wanted::RevocationList, file) {
        return Err(refused);
    }
    if !contains(&bytes, b"-----BEGIN ") {
        return Ok(vec![bytes.into()]);
    }
    let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|fault| damaged(&file.display(), &fault))?;
    if lists.is_empty() {
        bail!(
            "{}: no revocation list in it; a PEM file with BEGIN X509 CRL is needed",
            file.display()
        );
    }
    Ok(lists)
}

/// Cause and cure for a file whose content is known and none of what is wanted.
fn recognised(bytes: &[u8], wanted: Wanted, file: &Path) -> Option<anyhow::Error> {
    let place = file.display().to_string();
    let refused = recognised::refusal(bytes, wanted, &place)?;
    Some(anyhow!("{place}: {refused}"))
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = regular_file::read(file).map_err(|fault| unreadable(file, &fault))?;
    if bytes.is_empty() {
        bail!("{}: the file is empty; write it again", file.display());
    }
    Ok(bytes)
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

fn damaged(place: &dyn Display, fault: &pem::Error) -> anyhow::Error {
    anyhow!(
        "{place}: damaged PEM ({}); copy the file again",
        in_words(fault)
    )
}

/// The fault of a PEM text in words; the error itself shows lines as lists of numbers.
pub(crate) fn in_words(fault: &pem::Error) -> String {
    match fault {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!(
                "it breaks off: the end of {} is not there",
                line(end_marker)
            )
        }
        pem::Error::IllegalSectionStart { line: start } => {
            format!("the line {} is cut or changed", line(start))
        }
        pem::Error::Base64Decode(_) => "characters that are not base64".to_owned(),
        fault => fault.to_string(),
    }
}

/// The begin of a line as it may be shown.
fn line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let shown = text.trim().chars().take(LINE);
    let shown = shown.map(|c| if c.is_control() { '\u{fffd}' } else { c });
    format!("\"{}\"", shown.collect::<String>())
}

/// The longest line that is shown, in characters.
const LINE: usize = 64;

fn is_encrypted(bytes: &[u8]) -> bool {
    contains(bytes, b"BEGIN ENCRYPTED PRIVATE KEY") || contains(bytes, b"Proc-Type: 4,ENCRYPTED")
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::testing::Folder;

    #[test]
    fn missing_file_is_named() {
        let folder = Folder::new();
        let file = folder.path("none.pem");
        let fault = certificates(&file).unwrap_err().to_string();
        assert!(fault.ends_with("none.pem: no such file; correct its path or create it"));
    }

    #[test]
    fn folder_in_place_of_a_file_is_told() {
        let folder = Folder::new();
        let fault = key(&folder.path("")).unwrap_err().to_string();
        assert!(
            fault.ends_with("is a folder; name the file in it"),
            "{fault}"
        );
    }

    #[test]
    fn file_without_what_is_looked_for_says_so() {
        let folder = Folder::new();
        let file = folder.write(
            "text.pem",
            "-----BEGIN NOTHING-----\n-----END NOTHING-----\n",
        );
        let told = |fault: anyhow::Error| fault.to_string();
        assert!(told(certificates(&file).unwrap_err()).contains("no certificate in it"));
        assert!(told(key(&file).unwrap_err()).contains("no key in it"));
        assert!(told(revocation_lists(&file).unwrap_err()).contains("no revocation list in it"));
    }

    #[test]
    fn empty_and_damaged_files_are_told_apart() {
        let folder = Folder::new();
        let empty = folder.write("empty.pem", "");
        let torn = folder.write("torn.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
        assert!(
            certificates(&empty)
                .unwrap_err()
                .to_string()
                .contains("empty")
        );
        let told = certificates(&torn).unwrap_err().to_string();
        let cause = "damaged PEM (it breaks off: the end of \"CERTIFICATE\" is not there)";
        assert!(told.contains(cause), "{told}");
        let cut = folder.write("cut.pem", "-----BEGIN CERTIFIC\nMIIB\n");
        let told = certificates(&cut).unwrap_err().to_string();
        assert!(
            told.contains("the line \"-----BEGIN CERTIFIC\" is cut"),
            "{told}"
        );
        let text = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
        let told = certificates(&folder.write("text.pem", text))
            .unwrap_err()
            .to_string();
        assert!(told.contains("(characters that are not base64)"), "{told}");
    }

    #[test]
    fn encrypted_key_is_told_how_to_decrypt() {
        let folder = Folder::new();
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
        ] {
            let fault = key(&folder.write("key.pem", text)).unwrap_err().to_string();
            assert!(fault.contains("the key is encrypted"), "{fault}");
            assert!(fault.contains("openssl pkey"), "{fault}");
        }
    }

    /// The files that OpenSSL makes of one key and certificate, by these commands.
    fn made_by_openssl(commands: &[&str]) -> Folder {
        let folder = Folder::new();
        let first = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem \
                     -out cert.pem -days 9 -subj /CN=home";
        for command in [first].iter().chain(commands) {
            let mut words = command.split_whitespace();
            let mut program = std::process::Command::new(words.next().unwrap());
            let done = program
                .args(words)
                .current_dir(folder.path(""))
                .output()
                .unwrap();
            assert!(done.status.success(), "{command}: {done:?}");
        }
        folder
    }

    #[test]
    fn a_file_in_another_form_is_refused_with_the_command_that_converts_it() {
        let folder = made_by_openssl(&[
            "openssl x509 -in cert.pem -outform DER -out cert.der",
            "openssl pkey -in key.pem -outform DER -out key.der",
            "openssl pkcs8 -topk8 -in key.pem -passout pass:x -out encrypted.pem",
            "openssl pkcs8 -topk8 -in key.pem -passout pass:x -outform DER -out encrypted.der",
            "openssl pkcs12 -export -in cert.pem -inkey key.pem -passout pass:x -out both.p12",
            "openssl crl2pkcs7 -nocrl -certfile cert.pem -out certs.p7b",
            "openssl crl2pkcs7 -nocrl -certfile cert.pem -outform DER -out certs.der",
            "openssl x509 -in cert.pem -trustout -out trusted.pem",
            "openssl pkey -in key.pem -pubout -out public.pem",
        ]);
        let chain = |name: &str| certificates(&folder.path(name)).unwrap_err().to_string();
        let key = |name: &str| key(&folder.path(name)).unwrap_err().to_string();
        for (refused, cure) in [
            (chain("cert.der"), "openssl x509 -inform DER -in "),
            (chain("both.p12"), "openssl pkcs12 -in "),
            (chain("certs.p7b"), "openssl pkcs7 -in "),
            (chain("certs.der"), "openssl pkcs7 -inform DER -in "),
            (chain("trusted.pem"), "openssl x509 -in "),
            (chain("key.pem"), "may be swapped"),
            (key("key.der"), "openssl pkey -inform DER -in "),
            (key("encrypted.pem"), "openssl pkey -in "),
            (key("encrypted.der"), "openssl pkcs8 -inform DER -in "),
            (key("both.p12"), "-nocerts -nodes"),
            (key("cert.pem"), "may be swapped"),
            (key("cert.der"), "may be swapped"),
            (key("public.pem"), "public key"),
        ] {
            assert!(refused.contains(cure), "{refused}");
        }
    }

    #[test]
    fn the_commands_of_the_cures_convert_what_they_are_for() {
        let folder = made_by_openssl(&[
            "openssl x509 -in cert.pem -outform DER -out cert.der",
            "openssl x509 -inform DER -in cert.der -out 1.pem",
            "openssl pkey -in key.pem -outform DER -out key.der",
            "openssl pkey -inform DER -in key.der -out 2.pem",
            "openssl pkcs12 -export -in cert.pem -inkey key.pem -passout pass:x -out both.p12",
            "openssl pkcs12 -in both.p12 -passin pass:x -nokeys -out 3.pem",
            "openssl pkcs12 -in both.p12 -passin pass:x -nocerts -nodes -out 4.pem",
            "openssl crl2pkcs7 -nocrl -certfile cert.pem -outform DER -out certs.der",
            "openssl pkcs7 -inform DER -in certs.der -print_certs -out 5.pem",
        ]);
        for name in ["1.pem", "3.pem", "5.pem"] {
            certificates(&folder.path(name)).unwrap();
        }
        for name in ["2.pem", "4.pem"] {
            key(&folder.path(name)).unwrap();
        }
    }
}
