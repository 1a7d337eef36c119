//! `hubgate manual`: the man pages and completions that a package installs.
//!
//! Hidden in the help, as only packages need it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use clap_complete::Shell;
use clap_mangen::roff::{Roff, bold, roman};

use super::{command, path_argument};

/// The folder of the manual.
#[derive(Debug, Args)]
pub(super) struct Manual {
    /// Folder to write to; created if it does not exist.
    #[arg(value_parser = path_argument())]
    folder: PathBuf,
}

/// The commented example, which has every key with its default.
const EXAMPLE: &str = include_str!("../../proxy.yaml");
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

impl Manual {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let folder = self.folder.as_path();
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        self.write(folder)
            .with_context(|| format!("writing to {}", folder.display()))
    }

    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        clap_mangen::generate_to(command(), folder)?;
        fs::write(folder.join("proxy.yaml.5"), example_page())?;
        for shell in SHELLS {
            clap_complete::generate_to(shell, &mut command(), "hubgate", folder)?;
        }
        Ok(())
    }
}

/// Renders the example as a page of section 5.
fn example_page() -> String {
    let mut page = Roff::new();
    page.control("TH", ["proxy.yaml", "5", "", "hubgate", "hubgate"]);
    page.control("SH", ["NAME"]);
    page.text([roman("proxy.yaml - the configuration of hubgate")]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([
        roman("Read from "),
        bold("/etc/hubgate/proxy.yaml"),
        roman(". Every key with its default:"),
    ]);
    page.control("nf", []);
    for line in EXAMPLE.lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []);
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("hubgate"), roman("(1), hubgate schema")]);
    page.to_roff()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_a_page_for_each_command_and_no_hidden_one() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("manual");
        Manual {
            folder: folder.clone(),
        }
        .run()
        .unwrap();
        for page in [
            "hubgate.1",
            "hubgate-client-add.1",
            "proxy.yaml.5",
            "_hubgate",
        ] {
            assert!(folder.join(page).exists(), "{page}");
        }
        assert!(!folder.join("hubgate-manual.1").exists());
    }
}
