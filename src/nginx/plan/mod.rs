//! Fourth stage: the sites and paths of `proxy.yaml`, none of them weaker than NGINX.

pub(crate) mod certificate;
pub(crate) mod challenge;
pub(crate) mod edits;
pub(crate) mod equivalence;
pub(crate) mod header;
pub(crate) mod limits;
pub(crate) mod local_responses;
pub(crate) mod location_access;
pub(crate) mod location_headers;
pub(crate) mod proxy_config;
pub(crate) mod redirect;
pub(crate) mod redirects;
pub(crate) mod request_headers;
pub(crate) mod secret;
pub(crate) mod site;
pub(crate) mod site_plan;
pub(crate) mod trusted_proxies;
pub(crate) mod user_header;
