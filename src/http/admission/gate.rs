//! The gate, which admits or refuses every request of either version.
//!
//! Its steps, in order: validation request of a CA, size of the head, site of the host, redirect
//! of the site, https, enrolment, path, preflight, access rule, origin, Max-Forwards, redirect to a
//! folder, size of the body. The first step that refuses returns the response.

use std::sync::Arc;

use http::{HeaderValue, StatusCode};

use super::{
    Admitted, Refusal, Refused, access::RequestCredentials, arrival::Arrival, cors::Cors, site,
};
use crate::{
    access::{origin::RequestOrigin, policy::PathPolicy, verdict::Admission},
    http::{
        http1::request_head::Body,
        max_forwards::MaxForwards,
        proxy::Proxy,
        request::{Exchange, Request},
        response::local_response::LocalResponse,
    },
    sites::site::Site,
    transport::grant::GrantGuard,
    upstream::Route,
};

/// The findings, or the response to a refused request.
type Decision = Result<Box<Findings>, Box<Refusal>>;

/// The gate's findings about an admitted request.
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
    /// The response to a refused request.
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
        match self.decide_request(&arrival).await {
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
            Err(refusal) => Err(Box::new(Refused {
                exchange,
                refusal: *refusal,
            })),
        }
    }

    async fn decide_request(&self, arrival: &Arrival<'_>) -> Decision {
        let (exchange, request) = (arrival.exchange, arrival.request);
        self.answer_validation(exchange, request)?;
        request.limit_head().map_err(LocalResponse::malformed)?;
        let authority = request.authority;
        let site = site::agreed(&exchange.sites, &exchange.connection, authority);
        let site = site.ok_or_else(|| LocalResponse::misdirected(exchange.logged.host()))?;
        let decided = self.decide_at(&site, arrival).await;
        decided.map_err(|refusal| Box::new(refusal.with_site(&site)))
    }

    async fn decide_at(&self, site: &Arc<Site>, arrival: &Arrival<'_>) -> Decision {
        let (exchange, request) = (arrival.exchange, arrival.request);
        arrival.redirect_to_origin(site)?;
        arrival.redirect_to_https()?;
        self.enrol(exchange, request, site).await?;
        let place = site
            .place(request.path())
            .map_err(|why| LocalResponse::bad_path(&why))?;
        let origin = arrival.origin();
        let cors = Cors::new(&origin, site.origins(&place));
        let decided = match cors.preflight(request) {
            Some(response) => Err(response.into()),
            None => self.decide_place(site, &place, &origin, arrival).await,
        };
        match decided {
            Ok(mut found) => {
                found.cors = cors;
                Ok(found)
            }
            Err(refusal) => Err(Box::new(refusal.with_cors(cors))),
        }
    }

    async fn decide_place(
        &self,
        site: &Arc<Site>,
        place: &PathPolicy<'_>,
        origin: &RequestOrigin<'_>,
        arrival: &Arrival<'_>,
    ) -> Decision {
        let (exchange, request) = (arrival.exchange, arrival.request);
        let target = arrival.target(origin, site, place);
        let foreign = origin.check(&target).is_err();
        let connection = &exchange.connection;
        let basic = arrival.basic(place, foreign)?;
        let restored = self
            .sessions
            .lookup(connection, request.fields, site, !foreign);
        let credentials = RequestCredentials {
            basic: basic.as_ref(),
            restored: &restored,
        };
        let mut admission = self.decide(arrival, (site, place), &credentials).await?;
        if foreign && !admission.public {
            return Err(LocalResponse::foreign_origin(connection.asked()).into());
        }
        arrival.may_forward(site, place)?;
        let session_cookie = self.sessions.renew(connection, &restored, &admission);
        if let Some(serve) = site.serve(place) {
            let response = self.serve(serve, request, &exchange.sites);
            return Err(Refusal::served(response, admission, session_cookie).into());
        }
        let upstream = site.upstream(place);
        let upstream = upstream.ok_or_else(LocalResponse::internal)?;
        let ground = origin.ground(&target);
        let grant = restored.grant(arrival, &mut admission, ground);
        Ok(Box::new(Findings {
            site: site.clone(),
            route: upstream.route(site.name.clone()),
            cors: Cors::Off,
            session_cookie,
            takes_password: place.takes_password(),
            grant: grant.list(&connection.grants),
            admission,
        }))
    }
}

impl Arrival<'_> {
    /// Responds to an admitted request that does not go to the upstream.
    fn may_forward(&self, site: &Site, place: &PathPolicy<'_>) -> Result<(), LocalResponse> {
        let max_forwards = MaxForwards::parse(self.request.method, self.request.fields);
        if max_forwards.is_some_and(MaxForwards::is_zero) {
            return Err(LocalResponse::bytes(StatusCode::OK, String::new()));
        }
        self.redirect_to_folder(site, place)?;
        self.limit_body()
    }
}
