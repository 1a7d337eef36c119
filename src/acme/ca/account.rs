//! The account at a CA (RFC 8555, 7.3): registered, or restored from its credentials.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use instant_acme::{
    Account, AccountBuilder, AccountCredentials, ExternalAccountKey, Key, NewAccount,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, de::DeserializeOwned};

use super::{directory::Directory, failure::Failure, retry::retry_bad_nonce, transport::Transport};
use crate::acme::problem::{Cause, Class, Problem};

/// The CA of a configuration, and the account to use there.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// The URL of the CA's directory.
    pub directory: String,
    /// Contact e-mail address of the account, without `mailto:`.
    pub email: Option<String>,
    /// The external account to which the ACME account is bound.
    pub external_account: Option<ExternalAccountBinding>,
}

/// Key of a CA for an external account binding (RFC 8555, 7.3.4).
#[derive(Clone)]
pub struct ExternalAccountBinding {
    /// The key identifier.
    pub key_id: String,
    /// The HMAC key in base64url: a secret.
    pub hmac_key: String,
}

impl ExternalAccountBinding {
    fn key(&self) -> Result<ExternalAccountKey, Problem> {
        let key = URL_SAFE_NO_PAD.decode(self.hmac_key.trim().trim_end_matches('='));
        let key = key.map_err(|_| {
            Problem::new(
                Class::Refused,
                "the HMAC key of the external account binding is not base64url; copy it again",
            )
            .caused_by(Cause::ExternalAccount)
        })?;
        Ok(ExternalAccountKey::new(self.key_id.clone(), &key))
    }
}

impl fmt::Debug for ExternalAccountBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key_id, .. } = self;
        write!(f, "ExternalAccountBinding({key_id:?}, ..)")
    }
}

/// Credentials of an account in JSON, as instant-acme writes them: a secret.
#[derive(Clone, Copy)]
pub(super) struct Credentials<'a>(&'a [u8]);

impl<'a> Credentials<'a> {
    pub(super) fn new(json: &'a [u8]) -> Self {
        Self(json)
    }

    /// Returns the account's key; none if the credentials cannot be read.
    pub(super) fn key(self, directory: &str) -> Option<AccountKey> {
        let credentials: AccountCredentials = self.parse().ok()?;
        Some(AccountKey {
            directory: directory.to_owned(),
            key: Arc::new(credentials.private_key().clone_key()),
        })
    }

    /// Returns the URL of the CA's directory.
    fn directory(self) -> Result<Option<String>, Problem> {
        #[derive(Deserialize)]
        struct Fields {
            directory: Option<String>,
        }

        self.parse().map(|fields: Fields| fields.directory)
    }

    fn parse<T: DeserializeOwned>(self) -> Result<T, Problem> {
        serde_json::from_slice(self.0).map_err(|fault| {
            Problem::new(
                Class::AccountGone,
                format!("the stored account cannot be read ({fault})"),
            )
        })
    }
}

/// The private key of an account, by which the CA finds it.
#[derive(Clone)]
pub(super) struct AccountKey {
    directory: String,
    key: Arc<PrivatePkcs8KeyDer<'static>>,
}

impl AccountKey {
    /// Returns true if the CA has no account with this key (RFC 8555, 7.3.1), because another
    /// program has changed the account's key (7.3.5).
    pub(super) async fn is_unknown(&self, transport: &Transport) -> bool {
        let found = retry_bad_nonce!(self.find(transport));
        found.is_err_and(|failure| failure.kind.as_deref() == Some("accountDoesNotExist"))
    }

    async fn find(&self, transport: &Transport) -> Result<(), instant_acme::Error> {
        let key = Key::from_pkcs8_der(self.key.clone_key())?;
        let der = PrivateKeyDer::Pkcs8(self.key.clone_key());
        let builder = transport.account_builder();
        let found = builder.from_key((key, der), self.directory.clone()).await;
        found.map(|_| ())
    }
}

impl Transport {
    fn account_builder(&self) -> AccountBuilder {
        Account::builder_with_http(Box::new(self.clone()))
    }
}

/// Registration of an account at one CA.
pub(super) struct Registration<'a> {
    transport: &'a Transport,
    settings: &'a AccountSettings,
}

impl<'a> Registration<'a> {
    pub(super) fn new(transport: &'a Transport, settings: &'a AccountSettings) -> Self {
        Self {
            transport,
            settings,
        }
    }

    /// Restores an account; none if the credentials are those of another CA.
    pub(super) async fn restore(
        &self,
        credentials: Credentials<'_>,
    ) -> Result<Option<Account>, Failure> {
        if credentials.directory()?.as_deref() != Some(&self.settings.directory) {
            return Ok(None);
        }
        let builder = self.transport.account_builder();
        let account = builder.from_credentials(credentials.parse()?).await?;
        Ok(Some(account))
    }

    /// Registers an account, with agreement to the terms of service, and returns its credentials.
    pub(super) async fn register(
        &self,
        directory: &Directory,
    ) -> Result<(Account, Vec<u8>), Failure> {
        let binding = self.binding(directory)?;
        let contact = self.settings.email.as_ref();
        let contact = contact.map(|email| format!("mailto:{email}"));
        let contact: Vec<_> = contact.iter().map(String::as_str).collect();
        let new_account = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let registered = retry_bad_nonce!(self.transport.account_builder().create(
            &new_account,
            self.settings.directory.clone(),
            binding.as_ref()
        ));
        let (account, credentials) =
            registered.map_err(|failure| failure.of_registration(binding.is_some()))?;
        self.transport.keep_nonce();
        let credentials = serde_json::to_vec(&credentials).map_err(instant_acme::Error::from)?;
        Ok((account, credentials))
    }

    fn binding(&self, directory: &Directory) -> Result<Option<ExternalAccountKey>, Problem> {
        match &self.settings.external_account {
            Some(external) => external.key().map(Some),
            None if directory.meta.external_account_required => Err(Problem::new(
                Class::Refused,
                "the CA requires an external account binding; get its key id and HMAC key from \
                 the CA and write them into the configuration",
            )
            .caused_by(Cause::ExternalAccount)),
            None => Ok(None),
        }
    }
}
