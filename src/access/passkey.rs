//! Passkeys: a relying party of Web Authentication Level 3, with the checks of Level 2 in it.
//!
//! The module is pure: it depends on its input, the time and the register only. A ceremony begins
//! with a [`Challenge`](challenge::Challenge) and options for the browser; its response is verified
//! by [`RelyingParty`](relying_party::RelyingParty) in the order of the specification (sections 7.1
//! and 7.2), and a [`CeremonyError`](refusal::CeremonyError) names the step that refused it.
//! Passkeys are discoverable and verify their user. Attestation is `none`: statements of other
//! formats are parsed and ignored.

pub mod assertion;
mod attestation;
mod authenticator_data;
mod cbor;
pub mod challenge;
mod client_data;
pub mod encoded;
pub mod options;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a property that does not hold panics")]
pub(crate) mod properties;
pub mod public_key;
pub mod refusal;
pub mod register;
pub mod registration;
pub mod relying_party;
pub mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use self::authenticator_data::Backup;
