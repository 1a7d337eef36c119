//! Responses where no upstream can be reached.

use super::{local_response::LocalResponse, statuses};
use crate::upstream::Unreachable;

/// The response; `upstream` logs the cause.
#[must_use]
pub(crate) fn unreachable(why: Unreachable) -> LocalResponse {
    match why {
        Unreachable::Down => statuses::hub_starting(),
        Unreachable::Slow => statuses::hub_slow(),
        Unreachable::Broken => statuses::hub_broken(),
    }
}
