//! Secrets from the terminal, or from stdin when that is none; never from the arguments.

use std::io::{self, IsTerminal};

use anyhow::{Context, bail};
use zeroize::Zeroizing;

/// A line that is not shown.
pub(super) fn once(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    if io::stdin().is_terminal() {
        return Ok(Zeroizing::new(rpassword::prompt_password(prompt)?));
    }
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().read_line(&mut line);
    read.context("standard input: one line of UTF-8 is needed")?;
    Ok(Zeroizing::new(
        line.trim_end_matches(['\r', '\n']).to_owned(),
    ))
}

/// A new secret; at a terminal twice, as nobody would know what was mistyped.
pub(super) fn twice(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    let secret = once(prompt)?;
    if io::stdin().is_terminal() && *secret != *once("once more: ")? {
        bail!("the two differ: nothing was written");
    }
    Ok(secret)
}
