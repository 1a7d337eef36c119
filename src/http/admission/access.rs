//! The access rule of a place, applied to the credentials of a request.

use std::{sync::Arc, time::Instant};

use super::{Refusal, arrival::Arrival, sessions::RestoredSession};
use crate::{
    access::{
        basic::Basic,
        policy::PathPolicy,
        rule::{Credentials, PresentedBy},
        session::Chain,
        verdict::{Admission, Denial},
    },
    config::model::ClientCertificate,
    devices::registry::name::Name,
    events::{
        event::Event,
        visit::{NAME, bounded},
    },
    http::{proxy::Proxy, request::Exchange, response::local_response::LocalResponse},
    sites::site::Site,
    telemetry::journal,
    tls::ClientAuth,
    transport::connection_info::ConnectionInfo,
};

/// The credentials of a request, except the certificate of its connection.
pub(super) struct RequestCredentials<'a> {
    /// User and password of Authorization.
    pub(super) basic: Option<&'a Basic>,
    /// The session of the cookie.
    pub(super) restored: &'a RestoredSession<'a>,
}

impl Proxy {
    /// Applies the access rule of a place.
    ///
    /// # Errors
    /// The response to a denied request.
    pub(super) async fn decide(
        &self,
        arrival: &Arrival<'_>,
        (site, place): (&Site, &PathPolicy<'_>),
        credentials: &RequestCredentials<'_>,
    ) -> Result<Admission, Refusal> {
        let exchange = arrival.exchange;
        let (connection, restored) = (&exchange.connection, credentials.restored);
        let place_credentials = Credentials {
            client: exchange.client,
            basic: credentials.basic,
            known: restored.known(),
            validate_certificate: |shown, ca: &_| {
                let session = match shown {
                    PresentedBy::Presented => None,
                    PresentedBy::FromSession => Some(restored.chain.clone().unwrap_or_default()),
                };
                verdict(site, connection, session.as_ref(), ca)
            },
        };
        site.prepare(place, connection.chain()).await;
        site.prepare(place, restored.chain.as_ref()).await;
        let decided = place.decide(&place_credentials, &self.throttle).await;
        if self.is_failed_login(&decided) {
            credentials.log_failed_login(exchange);
            self.report_failed_login(exchange, credentials, &decided);
        }
        match decided {
            Ok(admission) => {
                if admission.factors.network {
                    let authority = arrival.request.authority;
                    let host = authority.map(|authority| &authority.host);
                    exchange.sites.check_nat_loopback(connection, host);
                }
                Ok(admission)
            }
            Err(denial) => Err(Refusal {
                denial: Some(denial.clone()),
                has_password: credentials.basic.is_some(),
                ..self.respond_to(&denial, exchange).into()
            }),
        }
    }

    fn report_failed_login(
        &self,
        exchange: &Exchange,
        credentials: &RequestCredentials<'_>,
        decided: &Result<Admission, Denial>,
    ) {
        let Some(user) = credentials.user() else {
            return;
        };
        let (user, address) = (bounded(user, NAME), exchange.client.client_ip());
        self.events.report(match decided {
            Err(Denial::Throttled { .. }) => Event::BackOff { user, address },
            _ => Event::PasswordFailed {
                user,
                address,
                host: bounded(exchange.logged.host(), NAME),
            },
        });
    }

    fn is_failed_login(&self, decided: &Result<Admission, Denial>) -> bool {
        match decided {
            Ok(admission) => admission.login_failed,
            Err(Denial::Throttled { .. }) => self.throttled.admit(Instant::now()).is_some(),
            Err(denial) => matches!(denial, Denial::Password { .. }),
        }
    }

    fn respond_to(&self, denial: &Denial, exchange: &Exchange) -> LocalResponse {
        let connection = &exchange.connection;
        match denial {
            Denial::Password { certificate } => {
                LocalResponse::password_required(certificate.as_ref())
            }
            Denial::CertificateAbsent => LocalResponse::certificate_required(),
            Denial::CertificateInvalid(reason) => {
                let device = self.device(connection);
                LocalResponse::certificate_invalid(reason, device.as_ref().map(Name::as_str))
            }
            // Safari offers its certificates again after a 403, if the handshake requested one.
            Denial::Network if connection.asked() => LocalResponse::certificate_required(),
            Denial::Network => LocalResponse::outside(exchange.sites.has_hidden_client(connection)),
            Denial::Throttled { retry_after } => LocalResponse::throttled(*retry_after),
        }
    }

    /// The name under which the registry lists a refused certificate; the names in the
    /// certificate itself prove nothing.
    fn device(&self, connection: &ConnectionInfo) -> Option<Name> {
        self.devices.device_name(&connection.chain()?.serial()?)
    }
}

/// Judges the certificate of a session, otherwise of the connection, under a rule. A valid one is
/// recorded on the connection, which is cut when the certificate becomes invalid.
pub(super) fn verdict(
    site: &Site,
    connection: &ConnectionInfo,
    session: Option<&Arc<Chain>>,
    ca: &ClientCertificate,
) -> ClientAuth {
    let chain = session.or(connection.chain());
    let verdict = site.client_auth(chain, ca);
    if matches!(verdict, ClientAuth::Valid(_)) {
        connection.accept_certificate(ca, session);
    }
    verdict
}

impl Arrival<'_> {
    /// The user and password of the request; refuses those that a page of another site sends.
    pub(super) fn basic(
        &self,
        place: &PathPolicy<'_>,
        foreign: bool,
    ) -> Result<Option<Basic>, LocalResponse> {
        let basic = Basic::from_request(self.request.fields);
        if foreign && !place.is_public() && basic.is_some() {
            let certificate_requested = self.exchange.connection.asked();
            return Err(LocalResponse::foreign_origin(certificate_requested));
        }
        Ok(basic.filter(|_| !foreign))
    }
}

impl RequestCredentials<'_> {
    /// The user of Authorization; openHAB's clients send an API token in its place.
    fn user(&self) -> Option<&str> {
        let user = self.basic?.user.as_str();
        Some(if user.starts_with("oh.") {
            "oh.…"
        } else {
            user
        })
    }

    /// Logs a wrong password, in the form that the fail2ban filter matches.
    fn log_failed_login(&self, exchange: &Exchange) {
        if let Some(user) = self.user() {
            journal::login_failed(exchange.client.client_ip(), user, exchange.logged.host());
        }
    }
}
