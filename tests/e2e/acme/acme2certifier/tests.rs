//! acme2certifier as the tests start it.

use instant_acme::{CertificateIdentifier, ChallengeType, ExternalAccountKey, KeyAuthorization};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use time::OffsetDateTime;

use super::{Acme2Certifier, Options};
use crate::{acme::client::Client, harness::within};

async fn issued(ca: &Acme2Certifier) -> (Client, CertificateDer<'static>) {
    let client = Client::register(&ca.directory(), &ca.ca_pem()).await;
    let client = client.unwrap();
    let nothing = async |_: &str, _: &str, _: KeyAuthorization| ();
    let chain = client.issue(&["home.test"], ChallengeType::Http01, nothing);
    let chain = chain.await.unwrap();
    let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
    (client, leaf)
}

#[tokio::test]
async fn acme2certifier_suggests_a_renewal_window() {
    for renew in [false, true] {
        let options = Options {
            renew,
            ..Options::default()
        };
        let Some(ca) = Acme2Certifier::start(options).await else {
            return;
        };
        let (client, leaf) = issued(&ca).await;
        let identifier = CertificateIdentifier::try_from(&leaf).unwrap();
        let asking = client.account.renewal_info(&identifier);
        let (information, pause) = within("renewal information", asking).await.unwrap();
        let begun = information.suggested_window.start < OffsetDateTime::now_utc();
        assert_eq!(begun, renew, "{information:?}");
        assert!(pause.as_secs() <= 3);
        assert!(ca.root().contains("BEGIN CERTIFICATE"));
    }
}

#[tokio::test]
async fn acme2certifier_accepts_only_the_external_account() {
    let options = Options {
        profiles: vec!["short"],
        external_account: Some(("kid-1", "YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcywgeWVz")),
        ..Options::default()
    };
    let Some(ca) = Acme2Certifier::start(options).await else {
        return;
    };
    let secret = b"a secret of thirty-two bytes, yes";
    for (secret, good) in [(&b"wrong"[..], false), (&secret[..], true)] {
        let key = ExternalAccountKey::new("kid-1".to_owned(), secret);
        let client = Client::register_with(&ca.directory(), &ca.ca_pem(), Some(&key)).await;
        assert_eq!(client.is_ok(), good, "{:?}", client.err());
        if let Ok(client) = client {
            let profiles = client
                .account
                .profiles()
                .map(|profile| profile.name.to_owned());
            assert_eq!(profiles.collect::<Vec<_>>(), ["short"]);
        }
    }
}
