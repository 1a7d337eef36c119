//! The responses of places with `serve`, which hubgate makes itself for admitted requests.

use http::{HeaderValue, Method, StatusCode, header};

use super::{proxy::Proxy, request::Request, response::local_response::LocalResponse};
use crate::{
    config::model::Serve,
    fields::FieldName,
    owner::metrics::{Format, Sources},
    sites::Sites,
};

impl Proxy {
    /// Responds to an admitted request for a place with `serve`.
    pub(super) fn serve(
        &self,
        serve: Serve,
        request: &Request<'_>,
        sites: &Sites,
    ) -> LocalResponse {
        if !matches!(*request.method, Method::GET | Method::HEAD) {
            return LocalResponse::bytes(StatusCode::METHOD_NOT_ALLOWED, String::new())
                .with_field(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        match serve {
            Serve::Metrics => self.metrics(request, sites),
        }
    }

    fn metrics(&self, request: &Request<'_>, sites: &Sites) -> LocalResponse {
        let accept = request.fields.get(FieldName::Accept).unwrap_or_default();
        let format = Format::accepted(accept);
        let sources = Sources {
            events: &self.events,
            sites,
            devices: &self.devices,
            certificates: self
                .certificates
                .get()
                .map_or_else(Vec::new, |all| all.states()),
            memory_evictions: self.budget.evictions.count(),
        };
        let body = sources.write(format);
        LocalResponse::with_body(StatusCode::OK, format.media_type(), body.into())
    }
}
