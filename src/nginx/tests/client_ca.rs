//! The file of `ssl_client_certificate`.

use super::{HUB, ImportOptions, InMemory, home, import};

#[test]
fn a_ca_without_its_issuer_in_the_file_stops() {
    let site = home(&format!(
        "ssl_client_certificate /c/ca.pem; ssl_verify_client on; location / {{ {HUB} }}"
    ));
    let with = |ca: String| {
        let files = [
            ("/e/n".to_owned(), site.clone()),
            ("/c/ca.pem".to_owned(), ca),
        ];
        let files = InMemory(
            files
                .into_iter()
                .map(|(path, text)| (path.into(), text))
                .collect(),
        );
        import(&files, &["/e/n".into()], &ImportOptions::default())
    };
    let (root, below) = two_authorities();
    assert!(with(root.clone()).is_ok());
    assert!(with(format!("{below}{root}")).is_ok());
    let message = with(below).unwrap_err().to_string();
    assert!(
        message.contains(
            "CN=below was issued by CN=root, and the certificate of that CA is not in this file"
        ),
        "{message}"
    );
}

/// Makes a CA and one below it.
fn two_authorities() -> (String, String) {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let params = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let (key, lower) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let root = params("root").self_signed(&key).unwrap();
    let issuer = Issuer::new(params("root"), key);
    let below = params("below").signed_by(&lower, &issuer).unwrap();
    (root.pem(), below.pem())
}
