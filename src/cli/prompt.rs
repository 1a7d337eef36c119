//! Secrets from the terminal, or from stdin when that is none; never from the arguments.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{Context, ensure};
use zeroize::Zeroizing;

/// New secrets that may be refused before the command ends.
const MOST_TRIES: usize = 3;

/// Bytes of the line on standard input at most.
const LONGEST_LINE: u64 = 4096;

/// A line that is not shown.
pub(super) fn once(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    if io::stdin().is_terminal() {
        return Ok(Zeroizing::new(rpassword::prompt_password(prompt)?));
    }
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(LONGEST_LINE).read_line(&mut line);
    read.context("standard input: one line of UTF-8 is needed")?;
    ensure!(
        line.len() as u64 != LONGEST_LINE,
        "standard input: one line of at most {LONGEST_LINE} bytes is needed"
    );
    Ok(Zeroizing::new(
        line.trim_end_matches(['\r', '\n']).to_owned(),
    ))
}

/// A new secret that `accept` takes; at a terminal typed twice, as nobody would know what was
/// mistyped, and prompted for again where it is refused.
///
/// # Errors
/// Those of `accept`, after three tries at a terminal.
pub(super) fn new_secret<T>(
    prompt: &str,
    accept: impl Fn(&str) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    if !io::stdin().is_terminal() {
        return accept(&once(prompt)?);
    }
    let attempts = || twice(prompt).and_then(|secret| accept(&secret));
    again(attempts, &mut io::stderr())
}

/// Repeats an attempt that failed, and shows why it did.
fn again<T>(attempt: impl Fn() -> anyhow::Result<T>, output: &mut impl Write) -> anyhow::Result<T> {
    for _ in 1..MOST_TRIES {
        match attempt() {
            Ok(accepted) => return Ok(accepted),
            Err(fault) => writeln!(output, "  {fault:#}")?,
        }
    }
    attempt().context("nothing was written")
}

fn twice(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    let secret = once(prompt)?;
    ensure!(*secret == *once("once more: ")?, "the two differ");
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use anyhow::bail;

    use super::*;

    fn failing(times: usize) -> (anyhow::Result<()>, String, usize) {
        let (made, mut output) = (Cell::new(0), Vec::new());
        let attempt = || {
            made.set(made.get() + 1);
            if made.get() <= times {
                bail!("the two differ")
            }
            Ok(())
        };
        let result = again(attempt, &mut output);
        (result, String::from_utf8(output).unwrap(), made.get())
    }

    #[test]
    fn a_secret_that_is_refused_is_prompted_for_again_three_times() {
        let (result, shown, made) = failing(2);
        result.unwrap();
        assert_eq!((shown.matches("the two differ").count(), made), (2, 3));
        let (result, _, made) = failing(9);
        let fault = format!("{:#}", result.unwrap_err());
        assert_eq!(made, 3);
        assert!(
            fault.contains("nothing was written: the two differ"),
            "{fault}"
        );
    }
}
