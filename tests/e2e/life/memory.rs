//! The memory that `limits.memory: auto` takes.

use crate::{
    harness::{ControlGroup, Setup},
    hub::Hub,
};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn a_reload_takes_a_sixteenth_of_the_limit_of_the_control_group() {
    let Some(group) = ControlGroup::limited_to(640 * MIB) else {
        return;
    };
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    group.take(gate.process());
    for (limit, share) in [(640, "40.0 MiB"), (800, "50.0 MiB")] {
        group.limit(limit * MIB);
        gate.command(&["reload"]).succeeded();
        let status = gate.command(&["status"]).succeeded();
        assert!(status.contains(&format!("occupy {share} ")), "{status}");
    }
}
