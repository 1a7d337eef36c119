//! Secrets from the terminal, or from one line of stdin; never from the arguments.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{Context, ensure};
use zeroize::Zeroizing;

/// Maximum number of attempts at a new secret.
const MAX_ATTEMPTS: usize = 3;

/// Maximum length in bytes of a line on standard input.
const MAX_LINE: u64 = 4096;

/// The text before the cursor, such as `password: `.
pub(super) struct SecretPrompt(pub(super) &'static str);

impl SecretPrompt {
    /// Reads a line, which the terminal does not echo.
    pub(super) fn read(&self) -> anyhow::Result<Zeroizing<String>> {
        if io::stdin().is_terminal() {
            return Ok(Zeroizing::new(rpassword::prompt_password(self.0)?));
        }
        let mut line = Zeroizing::new(String::new());
        let read = io::stdin().lock().take(MAX_LINE).read_line(&mut line);
        read.context("standard input: one line of UTF-8 is needed")?;
        ensure!(
            line.len() as u64 != MAX_LINE,
            "standard input: one line of at most {MAX_LINE} bytes is needed"
        );
        Ok(Zeroizing::new(
            line.trim_end_matches(['\r', '\n']).to_owned(),
        ))
    }

    /// Reads a new secret that `accept` takes. At a terminal it is typed twice, to find typing
    /// errors, and requested again if it is refused.
    ///
    /// # Errors
    /// Those of `accept`, after three attempts at a terminal.
    pub(super) fn read_new<T>(
        &self,
        accept: impl Fn(&str) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if !io::stdin().is_terminal() {
            return accept(&self.read()?);
        }
        let attempt = || self.read_twice().and_then(|secret| accept(&secret));
        retry(attempt, &mut io::stderr())
    }

    fn read_twice(&self) -> anyhow::Result<Zeroizing<String>> {
        let secret = self.read()?;
        let repeated = Self("once more: ").read()?;
        ensure!(*secret == *repeated, "the two differ");
        Ok(secret)
    }
}

/// Repeats an attempt that fails, and prints why.
fn retry<T>(attempt: impl Fn() -> anyhow::Result<T>, output: &mut impl Write) -> anyhow::Result<T> {
    for _ in 1..MAX_ATTEMPTS {
        match attempt() {
            Ok(accepted) => return Ok(accepted),
            Err(fault) => writeln!(output, "  {fault:#}")?,
        }
    }
    attempt().context("nothing was written")
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
        let result = retry(attempt, &mut output);
        (result, String::from_utf8(output).unwrap(), made.get())
    }

    #[test]
    fn a_refused_secret_is_requested_three_times() {
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
