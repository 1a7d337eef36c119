//! `hubgate completions`: the completion script of a shell.

use clap::Args;
use clap_complete::Shell;

use super::{command, print_verbatim};

/// The shell to complete in.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        print_verbatim(&String::from_utf8(self.script())?)
    }

    fn script(&self) -> Vec<u8> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command(), "hubgate", &mut script);
        script
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_contain_the_commands() {
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            let script = String::from_utf8(Completions { shell }.script()).unwrap();
            assert!(
                script.contains("check") && script.contains("schema"),
                "{shell}"
            );
        }
    }
}
