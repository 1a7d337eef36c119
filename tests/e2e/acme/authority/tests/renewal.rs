//! Renewal information, revocation and replacement.

use instant_acme::{CertificateIdentifier, Error, Identifier, NewOrder, RevocationRequest};
use rustls::pki_types::CertificateDer;
use x509_parser::{parse_x509_crl, revocation_list::CertificateRevocationList};

use super::Fixture;
use crate::{
    acme::{authority::Fault, client::Client},
    harness::within,
};

async fn window(
    client: &Client,
    certificate: &CertificateDer<'_>,
) -> Result<std::ops::Range<i64>, Error> {
    let identifier = CertificateIdentifier::try_from(certificate).unwrap();
    let asking = client.account.renewal_info(&identifier);
    let (information, _) = within("renewal information", asking).await?;
    let window = information.suggested_window;
    Ok(window.start.unix_timestamp()..window.end.unix_timestamp())
}

#[tokio::test]
async fn the_window_is_past_once_a_certificate_is_revoked() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await.unwrap();
    fixture.issue_to(&client).await.unwrap();
    let issued = fixture.ca.issued().remove(0);
    let before = window(&client, &issued.certificate).await.unwrap();
    let life = issued.not_before.unix_timestamp()..issued.not_after.unix_timestamp();
    assert!(life.contains(&before.start) && life.contains(&before.end));
    fixture.ca.revoke(&issued.serial);
    let after = window(&client, &issued.certificate).await.unwrap();
    assert!(after.end < issued.not_before.unix_timestamp());
}

#[tokio::test]
async fn injected_faults_spoil_renewal_information() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await.unwrap();
    fixture.issue_to(&client).await.unwrap();
    let issued = fixture.ca.issued().remove(0);
    for fault in [Fault::RenewalMissing, Fault::RenewalGarbage] {
        fixture.ca.fault(fault.times(1));
        assert!(window(&client, &issued.certificate).await.is_err());
    }
    fixture.ca.fault(Fault::RenewalInPast.times(1));
    let past = window(&client, &issued.certificate).await.unwrap();
    assert!(past.end < issued.not_before.unix_timestamp());
    fixture.ca.fault(Fault::RenewalAfterEnd.times(1));
    let late = window(&client, &issued.certificate).await.unwrap();
    assert!(late.start > issued.not_after.unix_timestamp());
}

#[tokio::test]
async fn the_list_holds_each_certificate_a_client_revokes() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await.unwrap();
    fixture.issue_to(&client).await.unwrap();
    let issued = fixture.ca.issued().remove(0);
    let request = RevocationRequest {
        certificate: &issued.certificate,
        reason: None,
    };
    let revoking = client.account.revoke(&request);
    within("a revocation", revoking).await.unwrap();
    assert!(fixture.ca.issued()[0].revoked);
    let list = fixture.ca.revocation_list();
    let (_, list): (_, CertificateRevocationList<'_>) = parse_x509_crl(&list).unwrap();
    let revoked: Vec<_> = list.iter_revoked_certificates().collect();
    assert_eq!(revoked.len(), 1);
    assert_eq!(
        format!("{:X}", revoked[0].serial()),
        issued.serial.trim_start_matches('0')
    );
}

#[tokio::test]
async fn a_certificate_is_replaced_once() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await.unwrap();
    fixture.issue_to(&client).await.unwrap();
    let issued = fixture.ca.issued().remove(0);
    let identifier = CertificateIdentifier::try_from(&issued.certificate).unwrap();
    let names = [Identifier::Dns("home.test".to_owned())];
    let order = NewOrder::new(&names).replaces(identifier);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let ordering = client.account.new_order(&order);
        answers.push(within("an order", ordering).await.err());
    }
    assert!(answers[0].is_none(), "{:?}", answers[0]);
    let second = answers[1].as_ref().unwrap().to_string();
    assert!(second.contains("alreadyReplaced"), "{second}");
    assert!(fixture.ca.orders()[1].replaces.is_some());
}
