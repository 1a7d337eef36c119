//! The account at a CA (RFC 8555, 7.3): taken up again, or registered.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use instant_acme::{Account, AccountCredentials, ExternalAccountKey, Key, NewAccount};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::Deserialize;

use super::{directory::Directory, failure::Failure, persist::persist, transport::Transport};
use crate::acme::problem::{Cause, Class, Problem};

/// Which CA, and as whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The URL of the CA's directory.
    pub directory: String,
    /// Where the CA may write to: an address without `mailto:`.
    pub email: Option<String>,
    /// The account elsewhere to which the one here is bound.
    pub external_account: Option<ExternalAccount>,
}

/// What a CA gave for the binding to an account (RFC 8555, 7.3.4).
#[derive(Clone)]
pub struct ExternalAccount {
    /// The key's name.
    pub key_id: String,
    /// The key in base64url: a secret.
    pub hmac_key: String,
}

impl fmt::Debug for ExternalAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key_id, .. } = self;
        write!(f, "ExternalAccount({key_id:?}, ..)")
    }
}

/// Which directory credentials are for.
#[derive(Deserialize)]
struct Belonging {
    directory: Option<String>,
}

/// Takes up an account; none if the credentials are another CA's.
pub(super) async fn take_up(
    transport: &Transport,
    settings: &Settings,
    credentials: &[u8],
) -> Result<Option<Account>, Failure> {
    let belonging: Belonging =
        serde_json::from_slice(credentials).map_err(|fault| unreadable(&fault))?;
    if belonging.directory.as_deref() != Some(&settings.directory) {
        return Ok(None);
    }
    let credentials: AccountCredentials =
        serde_json::from_slice(credentials).map_err(|fault| unreadable(&fault))?;
    let account = builder(transport).from_credentials(credentials).await?;
    Ok(Some(account))
}

/// The key of an account, by which the CA finds it.
#[derive(Clone)]
pub(super) struct AccountKey {
    directory: String,
    key: Arc<PrivatePkcs8KeyDer<'static>>,
}

impl AccountKey {
    /// The key in an account's credentials.
    pub(super) fn of(settings: &Settings, credentials: &[u8]) -> Option<Self> {
        let credentials: AccountCredentials = serde_json::from_slice(credentials).ok()?;
        Some(Self {
            directory: settings.directory.clone(),
            key: Arc::new(credentials.private_key().clone_key()),
        })
    }

    /// Whether the CA says that it has no account of this key (RFC 8555, 7.3.1): the account was
    /// given another one elsewhere (7.3.5).
    pub(super) async fn is_unknown(&self, transport: &Transport) -> bool {
        let found = persist!(self.find(transport));
        found.is_err_and(|failure| failure.kind.as_deref() == Some("accountDoesNotExist"))
    }

    async fn find(&self, transport: &Transport) -> Result<(), instant_acme::Error> {
        let key = Key::from_pkcs8_der(self.key.clone_key())?;
        let der = PrivateKeyDer::Pkcs8(self.key.clone_key());
        let directory = self.directory.clone();
        let found = builder(transport).from_key((key, der), directory).await;
        found.map(|_| ())
    }
}

/// Registers an account and agrees to the terms of service; gives the credentials to keep.
pub(super) async fn register(
    transport: &Transport,
    settings: &Settings,
    directory: &Directory,
) -> Result<(Account, Vec<u8>), Failure> {
    let binding = binding(settings, directory)?;
    let contact = settings
        .email
        .as_ref()
        .map(|email| format!("mailto:{email}"));
    let contact: Vec<_> = contact.iter().map(String::as_str).collect();
    let wish = NewAccount {
        contact: &contact,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let registered =
        persist!(builder(transport).create(&wish, settings.directory.clone(), binding.as_ref()));
    let (account, credentials) = registered.map_err(|it| refused(it, binding.is_some()))?;
    transport.keep_nonce();
    let credentials = serde_json::to_vec(&credentials).map_err(instant_acme::Error::from)?;
    Ok((account, credentials))
}

fn builder(transport: &Transport) -> instant_acme::AccountBuilder {
    Account::builder_with_http(Box::new(transport.clone()))
}

fn binding(
    settings: &Settings,
    directory: &Directory,
) -> Result<Option<ExternalAccountKey>, Problem> {
    let Some(external) = &settings.external_account else {
        if directory.meta.external_account_required {
            return Err(Problem::new(
                Class::Refused,
                "the CA takes only accounts with an external account binding; get key id and \
                 HMAC key from it and write them into the configuration",
            )
            .caused_by(Cause::ExternalAccount));
        }
        return Ok(None);
    };
    let key = URL_SAFE_NO_PAD.decode(external.hmac_key.trim().trim_end_matches('='));
    let key = key.map_err(|_| {
        Problem::new(
            Class::Refused,
            "the HMAC key of the external account binding is not base64url; copy it again",
        )
        .caused_by(Cause::ExternalAccount)
    })?;
    Ok(Some(ExternalAccountKey::new(external.key_id.clone(), &key)))
}

/// A fault of the proof, at an order, is one of the binding here, if there is one.
fn refused(mut failure: Failure, is_bound: bool) -> Failure {
    let problem = &mut failure.problem;
    if matches!(problem.class, Class::Validation | Class::AccountGone) {
        problem.class = Class::Refused;
        problem.cause = problem.cause.or(is_bound.then_some(Cause::ExternalAccount));
    }
    failure
}

fn unreadable(fault: &serde_json::Error) -> Problem {
    Problem::new(
        Class::AccountGone,
        format!("the kept account cannot be read ({fault})"),
    )
}
