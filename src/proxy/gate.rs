//! The gate: one judgement of every request, whichever way it came in.
//!
//! In order: the host's site, https, the path, who may enter, who made the
//! browser send it, the size. The first that refuses answers.

use std::sync::Arc;

use http::{StatusCode, header};

use crate::{
    access::{
        basic::Basic,
        network::Client,
        origin::Sent,
        policy::Place,
        rule::Visitor,
        verdict::{Admission, Denial},
    },
    telemetry::journal,
};

use super::{
    Proxy,
    answer::Answer,
    authority::Authority,
    exchange::{Exchange, Hub, Request},
    head::{Body, MOST_FIELDS, Malformed, refuse_method},
    page,
    site::Site,
    sites::Sites,
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
    ) -> Result<(), Answer> {
        let sites = self.sites();
        well_formed(request).map_err(page::malformed)?;
        let site = agreed_site(&sites, exchange, request)?;
        exchange.site = Some(site.clone());
        if let Some(answer) = to_https(&sites, exchange, request) {
            return Err(answer);
        }
        let place = site
            .place(path(request.target))
            .map_err(|why| page::bad_path(&why))?;
        exchange.password_asked = place.takes_password();
        let admission = self
            .let_in(&sites, exchange, request, &site, &place)
            .await?;
        same_origin(exchange, request, &site, &admission)?;
        let declared = body.unwrap_or_else(|| declared_length(request));
        if matches!((declared, sites.config.limits.body), (Body::Length(n), Some(most)) if n > most)
        {
            return Err(page::too_large());
        }
        exchange.admission = Some(admission);
        exchange.hub = Some(Hub::new(site.upstream(&place)));
        Ok(())
    }

    async fn let_in(
        &self,
        sites: &Sites,
        exchange: &Exchange,
        request: &Request<'_>,
        site: &Site,
        place: &Place<'_>,
    ) -> Result<Admission, Answer> {
        let (link, trusted) = (&exchange.link, &sites.config.trusted_proxies);
        let basic = Basic::of_request(request.headers);
        let visitor = Visitor {
            client: Client::of_request(link.peer.ip(), trusted, request.headers),
            basic: basic.as_ref(),
            judge: |authority: &_| site.judge(link.chain(), authority),
        };
        let decided = place.decide(&visitor, &self.throttle).await;
        match &decided {
            Ok(admission) => note(sites, exchange, request, admission),
            Err(Denial::Password { .. } | Denial::Throttled { .. }) => {
                report(basic.as_ref(), visitor.client, &exchange.said.host);
            }
            Err(_) => {}
        }
        decided.map_err(|denial| refusal(denial, link.asked()))
    }
}

/// Remembers by what a request was let in, for those who look after it.
fn note(sites: &Sites, exchange: &Exchange, request: &Request<'_>, admission: &Admission) {
    if admission.factors.certificate {
        exchange.link.let_in_by_certificate();
    }
    if let (true, Some(authority)) = (admission.factors.network, &request.authority) {
        sites
            .hairpin
            .notice(exchange.link.peer.ip(), &authority.host);
    }
}

/// A wrong password is told in a form that fail2ban can match.
fn report(basic: Option<&Basic>, client: Client, host: &str) {
    if let Some(basic) = basic {
        journal::login_failed(client.accountable(), &basic.user, host);
    }
}

fn refusal(denial: Denial, asked: bool) -> Answer {
    match denial {
        Denial::Password { certificate } => {
            page::password_required(certificate.map(|reason| reason.to_string()).as_deref())
        }
        Denial::CertificateAbsent => page::certificate_required(),
        Denial::CertificateInvalid(reason) => page::certificate_invalid(&reason.to_string()),
        // A 403 on a connection that asked makes Safari offer its certificates again.
        Denial::Network if asked => page::certificate_required(),
        Denial::Network => page::outside(),
        Denial::Throttled { retry_after } => page::throttled(retry_after),
    }
}

/// What holds for a head of any version.
fn well_formed(request: &Request<'_>) -> Result<(), Malformed> {
    refuse_method(request.method)?;
    if request.headers.len() > MOST_FIELDS {
        return Err(Malformed(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "more than 128 header fields",
        ));
    }
    Ok(())
}

/// The site of the host, if the connection was made for it or for one that asks this
/// client alike.
fn agreed_site(
    sites: &Sites,
    exchange: &Exchange,
    request: &Request<'_>,
) -> Result<Arc<Site>, Answer> {
    let unknown = || page::misdirected(&exchange.said.host);
    let authority = request.authority.as_ref().ok_or_else(unknown)?;
    let site = sites.of_host(&authority.host).ok_or_else(unknown)?;
    let Some(tls) = &exchange.link.tls else {
        return Ok(site.clone());
    };
    let made_for = sites.of_handshake(tls.server_name.as_deref(), exchange.link.local.ip());
    let asks = || site.asks(exchange.link.peer.ip(), &sites.config.trusted_proxies);
    match made_for {
        Some(other) if Arc::ptr_eq(other, site) => Ok(site.clone()),
        Some(other) if other.asks_like(site) && asks() == tls.asked => Ok(site.clone()),
        _ => Err(unknown()),
    }
}

/// The redirect for a request in the clear, unless the sites are served so on purpose.
fn to_https(sites: &Sites, exchange: &Exchange, request: &Request<'_>) -> Option<Answer> {
    let https = sites.config.listen.https.first()?;
    if exchange.link.tls.is_some() {
        return None;
    }
    let authority = request.authority.as_ref()?;
    let port = if exchange.link.tls_port {
        exchange.link.local.port()
    } else {
        https.port()
    };
    let public = Authority {
        host: authority.host.clone(),
        port: Some(port).filter(|port| *port != 443),
    };
    let location = format!("https://{public}{}", request.target);
    page::to_https(&location, request.method)
}

fn same_origin(
    exchange: &Exchange,
    request: &Request<'_>,
    site: &Site,
    admission: &Admission,
) -> Result<(), Answer> {
    if admission.public {
        return Ok(());
    }
    let sent = Sent {
        method: request.method,
        headers: request.headers,
        websocket: request.headers.contains_key(header::UPGRADE),
        tls: exchange.link.tls.is_some(),
    };
    sent.judge(&site.config.hosts)
        .map_err(|_| page::foreign_origin(exchange.link.asked()))
}

fn path(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

fn declared_length(request: &Request<'_>) -> Body {
    let length = request.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    Body::Length(length.unwrap_or(0))
}
