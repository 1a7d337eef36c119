//! The CA's directory (RFC 8555, 7.1.1), with the fields that instant-acme leaves out.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{detail::Detail, failure::Failure, transport::Transport};
use crate::acme::problem::{Class, Problem};

/// A CA's directory.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Directory {
    /// The URL of renewal information (RFC 9773); none if the CA does not support it.
    pub renewal_info: Option<String>,
    /// Metadata of the CA.
    #[serde(default)]
    pub meta: Meta,
}

/// Metadata of a CA, in the directory's field `meta`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// True if accounts need an external account binding.
    #[serde(default)]
    pub external_account_required: bool,
    /// The URL of the terms of service, to which a registration agrees.
    pub terms_of_service: Option<String>,
    /// The names of profiles for orders, with the CA's descriptions.
    #[serde(default)]
    pub profiles: BTreeMap<String, serde_json::Value>,
}

impl Directory {
    /// Fetches and parses the directory at a URL.
    pub(super) async fn fetch(transport: &Transport, url: &str) -> Result<Self, Failure> {
        let answer = transport.directory(url).await?;
        serde_json::from_slice(answer.body()).map_err(|fault| {
            Problem::network(format!(
                "{url} is no directory of ACME ({fault}); check the address"
            ))
            .into()
        })
    }

    /// Refuses a profile that the CA does not have.
    pub(super) fn check_profile(&self, profile: Option<&str>) -> Result<(), Problem> {
        let profiles = &self.meta.profiles;
        let Some(profile) = profile.filter(|&profile| !profiles.contains_key(profile)) else {
            return Ok(());
        };
        let names: Vec<_> = profiles.keys().map(String::as_str).collect();
        let available = match names.as_slice() {
            [] => "it has none".to_owned(),
            names => Detail::new(&format!("there are: {}", names.join(", "))).to_string(),
        };
        Err(Problem::new(
            Class::InvalidProfile,
            format!("the CA has no profile named \"{profile}\"; {available}"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_requirements_profiles_and_renewal_information() {
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
    fn a_directory_without_meta_requires_and_offers_nothing() {
        let directory: Directory = serde_json::from_str("{}").unwrap();
        assert!(!directory.meta.external_account_required);
        assert_eq!(directory.check_profile(None), Ok(()));
        assert!(directory.check_profile(Some("tlsserver")).is_err());
    }
}
