//! The commands that follow on `hubgate init`.

use std::path::Path;

use super::{PACKAGE, draft::Draft};
use crate::{config::model::Config, doctor, server::control};

/// What to type next, and what stands in its way.
pub(super) fn commands(path: &Path, config: &Config, draft: &Draft) -> String {
    let mut text = "\n".to_owned();
    let is_running = control::status(&config.state).is_ok();
    if !is_running {
        let held = doctor::held_ports(config);
        text.extend(held.iter().map(|port| match &port.cure {
            Some(cure) => format!("warning: {}\n         {cure}\n", port.cause),
            None => format!("warning: {}\n", port.cause),
        }));
    }
    text += &format!("next: {}\n", start(path, is_running));
    if draft.away.takes_phones() {
        text += &format!("then: {} client add \"Anna's phone\"\n", hubgate(path));
    }
    let host = draft.hosts.first().map_or("", String::as_str);
    text + &format!("then: open https://{host}/\n")
}

/// The unit is the package's, and serves the package's file.
fn start(path: &Path, is_running: bool) -> String {
    let is_packaged = path == Path::new(PACKAGE.0).join("proxy.yaml");
    let has_unit = Path::new("/usr/lib/systemd/system/hubgate.service").exists();
    match (is_running, is_packaged && has_unit) {
        (true, _) => format!("{} reload", hubgate(path)),
        (false, true) => "systemctl enable --now hubgate".to_owned(),
        (false, false) => format!("{} run", hubgate(path)),
    }
}

/// The program with the file, where no command finds it alone.
fn hubgate(path: &Path) -> String {
    let is_default = super::super::default_config() == path;
    match is_default {
        true => "hubgate".to_owned(),
        false => format!("hubgate -c {}", path.display()),
    }
}
