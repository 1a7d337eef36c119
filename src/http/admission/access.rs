//! The access rule of a place, decided on the credentials of a request.

use std::sync::Arc;

use super::{Refusal, arrival::Arrival, sessions::RestoredSession};
use crate::{
    access::{
        basic::Basic,
        network::Client,
        policy::Place,
        rule::{Shown, Visitor},
        session::Chain,
        verdict::{Admission, Denial},
    },
    clients::name::Name,
    config::model::ClientCertificate,
    http::{
        proxy::Proxy,
        request::Request,
        response::{local_response::LocalResponse, statuses},
    },
    sites::site::Site,
    telemetry::journal,
    tls::ClientAuth,
    transport::connection_info::ConnectionInfo,
};

/// The credentials of a request beside the certificate of its connection.
pub(super) struct Credentials<'a> {
    /// User and password.
    pub(super) basic: Option<&'a Basic>,
    /// The session of its cookie.
    pub(super) restored: &'a RestoredSession<'a>,
}

impl Proxy {
    /// Decides by the rule of a place.
    ///
    /// # Errors
    /// The response to a request that is denied.
    pub(super) async fn decide(
        &self,
        arrival: &Arrival<'_>,
        (site, place): (&Site, &Place<'_>),
        credentials: &Credentials<'_>,
    ) -> Result<Admission, Refusal> {
        let exchange = arrival.exchange;
        let (connection, restored) = (&exchange.connection, credentials.restored);
        let visitor = Visitor {
            client: exchange.client,
            basic: credentials.basic,
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
        if self.is_failed_login(&decided) {
            log_failed_login(credentials.basic, exchange.client, &exchange.logged.host);
        }
        match decided {
            Ok(admission) => {
                if admission.factors.network {
                    let authority = arrival.request.authority;
                    exchange.sites.notice_network(connection, authority);
                }
                Ok(admission)
            }
            Err(denial) => Err(Refusal {
                denial: Some(denial.clone()),
                ..self.respond_to(&denial, connection).into()
            }),
        }
    }

    fn is_failed_login(&self, decided: &Result<Admission, Denial>) -> bool {
        match decided {
            Ok(admission) => admission.login_failed,
            Err(Denial::Throttled { .. }) => self.throttled.is_due(),
            Err(denial) => matches!(denial, Denial::Password { .. }),
        }
    }

    fn respond_to(&self, denial: &Denial, connection: &ConnectionInfo) -> LocalResponse {
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

    /// The name of the device whose certificate is refused: that in the register, as the names in
    /// a refused certificate prove nothing.
    fn device(&self, connection: &ConnectionInfo) -> Option<Name> {
        self.clients.name_of(&connection.chain()?.serial()?)
    }
}

/// The verdict on the certificate of a session, or else of the connection, under a rule. A valid
/// one is noted, so that the connection ends when it no longer is.
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

/// The user and password of a request; a page of another site cannot try any.
pub(super) fn credentials(
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

/// Logs a wrong password in a form that fail2ban can match.
fn log_failed_login(basic: Option<&Basic>, client: Client, host: &str) {
    let Some(basic) = basic else { return };
    // An API token of openHAB comes as the user.
    let is_token = basic.user.starts_with("oh.");
    let user = if is_token { "oh.…" } else { &basic.user };
    journal::login_failed(client.accountable(), user, host);
}
