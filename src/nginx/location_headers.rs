//! The request fields of a location, by its number in a server.

use super::{request_headers::RequestHeaders, server::Server};

impl<'p, 'd> RequestHeaders<'p, 'd> {
    /// The fields that NGINX sets at the location of a number.
    pub(super) fn of_location(server: &'p Server<'d>, nth: usize, proxied: &'p str) -> Self {
        Self {
            levels: &server.locations[nth].levels,
            variables: &server.inner_variables[nth],
            proxied,
        }
    }
}
