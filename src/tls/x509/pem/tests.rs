//! PEM files as operators have them, and those that OpenSSL writes.

use crate::tls::{testing::Folder, x509::pem::*};

fn certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    Pem::load(file)?.certificates()
}

fn key(file: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    Pem::load(file)?.private_key()
}

fn revocation_lists(file: &Path) -> anyhow::Result<Vec<CertificateRevocationListDer<'static>>> {
    Pem::load(file)?.revocation_lists()
}

#[test]
fn missing_file_is_an_error_with_its_name() {
    let folder = Folder::new();
    let file = folder.path("none.pem");
    let fault = certificates(&file).unwrap_err().to_string();
    assert!(fault.ends_with("none.pem: no such file; correct its path or create it"));
}

#[test]
fn folder_in_place_of_a_file_is_an_error() {
    let folder = Folder::new();
    let fault = key(&folder.path("")).unwrap_err().to_string();
    assert!(
        fault.ends_with("is a folder; name the file in it"),
        "{fault}"
    );
}

#[test]
fn file_without_the_wanted_content_is_an_error() {
    let folder = Folder::new();
    let file = folder.write(
        "text.pem",
        "-----BEGIN NOTHING-----\n-----END NOTHING-----\n",
    );
    let text = |fault: anyhow::Error| fault.to_string();
    assert!(text(certificates(&file).unwrap_err()).contains("no certificate in it"));
    assert!(text(key(&file).unwrap_err()).contains("no key in it"));
    assert!(text(revocation_lists(&file).unwrap_err()).contains("no revocation list in it"));
}

#[test]
fn empty_and_damaged_files_have_different_errors() {
    let folder = Folder::new();
    let empty = folder.write("empty.pem", "");
    let torn = folder.write("torn.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    assert!(
        certificates(&empty)
            .unwrap_err()
            .to_string()
            .contains("empty")
    );
    let fault = certificates(&torn).unwrap_err().to_string();
    let cause = "damaged PEM (it breaks off: the end of \"CERTIFICATE\" is not there)";
    assert!(fault.contains(cause), "{fault}");
    let cut = folder.write("cut.pem", "-----BEGIN CERTIFIC\nMIIB\n");
    let fault = certificates(&cut).unwrap_err().to_string();
    assert!(
        fault.contains("the line \"-----BEGIN CERTIFIC\" is cut"),
        "{fault}"
    );
    let text = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
    let fault = certificates(&folder.write("text.pem", text))
        .unwrap_err()
        .to_string();
    assert!(
        fault.contains("(characters that are not base64)"),
        "{fault}"
    );
}

#[test]
fn encrypted_key_is_refused_with_the_command_that_decrypts_it() {
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

/// Runs OpenSSL commands in a folder with a key and its certificate.
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
    for (refused, remedy) in [
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
        assert!(refused.contains(remedy), "{refused}");
    }
}

#[test]
fn commands_of_the_remedies_convert_the_files() {
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
