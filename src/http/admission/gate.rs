//! The gate: one judgement of every request, whichever way it came in.
//!
//! In order: a CA's look at a proof, the host's site, its redirect, https, a device's enrolment, the path, who may
//! enter, who made the browser send it, the size. The first that refuses answers.

use std::sync::Arc;

use http::{StatusCode, header};

use super::{cors::Cors, grant::Grant, sessions::RestoredSession};
use crate::{
    access::{
        basic::Basic,
        network::Client,
        origin::{self, RequestOrigin, Target},
        policy::Place,
        rule::{Shown, Visitor},
        session::Chain,
        verdict::{Admission, Denial},
    },
    clients::name::Name,
    config::model::ClientCertificate,
    fields::{FieldName, Fields},
    http::{
        http1::request_head::{
            Body, MOST_FIELDS, Malformed, TOO_MANY_FIELDS, refuse_method, refuse_target,
        },
        max_forwards,
        proxy::{Proxy, TAKEOVER},
        request::{Exchange, Request},
        response::{local_response::LocalResponse, statuses},
    },
    sites::{Sites, authority::Authority, site::Site},
    telemetry::journal,
    tls::ClientAuth,
    transport::connection_info::ConnectionInfo,
};

impl Proxy {
    /// Judges a request; what it learns is kept in `exchange`.
    ///
    /// # Errors
    /// The answer to a request that may not pass.
    pub async fn admit(
        &self,
        exchange: &mut Exchange,
        request: &Request<'_>,
        body: Option<Body>,
    ) -> Result<(), LocalResponse> {
        self.prove(exchange, request)?;
        let edition = self.edition(&exchange.sites);
        let sites = exchange.sites.clone();
        well_formed(request).map_err(statuses::malformed)?;
        let site = agreed_site(&sites, &exchange.connection, request.authority.as_ref());
        let site = site.ok_or_else(|| statuses::misdirected(&exchange.logged.host))?;
        exchange.site = Some(site.clone());
        to_other_origin(&site, &exchange.connection, request)?;
        over_tls(&sites, exchange, request)?;
        self.enrol(exchange, request, &site).await?;
        let place = site
            .place(path(request.target))
            .map_err(|why| statuses::bad_path(&why))?;
        exchange.password_asked = place.takes_password();
        let origin = request_origin(exchange, request);
        exchange.cors = Cors::of(&origin, site.origins(&place));
        if let Some(answer) = exchange.cors.preflight(request) {
            return Err(answer);
        }
        let target = target(&origin, request, &site, &place);
        let foreign = origin.judge(&target).is_err();
        let basic = credentials(request, &exchange.connection, &place, foreign)?;
        let restored = self.sessions.lookup(exchange, request, &site, !foreign);
        let at = (&*site, &place);
        let decided = self
            .let_in(exchange, request, at, &restored, basic.as_ref())
            .await;
        let mut admission = match decided {
            Ok(admission) => admission,
            Err(denial) => {
                let denial = exchange.denial.insert(denial);
                return Err(self.refusal(denial, &exchange.connection));
            }
        };
        if foreign && !admission.public {
            return Err(statuses::foreign_origin(exchange.connection.asked()));
        }
        if max_forwards::left(request.method, request.fields) == Some(0) {
            return Err(LocalResponse::bytes(StatusCode::OK, String::new()));
        }
        to_folder(&site, &place, request)?;
        must_fit(body.unwrap_or_else(|| declared_length(request)), &sites)?;
        exchange.session = self
            .sessions
            .keep(&exchange.connection, &restored, &admission);
        let upstream = site.upstream(&place).ok_or_else(statuses::internal)?;
        exchange.route = Some(upstream.route(site.name.clone()));
        let ground = origin.ground(&target);
        let grant = Grant::new(request, &restored, &mut admission, ground);
        let grant = grant.judged_by(edition);
        exchange.grant = Some(grant.list(&exchange.connection));
        exchange.admission = Some(admission);
        Ok(())
    }

    /// A CA that looks for a proof comes before every rule and whatever host it names (RFC 8555,
    /// section 8.3); who asks for none that is up is a visitor as any other. So does the process that
    /// hands over to this one.
    fn prove(&self, exchange: &Exchange, request: &Request<'_>) -> Result<(), LocalResponse> {
        if let Some(token) = self
            .takeover
            .as_ref()
            .filter(|token| is_probe(token, request))
        {
            return Err(LocalResponse::bytes(StatusCode::OK, token.clone()));
        }
        let peer = exchange.connection.peer.ip();
        match self.challenges.answer_http(path(request.target), peer) {
            Some(proof) => Err(LocalResponse::bytes(StatusCode::OK, proof)),
            None => Ok(()),
        }
    }

    async fn let_in(
        &self,
        exchange: &Exchange,
        request: &Request<'_>,
        (site, place): (&Site, &Place<'_>),
        restored: &RestoredSession<'_>,
        basic: Option<&Basic>,
    ) -> Result<Admission, Denial> {
        let connection = &exchange.connection;
        let visitor = Visitor {
            client: exchange.client,
            basic,
            known: restored.known(),
            judge: |shown, authority: &_| {
                let session = match shown {
                    Shown::Now => None,
                    Shown::Before => Some(restored.chain.clone().unwrap_or_default()),
                };
                verdict(site, connection, session.as_ref(), authority)
            },
        };
        site.prepare(place, connection.chain()).await;
        site.prepare(place, restored.chain.as_ref()).await;
        let decided = place.decide(&visitor, &self.throttle).await;
        let failed = match &decided {
            Ok(admission) => admission.login_failed,
            Err(Denial::Throttled { .. }) => self.throttled.is_due(),
            Err(denial) => matches!(denial, Denial::Password { .. }),
        };
        if failed {
            report(basic, visitor.client, &exchange.logged.host);
        }
        if matches!(&decided, Ok(admission) if admission.factors.network) {
            exchange.sites.notice(connection, request);
        }
        decided
    }

    fn refusal(&self, denial: &Denial, connection: &ConnectionInfo) -> LocalResponse {
        match denial {
            Denial::Password { certificate } => statuses::password_required(certificate.as_ref()),
            Denial::CertificateAbsent => statuses::certificate_required(),
            Denial::CertificateInvalid(reason) => {
                let device = self.device(connection);
                statuses::certificate_invalid(reason, device.as_ref().map(Name::as_str))
            }
            // A 403 on a connection that asked makes Safari offer its certificates again.
            Denial::Network if connection.asked() => statuses::certificate_required(),
            Denial::Network => statuses::outside(),
            Denial::Throttled { retry_after } => statuses::throttled(*retry_after),
        }
    }

    /// The name of the device whose certificate is refused: that in the register, as a refused
    /// certificate's own words are worth nothing.
    fn device(&self, connection: &ConnectionInfo) -> Option<Name> {
        self.clients.name_of(&connection.chain()?.serial()?)
    }
}

/// What the certificate of a session, or else of the connection, is worth to a rule; what is good
/// is remembered, so that the connection ends when it no longer is.
pub(super) fn verdict(
    site: &Site,
    connection: &ConnectionInfo,
    session: Option<&Arc<Chain>>,
    authority: &ClientCertificate,
) -> ClientAuth {
    let chain = session.or(connection.chain());
    let verdict = site.judge(chain, authority);
    if matches!(verdict, ClientAuth::Valid(_)) {
        connection.trust(authority, session);
    }
    verdict
}

/// A wrong password is told in a form that fail2ban can match.
fn report(basic: Option<&Basic>, client: Client, host: &str) {
    let Some(basic) = basic else { return };
    // An API token of openHAB comes as the user.
    let is_token = basic.user.starts_with("oh.");
    let user = if is_token { "oh.…" } else { &basic.user };
    journal::login_failed(client.accountable(), user, host);
}

/// What holds for a head of any version.
fn well_formed(request: &Request<'_>) -> Result<(), Malformed> {
    refuse_method(request.method)?;
    refuse_target(request.target)?;
    match field_lines(request.fields) > MOST_FIELDS {
        true => Err(TOO_MANY_FIELDS),
        false => Ok(()),
    }
}

/// How many fields a head has; HTTP/2 may split Cookie, which then counts once (RFC 9113,
/// section 8.2.3).
fn field_lines(fields: &Fields<'_>) -> usize {
    let cookies = fields.all(FieldName::Cookie).count();
    fields.len() - cookies.saturating_sub(1)
}

/// The site of the host, if the connection was made for it or one that asks alike.
pub(super) fn agreed_site(
    sites: &Sites,
    connection: &ConnectionInfo,
    authority: Option<&Authority>,
) -> Option<Arc<Site>> {
    let site = sites.of_host(&authority?.host)?;
    if connection.tls.is_none() {
        return Some(site.clone());
    }
    let other = sites.of_link(connection)?;
    other.asks_like(site).then(|| site.clone())
}

/// Whether the connection is in the clear, and the sites are not served so on purpose.
pub(super) fn wants_tls(sites: &Sites, connection: &ConnectionInfo) -> bool {
    connection.tls.is_none() && !sites.config.listen.https.is_empty()
}

/// A request in the clear is sent to https, unless the sites are served so on purpose.
fn over_tls(
    sites: &Sites,
    exchange: &Exchange,
    request: &Request<'_>,
) -> Result<(), LocalResponse> {
    let (connection, https) = (&exchange.connection, sites.config.listen.https.first());
    let Some(https) = https.filter(|_| wants_tls(sites, connection)) else {
        return Ok(());
    };
    let port = if connection.tls_port {
        connection.local.port()
    } else {
        https.port()
    };
    let public = request.authority.as_ref().map(|authority| Authority {
        host: authority.host.clone(),
        port: Some(port).filter(|port| *port != 443),
    });
    let location = public.map(|public| format!("https://{public}{}", after_host(request.target)));
    Err(statuses::to_https(location.as_deref(), request.method))
}

/// Redirects every request of a site that has a `redirect`; before https, so that one redirect is
/// enough (RFC 9110, section 15.4).
fn to_other_origin(
    site: &Site,
    connection: &ConnectionInfo,
    request: &Request<'_>,
) -> Result<(), LocalResponse> {
    let Some(origin) = site.config.redirect() else {
        return Ok(());
    };
    let location = format!("{origin}{}", after_host(request.target));
    let answer = statuses::to_origin(&location, request.method);
    Err(match site.hsts().filter(|_| connection.tls.is_some()) {
        Some(hsts) => answer.with(header::STRICT_TRANSPORT_SECURITY, hsts),
        None => answer,
    })
}

/// What follows the host in the URL of a request; nothing for that of `OPTIONS *` (RFC 9112,
/// section 3.3).
fn after_host(target: &str) -> &str {
    match target {
        "*" => "",
        target => target,
    }
}

/// A request for `/sub` where a hub has `/sub/` is led there, as by NGINX; after the access rule of
/// `/sub`, so that it answers no more than the hub did before.
fn to_folder(site: &Site, place: &Place<'_>, request: &Request<'_>) -> Result<(), LocalResponse> {
    let Some(folder) = site.folder(place, path(request.target)) else {
        return Ok(());
    };
    let query = request
        .target
        .find('?')
        .map_or("", |at| &request.target[at..]);
    Err(statuses::to_folder(
        &format!("{folder}{query}"),
        request.method,
    ))
}

/// The place of a request, as far as another site's page matters there.
fn target<'a>(
    origin: &RequestOrigin<'_>,
    request: &Request<'_>,
    site: &'a Site,
    place: &Place<'_>,
) -> Target<'a> {
    let authority = request.authority.as_ref();
    Target {
        hosts: &site.config.hosts,
        port: authority.and_then(|authority| authority.port),
        origins: site.origins(place),
        guarded: !place.is_open(),
        acts: origin.names_page() && origin::acts(path(request.target).as_bytes()),
    }
}

/// The fields of a request that name the page behind it.
fn request_origin<'a>(exchange: &Exchange, request: &Request<'a>) -> RequestOrigin<'a> {
    RequestOrigin {
        method: request.method,
        fields: request.fields,
        websocket: request.fields.has(FieldName::Upgrade),
        tls: exchange.connection.tls.is_some(),
    }
}

/// The user and password of a request; a page of another site tries none.
fn credentials(
    request: &Request<'_>,
    connection: &ConnectionInfo,
    place: &Place<'_>,
    foreign: bool,
) -> Result<Option<Basic>, LocalResponse> {
    let basic = Basic::of_request(request.fields);
    if foreign && !place.is_public() && basic.is_some() {
        return Err(statuses::foreign_origin(connection.asked()));
    }
    Ok(basic.filter(|_| !foreign))
}

/// Refuses a body that is longer than `limits.body`.
fn must_fit(declared: Body, sites: &Sites) -> Result<(), LocalResponse> {
    match (declared, sites.config.limits.body) {
        (Body::Length(length), Some(most)) if length > most => Err(statuses::too_large()),
        _ => Ok(()),
    }
}

/// Whether the process that hands over requests its probe.
fn is_probe(token: &str, request: &Request<'_>) -> bool {
    path(request.target).strip_prefix(TAKEOVER) == Some(token)
}

/// The path that rules are matched on; the server itself is judged as its root.
pub(super) fn path(target: &str) -> &str {
    match target {
        "*" => "/",
        target => target.split('?').next().unwrap_or(target),
    }
}

fn declared_length(request: &Request<'_>) -> Body {
    let length = request.fields.text(FieldName::ContentLength);
    let length = length.and_then(|length| length.parse().ok());
    Body::Length(length.unwrap_or(0))
}
