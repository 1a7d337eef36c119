//! The commands that follow `hubgate init`.

use std::{fmt, path::Path};

use super::{PACKAGE_FOLDER, draft::Draft};
use crate::{config::model::Config, doctor, server::control::ControlClient};

/// The next commands, and the programs that hold hubgate's ports.
pub(super) struct NextSteps<'a> {
    pub(super) path: &'a Path,
    pub(super) config: &'a Config,
    pub(super) draft: &'a Draft,
}

impl fmt::Display for NextSteps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        let is_running = ControlClient::new(&self.config.state).status().is_ok();
        if !is_running {
            self.fmt_held_ports(f)?;
        }
        writeln!(f, "next: {}", self.start(is_running))?;
        if self.draft.away.takes_certificates() {
            writeln!(f, "then: {} client add \"Anna's phone\"", self.hubgate())?;
        }
        let host = self.draft.hosts.first().map_or("", String::as_str);
        writeln!(f, "then: open https://{host}/")
    }
}

impl NextSteps<'_> {
    fn fmt_held_ports(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for port in doctor::held_ports(self.config) {
            writeln!(f, "warning: {}", port.cause)?;
            if let Some(cure) = &port.cure {
                writeln!(f, "         {cure}")?;
            }
        }
        Ok(())
    }

    /// Returns the command that serves the file: the package's unit, which serves the package's
    /// file, or `hubgate run`.
    fn start(&self, is_running: bool) -> String {
        let is_packaged = self.path == Path::new(PACKAGE_FOLDER).join("proxy.yaml");
        let has_unit = Path::new("/usr/lib/systemd/system/hubgate.service").exists();
        match (is_running, is_packaged && has_unit) {
            (true, _) => format!("{} reload", self.hubgate()),
            (false, true) => "systemctl enable --now hubgate".to_owned(),
            (false, false) => format!("{} run", self.hubgate()),
        }
    }

    /// Returns the program's name, with the file unless that is the default.
    fn hubgate(&self) -> String {
        let is_default = super::super::default_config() == self.path;
        match is_default {
            true => "hubgate".to_owned(),
            false => format!("hubgate -c {}", self.path.display()),
        }
    }
}
