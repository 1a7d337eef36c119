//! Paths from the leaf to the CA.

use rcgen::{BasicConstraints, GeneralSubtree, IsCa, NameConstraints, SanType};

use crate::tls::{
    client_auth::client_ca::tests::*,
    testing::{ca_params, changed},
};

#[test]
fn certificate_of_another_ca_is_refused() {
    let (home, away) = (TestCa::new("Home CA"), TestCa::new("Away CA"));
    let reason = verdict(&home, &away.issue("phone")).unwrap_err();
    assert_eq!(
        reason.to_string(),
        "the certificate was signed by another CA"
    );
    let reason = verdict(&home, &away.issue("phone").through(&[&home, &away])).unwrap_err();
    assert_eq!(reason, ClientCertificateError::OtherCa);
}

#[test]
fn ca_of_the_same_name_with_another_key_is_refused() {
    let (home, twin) = (TestCa::new("Home CA"), TestCa::new("Home CA"));
    let reason = verdict(&home, &twin.issue("phone")).unwrap_err();
    assert_eq!(reason, ClientCertificateError::BadSignature);
    let with_its_ca = twin.issue("phone").through(&[&twin]);
    assert_eq!(
        verdict(&home, &with_its_ca).unwrap_err(),
        ClientCertificateError::BadSignature
    );
}

#[test]
fn path_length_of_the_anchor_limits_the_intermediates() {
    for (path_length, expected) in [(0, Err(ClientCertificateError::ChainTooLong)), (1, Ok(()))] {
        let root = TestCa::with(changed(ca_params("Home CA"), |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_length));
        }));
        let below = root.intermediate(ca_params("Below"));
        let leaf = below.issue("phone").through(&[&below]);
        assert_eq!(verdict(&root, &leaf).map(|_| ()), expected, "{path_length}");
    }
}

#[test]
fn path_length_of_an_intermediate_limits_those_below_it() {
    let root = TestCa::new("Home CA");
    let below = root.intermediate(changed(ca_params("Below"), |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    }));
    let deep = below.intermediate(ca_params("Deep"));
    let leaf = deep.issue("phone").through(&[&deep, &below]);
    assert_eq!(
        verdict(&root, &leaf).unwrap_err(),
        ClientCertificateError::ChainTooLong
    );
}

/// NGINX's `ssl_verify_depth` counts neither the leaf nor the root.
#[test]
fn verify_depth_limits_the_intermediates() {
    let root = TestCa::new("Home CA");
    let below = root.intermediate(ca_params("Below"));
    let deep = below.intermediate(ca_params("Deep"));
    let chains = [
        root.issue("phone"),
        below.issue("phone").through(&[&below]),
        deep.issue("phone").through(&[&deep, &below]),
    ];
    let folder = Folder::new();
    for limit in 0..4 {
        let ca = root.client_ca(&folder).with_verify_depth(Some(limit));
        for (depth, issued) in (0..).zip(&chains) {
            let judged = ca.validate(&issued.chain, SystemTime::now()).map(|_| ());
            let expected = if depth > limit {
                Err(ClientCertificateError::TooDeep)
            } else {
                Ok(())
            };
            assert_eq!(judged, expected, "{depth} of {limit}");
        }
    }
}

#[test]
fn certificate_signed_by_an_end_entity_is_refused() {
    let root = TestCa::new("Home CA");
    let leaf = root.intermediate(leaf_params("phone"));
    let forged = leaf.issue("forged").through(&[&leaf]);
    assert_eq!(
        verdict(&root, &forged).unwrap_err(),
        ClientCertificateError::OtherCa
    );
}

#[test]
fn name_constraints_of_the_ca_are_enforced() {
    let permitted = GeneralSubtree::DnsName("home.example.org".into());
    let ca = TestCa::with(changed(ca_params("Home CA"), |params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![permitted],
            excluded_subtrees: vec![],
        });
    }));
    for (name, expected) in [
        ("phone.home.example.org", Ok(())),
        (
            "phone.example.com",
            Err(ClientCertificateError::NameNotPermitted),
        ),
    ] {
        let mut params = leaf_params("phone");
        params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        assert_eq!(verdict(&ca, &ca.issue_with(params)).map(|_| ()), expected);
    }
}
