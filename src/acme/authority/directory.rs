//! The CA's directory (RFC 8555, 7.1.1): what instant-acme does not tell of it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{document::one_line, failure::Failure, transport::Transport};
use crate::acme::problem::{Class, Problem};

/// What a CA's directory says of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Directory {
    /// Where renewal information is (RFC 9773); none if the CA has none.
    pub renewal_info: Option<String>,
    /// What the CA asks and offers.
    #[serde(default)]
    pub meta: Meta,
}

/// What a CA asks and offers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// Whether accounts need an external account binding.
    #[serde(default)]
    pub external_account_required: bool,
    /// Where the terms of service are, which are agreed to.
    pub terms_of_service: Option<String>,
    /// The profiles an order may name, with what the CA says of them.
    #[serde(default)]
    pub profiles: BTreeMap<String, serde_json::Value>,
}

impl Directory {
    pub(super) async fn fetch(transport: &Transport, url: &str) -> Result<Self, Failure> {
        let answer = transport.directory(url).await?;
        serde_json::from_slice(answer.body()).map_err(|fault| {
            Problem::new(
                Class::Network,
                format!("{url} is no directory of ACME ({fault}); check the address"),
            )
            .into()
        })
    }

    /// Refuses a profile the CA does not have.
    pub(super) fn check_profile(&self, profile: Option<&str>) -> Result<(), Problem> {
        let profiles = &self.meta.profiles;
        let Some(profile) = profile.filter(|&profile| !profiles.contains_key(profile)) else {
            return Ok(());
        };
        let there_are: Vec<_> = profiles.keys().map(String::as_str).collect();
        let there_are = match there_are.as_slice() {
            [] => "it has none".to_owned(),
            names => one_line(&format!("there are: {}", names.join(", "))),
        };
        Err(Problem::new(
            Class::InvalidProfile,
            format!("the CA has no profile named \"{profile}\"; {there_are}"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_tells_what_the_ca_asks_and_offers() {
        let directory: Directory = serde_json::from_str(
            r#"{"newNonce": "n", "renewalInfo": "https://ca.example/ari",
                "meta": {"externalAccountRequired": true, "profiles": {"shortlived": "6 days"}}}"#,
        )
        .unwrap();
        assert!(directory.meta.external_account_required);
        assert_eq!(
            directory.renewal_info.as_deref(),
            Some("https://ca.example/ari")
        );
        assert_eq!(directory.check_profile(Some("shortlived")), Ok(()));
        let problem = directory.check_profile(Some("classic")).unwrap_err();
        assert_eq!(problem.class, Class::InvalidProfile);
        assert!(
            problem.detail.contains("there are: shortlived"),
            "{problem}"
        );
    }

    #[test]
    fn a_bare_directory_asks_and_offers_nothing() {
        let directory: Directory = serde_json::from_str("{}").unwrap();
        assert!(!directory.meta.external_account_required);
        assert_eq!(directory.check_profile(None), Ok(()));
        assert!(directory.check_profile(Some("tlsserver")).is_err());
    }
}
