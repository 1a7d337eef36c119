//! The gate: one judgement of every request, of either version.
//!
//! In order: a CA's validation request, the site of the host, its redirect, https, enrolment, the
//! path, the access rule, the page behind the request, the size. The first that refuses responds.

use std::sync::Arc;

use http::{HeaderValue, StatusCode};

use super::{
    Admitted, Refusal, Refused,
    access::{Credentials, credentials},
    arrival::Arrival,
    cors::Cors,
    https, origin, site, size,
};
use crate::{
    access::{origin::RequestOrigin, policy::Place, verdict::Admission},
    http::{
        http1::request_head::Body,
        max_forwards,
        proxy::Proxy,
        request::{Exchange, Request},
        response::{local_response::LocalResponse, statuses},
    },
    sites::site::Site,
    transport::grant::GrantGuard,
    upstream::Route,
};

/// The findings of a judgement that admits.
struct Findings {
    site: Arc<Site>,
    admission: Admission,
    route: Route,
    cors: Cors,
    session_cookie: Option<HeaderValue>,
    takes_password: bool,
    grant: GrantGuard,
}

impl Proxy {
    /// Judges a request.
    ///
    /// # Errors
    /// The response to a request that may not pass.
    pub async fn admit(
        &self,
        exchange: Exchange,
        request: &Request<'_>,
        body: Option<Body>,
    ) -> Result<Box<Admitted>, Box<Refused>> {
        let arrival = Arrival {
            exchange: &exchange,
            request,
            body,
            edition: self.edition(&exchange.sites),
        };
        match self.judge(&arrival).await {
            Ok(found) => Ok(Box::new(Admitted {
                exchange,
                site: found.site,
                admission: found.admission,
                route: found.route,
                cors: found.cors,
                session_cookie: found.session_cookie,
                takes_password: found.takes_password,
                grant: found.grant,
            })),
            Err(refusal) => Err(Box::new(Refused { exchange, refusal })),
        }
    }

    async fn judge(&self, arrival: &Arrival<'_>) -> Result<Findings, Refusal> {
        let (exchange, request) = (arrival.exchange, arrival.request);
        self.answer_validation(exchange, request)?;
        size::limit_head(request).map_err(statuses::malformed)?;
        let authority = request.authority;
        let site = site::agreed(&exchange.sites, &exchange.connection, authority);
        let site = site.ok_or_else(|| statuses::misdirected(&exchange.logged.host))?;
        let judged = self.judge_at(&site, arrival).await;
        judged.map_err(|refusal| refusal.of_site(&site))
    }

    async fn judge_at(&self, site: &Arc<Site>, arrival: &Arrival<'_>) -> Result<Findings, Refusal> {
        let (exchange, request) = (arrival.exchange, arrival.request);
        https::to_other_origin(site, &exchange.connection, request)?;
        https::to_https(exchange, request)?;
        self.enrol(exchange, request, site).await?;
        let place = site
            .place(request.path())
            .map_err(|why| statuses::bad_path(&why))?;
        let origin = origin::of(exchange, request);
        let cors = Cors::of(&origin, site.origins(&place));
        let judged = match cors.preflight(request) {
            Some(response) => Err(response.into()),
            None => self.judge_place(site, &place, &origin, arrival).await,
        };
        match judged {
            Ok(found) => Ok(Findings { cors, ..found }),
            Err(refusal) => Err(refusal.with_cors(cors)),
        }
    }

    async fn judge_place(
        &self,
        site: &Arc<Site>,
        place: &Place<'_>,
        origin: &RequestOrigin<'_>,
        arrival: &Arrival<'_>,
    ) -> Result<Findings, Refusal> {
        let (exchange, request) = (arrival.exchange, arrival.request);
        let target = origin::target(origin, request, site, place);
        let foreign = origin.judge(&target).is_err();
        let connection = &exchange.connection;
        let basic = credentials(request, connection, place, foreign)?;
        let restored = self
            .sessions
            .lookup(connection, request.fields, site, !foreign);
        let credentials = Credentials {
            basic: basic.as_ref(),
            restored: &restored,
        };
        let mut admission = self.decide(arrival, (site, place), &credentials).await?;
        if foreign && !admission.public {
            return Err(statuses::foreign_origin(connection.asked()).into());
        }
        self.may_forward(site, place, arrival)?;
        let upstream = site.upstream(place).ok_or_else(statuses::internal)?;
        let session_cookie = self.sessions.renew(connection, &restored, &admission);
        let ground = origin.ground(&target);
        let grant = restored.grant(request, &mut admission, ground, arrival.edition);
        Ok(Findings {
            site: site.clone(),
            route: upstream.route(site.name.clone()),
            cors: Cors::Off,
            session_cookie,
            takes_password: place.takes_password(),
            grant: grant.list(&connection.grants),
            admission,
        })
    }

    /// What an upstream must not get of an admitted request, or need not.
    fn may_forward(
        &self,
        site: &Site,
        place: &Place<'_>,
        arrival: &Arrival<'_>,
    ) -> Result<(), LocalResponse> {
        let (exchange, request) = (arrival.exchange, arrival.request);
        if max_forwards::left(request.method, request.fields) == Some(0) {
            return Err(LocalResponse::bytes(StatusCode::OK, String::new()));
        }
        site::to_folder(site, place, request)?;
        size::limit_body(arrival.body, request, &exchange.sites)
    }
}
