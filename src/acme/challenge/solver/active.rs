//! The published responses of one certificate, across the attempts at an order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{ChallengeResponse, Published, Record};

/// The published challenge responses of one certificate.
#[derive(Default)]
pub(crate) struct ActiveResponses(Mutex<Vec<Arc<ChallengeResponse>>>);

impl ActiveResponses {
    /// Adds a response, which stays published until it is taken.
    pub(super) fn add(&self, response: ChallengeResponse) -> Arc<ChallengeResponse> {
        let response = Arc::new(response);
        self.lock().push(Arc::clone(&response));
        response
    }

    /// Returns the response to the challenge with a URL.
    pub(super) fn find(&self, challenge: &str) -> Option<Arc<ChallengeResponse>> {
        let responses = self.lock();
        let is_same = |response: &&Arc<ChallengeResponse>| response.challenge == challenge;
        responses.iter().find(is_same).cloned()
    }

    /// Takes the selected responses out.
    pub(super) fn take(
        &self,
        is_selected: impl Fn(&ChallengeResponse) -> bool,
    ) -> Vec<Arc<ChallengeResponse>> {
        self.lock()
            .extract_if(.., |response| is_selected(response))
            .collect()
    }

    /// Returns true if the response is this TXT record.
    pub(super) fn has(&self, record: &Record) -> bool {
        let is_same = |response: &Arc<ChallengeResponse>| match &response.published {
            Published::Dns(active) => {
                (&active.fqdn, &active.value) == (&record.fqdn, &record.value)
            }
            _ => false,
        };
        self.lock().iter().any(is_same)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<ChallengeResponse>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
