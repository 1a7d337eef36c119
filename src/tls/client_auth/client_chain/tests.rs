//! Limits of a chain, and the cache of verdicts.

use std::time::{Duration, Instant};

use rcgen::SerialNumber;

use crate::tls::{
    client_auth::client_chain::*,
    testing::{Folder, TestCa, TestLeaf, ca_params, changed, leaf_params},
};

fn received(issued: &TestLeaf) -> Arc<ClientChain> {
    Arc::new(ClientChain::from_handshake(&issued.chain))
}

fn reason(auth: ClientAuth) -> ClientCertificateError {
    match auth {
        ClientAuth::Invalid(reason) => reason,
        other => panic!("{other:?}"),
    }
}

/// Issues a leaf below a line of CAs, and presents it with all of them.
fn deep(root: &TestCa, count: usize) -> TestLeaf {
    let mut cas = vec![root.intermediate(ca_params("0"))];
    for number in 1..count {
        let above = cas.last().unwrap();
        cas.push(above.intermediate(ca_params(&number.to_string())));
    }
    let presented: Vec<_> = cas.iter().rev().collect();
    cas.last().unwrap().issue("phone").through(&presented)
}

#[test]
fn chain_of_eight_certificates_is_accepted_and_of_nine_refused() {
    let (root, folder) = (TestCa::new("Home CA"), Folder::new());
    let ca = Arc::new(root.client_ca(&folder));
    let six = received(&deep(&root, 6)).verdict(&ca);
    assert!(matches!(six, ClientAuth::Valid(_)), "{six:?}");
    let mut most = deep(&root, 6);
    most.chain.push(root.certificate.der().clone());
    assert_eq!(most.chain.len(), ClientChain::MAX_CERTIFICATES);
    assert!(matches!(received(&most).verdict(&ca), ClientAuth::Valid(_)));
    most.chain.push(root.certificate.der().clone());
    let refused = received(&most);
    assert_eq!(
        reason(refused.verdict(&ca)),
        ClientCertificateError::TooManyPresented
    );
    assert_eq!((refused.length(), refused.leaf()), (0, None));
    assert!(!refused.is_empty() && refused.serial().is_none());
}

#[test]
fn chain_of_more_than_32_kib_is_refused() {
    let (root, folder) = (TestCa::new("Home CA"), Folder::new());
    let ca = Arc::new(root.client_ca(&folder));
    let mut phone = root.issue("phone");
    let rest = ClientChain::MAX_BYTES - phone.chain[0].len();
    phone.chain.push(CertificateDer::from(vec![0; rest]));
    assert!(matches!(
        received(&phone).verdict(&ca),
        ClientAuth::Valid(_)
    ));
    phone.chain[1] = CertificateDer::from(vec![0; rest + 1]);
    assert_eq!(
        reason(received(&phone).verdict(&ca)),
        ClientCertificateError::TooManyPresented
    );
}

#[test]
fn verdict_is_cached_until_the_files_change() {
    let (root, folder) = (TestCa::new("Home CA"), Folder::new());
    let phone = root.issue("phone");
    let crl = folder.write("crl.pem", root.revoke(&[], 30));
    let file = folder.write("ca.pem", root.certificate.pem());
    let ca = Arc::new(crate::tls::testing::client_ca(&file, Some(&crl), &[]).unwrap());
    let chain = received(&phone);
    assert!(matches!(chain.verdict(&ca), ClientAuth::Valid(_)));
    folder.write("crl.pem", root.revoke(&[&phone.serial], 30));
    assert!(
        matches!(chain.verdict(&ca), ClientAuth::Valid(_)),
        "not read yet"
    );
    ca.refresh().unwrap();
    assert_eq!(reason(chain.verdict(&ca)), ClientCertificateError::Revoked);
    assert_eq!(chain.lock().len(), 1);
}

#[test]
fn verdict_expires_with_the_first_date_it_depends_on() {
    let (root, folder) = (TestCa::new("Home CA"), Folder::new());
    let ca = root.client_ca(&folder);
    let now = time::OffsetDateTime::now_utc();
    let below = root.intermediate(changed(ca_params("Below"), |params| {
        params.not_after = now + Duration::from_secs(60);
    }));
    let issued = below.issue("phone").through(&[&below]);
    let verdict = ca.verdict(&issued.chain, SystemTime::now());
    assert!(matches!(verdict.auth, ClientAuth::Valid(_)));
    let holds = |seconds| {
        verdict
            .validity
            .contains(SystemTime::now() + Duration::from_secs(seconds))
    };
    assert!(holds(0) && holds(50) && !holds(62));
    let early = root.issue_with(changed(leaf_params("early"), |params| {
        params.not_before = now + Duration::from_secs(60);
    }));
    let verdict = ca.verdict(&early.chain, SystemTime::now());
    assert!(matches!(
        verdict.auth,
        ClientAuth::Invalid(ClientCertificateError::NotYetValid(_))
    ));
    let holds = |seconds| {
        verdict
            .validity
            .contains(SystemTime::now() + Duration::from_secs(seconds))
    };
    assert!(holds(0) && holds(50) && !holds(62));
}

#[test]
fn verdict_of_a_dropped_configuration_is_removed() {
    let (root, folder) = (TestCa::new("Home CA"), Folder::new());
    let chain = received(&root.issue("phone"));
    for _ in 0..5 {
        let ca = Arc::new(root.client_ca(&folder));
        assert!(matches!(chain.verdict(&ca), ClientAuth::Valid(_)));
    }
    assert_eq!(chain.lock().len(), 1);
}

#[tokio::test]
async fn long_chain_is_validated_once_for_all_waiting_requests() {
    let (root, folder) = (TestCa::new("Home CA"), Folder::new());
    let ca = Arc::new(root.client_ca(&folder));
    let chain = received(&deep(&root, 4));
    // No validation starts while the permit is taken.
    let permit = ca.validation_permit().await.unwrap();
    let waiting: Vec<_> = (0..128)
        .map(|_| {
            let (chain, ca) = (chain.clone(), ca.clone());
            tokio::spawn(async move { chain.prepare(&ca).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let pending = chain.pending(&ca).unwrap();
    assert!(pending.same_channel(&chain.pending(&ca).unwrap()));
    drop(permit);
    for waited in waiting {
        waited.await.unwrap();
    }
    assert!(chain.pending(&ca).is_none());
    assert!(matches!(chain.verdict(&ca), ClientAuth::Valid(_)));
}

#[tokio::test]
async fn chain_of_a_closed_connection_is_not_validated() {
    let (root, folder) = (TestCa::new("Home CA"), Folder::new());
    let ca = Arc::new(root.client_ca(&folder));
    let chain = received(&deep(&root, 4));
    let permit = ca.validation_permit().await.unwrap();
    let mut pending = chain.pending(&ca).unwrap();
    drop(chain);
    drop(permit);
    assert!(pending.wait_for(Option::is_some).await.is_err());
}

/// Seven CAs with the same name and issuer cost 1,800 signature checks and webpki's whole budget.
#[test]
fn forged_chain_of_cas_costs_little() {
    let (root, folder) = (TestCa::new("Home CA"), Folder::new());
    let ca = root.client_ca(&folder);
    let twin = TestCa::new("Home CA");
    let same: Vec<_> = (1..8)
        .map(|number| {
            twin.intermediate(changed(ca_params("Home CA"), |params| {
                params.serial_number = Some(SerialNumber::from(number));
            }))
        })
        .collect();
    let shown: Vec<_> = same.iter().collect();
    let issued = same[0].issue("phone").through(&shown);
    let begun = Instant::now();
    for _ in 0..20 {
        let judged = ca.validate(&issued.chain, SystemTime::now());
        assert_eq!(judged, Err(ClientCertificateError::BadSignature));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}
