//! The client's certificate, and a record of the server's certificate request.

use std::sync::{Arc, Mutex};

use rustls::{
    SignatureScheme, client::ResolvesClientCert, crypto::aws_lc_rs::sign::any_supported_type,
    sign::CertifiedKey,
};

use super::Leaf;

/// The names of the CAs in the last request for a certificate, as DER; none without one.
pub(super) type RequestedCas = Arc<Mutex<Option<Vec<Vec<u8>>>>>;

/// Presents one certificate, or none, on any request.
#[derive(Debug)]
pub(super) struct ClientCertificate {
    key: Option<Arc<CertifiedKey>>,
    requested: RequestedCas,
}

impl ClientCertificate {
    /// Shows the leaf, whether its key fits or not, and notes the request.
    pub(super) fn new(leaf: Option<&Leaf>, requested: RequestedCas) -> Self {
        let key = leaf.map(|leaf| {
            let key = any_supported_type(&leaf.key()).unwrap();
            Arc::new(CertifiedKey::new(leaf.chain(), key))
        });
        Self { key, requested }
    }
}

impl ResolvesClientCert for ClientCertificate {
    fn resolve(&self, names: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let names = names.iter().map(|name| name.to_vec()).collect();
        *self.requested.lock().unwrap() = Some(names);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}
