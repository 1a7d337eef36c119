//! `hubgate completions`: what a shell needs to complete hubgate's arguments.

use clap_complete::Shell;

use super::{command, print_verbatim};

/// Prints the completions.
pub(super) fn run(shell: Shell) -> anyhow::Result<()> {
    print_verbatim(&String::from_utf8(completions(shell))?)
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "hubgate", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_know_the_commands() {
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            let script = String::from_utf8(completions(shell)).unwrap();
            assert!(
                script.contains("check") && script.contains("schema"),
                "{shell}"
            );
        }
    }
}
