//! The request fields of a location, by its index in the server.

use super::request_headers::RequestHeaders;
use crate::nginx::model::server::Server;

impl<'p, 'd> RequestHeaders<'p, 'd> {
    /// Returns the fields that NGINX sets at a location.
    pub(crate) fn of_location(server: &'p Server<'d>, nth: usize, proxy_host: &'p str) -> Self {
        Self {
            levels: &server.locations[nth].levels,
            variables: &server.location_variables[nth],
            proxy_host,
        }
    }
}
