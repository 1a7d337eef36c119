//! The network of hubgate's container.

use super::Finding;
use crate::{
    config::model::Config,
    sites::container_network::{CURE, ContainerNetwork},
};

/// Returns a finding if the network of this container hides the addresses of clients.
pub(super) fn finding(config: &Config) -> Vec<Finding> {
    let warning = ContainerNetwork::load().warning(config).into_iter();
    warning
        .map(|warning| Finding::warn("container", warning).cure(CURE))
        .collect()
}

/// Returns the same in a sentence.
pub(crate) fn warning(config: &Config) -> Option<String> {
    let warning = ContainerNetwork::load().warning(config)?;
    Some(format!("{warning}: {CURE}"))
}
