//! The tasks that keep certificates valid, one for each certificate, and what they share.
//!
//! A task gets the next action from `renewal` and performs it with `order`, `ca`, `challenge` and
//! `store`.

pub(crate) mod account_limits;
pub(crate) mod certificate_task;
pub(crate) mod certificates;
pub(crate) mod export;
pub(crate) mod file_faults;
pub(crate) mod shared;
pub(crate) mod status;
pub(crate) mod task_state;
