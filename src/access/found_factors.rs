//! The factors that connection and session prove, before the request's password is verified.

use super::session::Account;
use crate::{
    events::factors::Factors,
    tls::{ClientCertificateError, Identity},
};

/// The evaluation of a rule before the request's password is verified.
#[derive(Default)]
pub(super) struct Evaluation {
    /// Factors that the client holds.
    pub(super) held: Factors,
    /// Identity of the connection's certificate.
    pub(super) identity: Option<Identity>,
    /// Identity of the session's certificate.
    pub(super) session_identity: Option<Identity>,
    /// Account of the session.
    pub(super) session_account: Option<Account>,
    /// Reason for which the connection's certificate is invalid.
    pub(super) invalid: Option<ClientCertificateError>,
}
