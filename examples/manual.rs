//! Writes the man pages and completions of a package.
//!
//! usage: cargo run --example manual FOLDER
//!
//! An example and no command, so that the binary does not contain it.

use std::{env, fs, path::Path};

use anyhow::Context;
use clap_complete::Shell;
use clap_mangen::roff::{Roff, bold, roman};

const PROXY_YAML: &str = include_str!("../proxy.yaml");

fn main() -> anyhow::Result<()> {
    let folder = env::args_os().nth(1);
    let folder = folder.context("name the folder to write to: manual FOLDER")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    clap_mangen::generate_to(hubgate::cli::command(), folder).context("writing the man pages")?;
    fs::write(folder.join("proxy.yaml.5"), proxy_yaml()).context("writing proxy.yaml.5")?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut hubgate::cli::command(), "hubgate", folder)
            .with_context(|| format!("writing the completions for {shell}"))?;
    }
    Ok(())
}

/// The commented example as a page of section 5.
fn proxy_yaml() -> String {
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
    for line in PROXY_YAML.lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []);
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("hubgate"), roman("(1), hubgate schema")]);
    page.to_roff()
}
