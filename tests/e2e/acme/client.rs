//! A small ACME client for tests of the CAs themselves.

use std::{future::Future, io, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, header::HOST};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use instant_acme::{
    Account, BodyWrapper, BytesResponse, ChallengeType, Error, ExternalAccountKey, HttpClient,
    Identifier, KeyAuthorization, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::harness::within;

/// A client with an account of its own.
pub struct Client {
    /// The account.
    pub account: Account,
}

/// HTTPS with one root and a connection for each request.
#[derive(Clone)]
pub struct Https {
    tls: TlsConnector,
}

impl Client {
    /// Registers with the CA of this directory; its server is trusted by the root in PEM.
    ///
    /// # Errors
    /// The response of the CA.
    pub async fn register(directory: &str, root: &str) -> Result<Self, Error> {
        Self::register_with(directory, root, None).await
    }

    /// Like [`Self::register`], with an external account.
    ///
    /// # Errors
    /// The response of the CA.
    pub async fn register_with(
        directory: &str,
        root: &str,
        external: Option<&ExternalAccountKey>,
    ) -> Result<Self, Error> {
        let builder = Account::builder_with_http(Box::new(Https::trusting(root)));
        let new = NewAccount {
            contact: &[],
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let creating = builder.create(&new, directory.to_owned(), external);
        let (account, _) = within("an account", creating).await?;
        Ok(Self { account })
    }

    /// Orders a certificate for the names, publishes the proofs by `place`, and returns the chain
    /// as PEM.
    ///
    /// # Errors
    /// The response of the CA.
    pub async fn issue(
        &self,
        names: &[&str],
        kind: ChallengeType,
        place: impl AsyncFnMut(&str, &str, KeyAuthorization),
    ) -> Result<String, Error> {
        let identifiers: Vec<_> = names
            .iter()
            .map(|name| Identifier::Dns((*name).to_owned()))
            .collect();
        let order = NewOrder::new(&identifiers);
        let mut order = within("an order", self.account.new_order(&order)).await?;
        within("the proofs", prove(&mut order, kind, place)).await?;
        finish(&mut order, names).await
    }
}

/// Publishes the proofs and requests their validation.
async fn prove(
    order: &mut Order,
    kind: ChallengeType,
    mut place: impl AsyncFnMut(&str, &str, KeyAuthorization),
) -> Result<(), Error> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        let name = authorization.identifier().identifier.clone();
        let Identifier::Dns(name) = name else {
            continue;
        };
        let challenge = authorization.challenge(kind.clone());
        let mut challenge = challenge.ok_or(Error::Str("no such challenge"))?;
        place(
            &name,
            &challenge.token.clone(),
            challenge.key_authorization(),
        )
        .await;
        challenge.set_ready().await?;
    }
    Ok(())
}

async fn finish(order: &mut Order, names: &[&str]) -> Result<String, Error> {
    let policy = RetryPolicy::default();
    let ready = within("the order is ready", order.poll_ready(&policy)).await?;
    if ready != OrderStatus::Ready {
        return Err(Error::Str("the order is invalid"));
    }
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let mut request = CertificateParams::new(names).unwrap();
    // The common name that rcgen gives is no name of the order.
    request.distinguished_name = DistinguishedName::new();
    let request = request.serialize_request(&key).unwrap();
    within("finalize", order.finalize_csr(request.der())).await?;
    within("a certificate", order.poll_certificate(&policy)).await
}

impl Https {
    /// Trusts the root in PEM only.
    pub fn trusting(root: &str) -> Self {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(root.as_bytes()).unwrap();
        roots.add(root).unwrap();
        let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        Self { tls }
    }

    /// Sends the request to the server its URL names.
    ///
    /// # Errors
    /// The error of the connection.
    pub async fn send(
        &self,
        mut request: Request<BodyWrapper<Bytes>>,
    ) -> io::Result<Response<Incoming>> {
        let authority = request.uri().authority().unwrap().clone();
        let target = request.uri().path_and_query().unwrap().as_str();
        let target = target.parse().unwrap();
        request
            .headers_mut()
            .insert(HOST, authority.as_str().parse().unwrap());
        *request.uri_mut() = target;
        let tcp = TcpStream::connect(authority.as_str()).await?;
        let name = ServerName::try_from(authority.host().to_owned()).unwrap();
        let stream = self.tls.connect(name, tcp).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(connection);
        sender.send_request(request).await.map_err(io::Error::other)
    }
}

impl HttpClient for Https {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.clone();
        Box::pin(async move {
            let answer = client.send(request).await;
            answer
                .map(BytesResponse::from)
                .map_err(|error| Error::Other(Box::new(error)))
        })
    }
}
