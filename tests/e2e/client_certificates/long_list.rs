//! A revocation list of many megabytes.

use rcgen::SerialNumber;

use crate::{
    harness::{Authority, DEADLINE, Hubgate, Leaf, Setup, eventually},
    hub::Hub,
};

/// Entries of 40 bytes.
const ENTRIES: u64 = 200_000;
/// Bytes of memory for each byte of the list, with what its readings leave to the allocator.
const MOST: usize = 5;

#[tokio::test]
async fn a_long_revocation_list_is_kept_once_and_still_refuses_its_entries() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let setup = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("ca.crl", &family.revoking(&[]))
        .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}");
    let gate = setup.start().await;
    let (lost, kept) = (family.client("lost"), family.client("kept"));
    let list = long_list(&family, &lost);
    let (before, length) = (gate.resident(), list.len() / 4 * 3);
    for _ in 0..3 {
        gate.write("ca.crl", &family.revoking(&[]));
        answered(&gate, &lost, 200).await;
        gate.write("ca.crl", &list);
        answered(&gate, &lost, 495).await;
        answered(&gate, &kept, 200).await;
    }
    let grown = gate.resident().saturating_sub(before);
    assert!(
        grown < length * MOST,
        "{grown} bytes for a list of {length}"
    );
}

async fn answered(gate: &Hubgate, device: &Leaf, status: u16) {
    let what = format!("a device is answered with {status}");
    eventually(DEADLINE, &what, async || {
        let mut client = gate.tls().showing(device.clone()).http1().await;
        client.get("/").await.status == status
    })
    .await;
}

fn long_list(family: &Authority, last: &Leaf) -> String {
    let number = |number: u64| SerialNumber::from([[1; 8], number.to_be_bytes()].concat());
    let numbers = (0..ENTRIES).map(number);
    family.revoking_numbers_and(numbers, &[last])
}
