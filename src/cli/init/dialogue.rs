//! The questions of `hubgate init` that no flag answers, repeated until each answer is valid.

use std::{
    fs,
    io::{self, BufRead, IsTerminal, Read, Write},
    path::Path,
};

use anyhow::{Context, anyhow, bail};

use super::{Away, Init, draft::Draft};
use crate::{access::password::entry::UserName, config, telemetry::Printable};

/// Address of openHAB on this machine.
const HUB: &str = "http://127.0.0.1:8080";

/// Maximum number of answers to one question.
const MAX_ATTEMPTS: usize = 10;

/// Maximum length of an answer in bytes.
const MAX_LINE: u64 = 4096;

impl Init {
    /// Completes the flags by questions at a terminal, else by the defaults.
    ///
    /// # Errors
    /// A flag is invalid, or one without a default is missing and there is no terminal.
    pub(super) fn draft(&self) -> anyhow::Result<Draft> {
        if !io::stdin().is_terminal() {
            return self.draft_from_flags();
        }
        let mut dialogue = Dialogue {
            input: io::stdin().lock(),
            output: io::stdout(),
        };
        dialogue.draft(self)
    }

    fn draft_from_flags(&self) -> anyhow::Result<Draft> {
        if self.hosts.is_empty() {
            bail!("standard input is no terminal, so no question can be asked: give --host HOST");
        }
        let away = self.away.unwrap_or(Away::Both);
        if away.takes_password() && self.user.is_none() {
            bail!(
                "a password needs a user: give --user NAME and the password as one line of standard \
                 input, or --away nobody or phones"
            );
        }
        let user = self.user.as_deref().filter(|_| away.takes_password());
        Ok(Draft {
            hosts: Draft::parse_hosts(&self.hosts.join(","))?,
            hub: Draft::parse_hub(self.hub.as_deref().unwrap_or(HUB))?,
            away,
            email: self.email.as_deref().map(Draft::parse_email).transpose()?,
            user: user.map(UserName::parse).transpose()?,
        })
    }
}

/// The questions, on a terminal or a test's buffers.
struct Dialogue<R, W> {
    input: R,
    output: W,
}

impl<R: BufRead, W: Write> Dialogue<R, W> {
    fn draft(&mut self, init: &Init) -> anyhow::Result<Draft> {
        self.note_nginx()?;
        let hosts = match init.hosts.as_slice() {
            [] => self.prompt(HOSTS, &hostname(), Draft::parse_hosts)?,
            given => Draft::parse_hosts(&given.join(","))?,
        };
        let hub = match &init.hub {
            None => self.prompt("Address of the hub", HUB, Draft::parse_hub)?,
            Some(given) => Draft::parse_hub(given)?,
        };
        let away = match init.away {
            None => self.prompt(AWAY, "4", Away::parse)?,
            Some(given) => given,
        };
        let mut draft = Draft {
            hosts,
            hub,
            away,
            email: None,
            user: None,
        };
        draft.email = match &init.email {
            Some(given) => Some(Draft::parse_email(given)?),
            None if draft.is_public() => self.prompt(EMAIL, "", Draft::parse_optional_email)?,
            None => None,
        };
        if away.takes_password() {
            draft.user = Some(self.user(init)?);
        }
        Ok(draft)
    }

    fn note_nginx(&mut self) -> io::Result<()> {
        if !Path::new("/etc/nginx/nginx.conf").exists() {
            return Ok(());
        }
        let note = "NGINX is on this machine: `hubgate import-nginx` converts its sites instead.";
        writeln!(self.output, "{note}\n")
    }

    fn user(&mut self, init: &Init) -> anyhow::Result<UserName> {
        let parse = |name: &str| Ok(UserName::parse(name)?);
        match &init.user {
            Some(given) => parse(given),
            None => self.prompt("Name of the first user", "", parse),
        }
    }

    /// Asks until the answer is valid; an empty answer is the default.
    fn prompt<T>(
        &mut self,
        question: &str,
        default: &str,
        parse: impl Fn(&str) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let shown = match default {
            "" => String::new(),
            default => format!(" [{default}]"),
        };
        for _ in 0..MAX_ATTEMPTS {
            write!(self.output, "{question}{shown}: ")?;
            self.output.flush()?;
            let line = self.line()?;
            match answer(&line, default).and_then(&parse) {
                Ok(answer) => return Ok(answer),
                Err(fault) => {
                    let fault = format!("{fault:#}");
                    writeln!(self.output, "  {}", Printable(&fault))?;
                }
            }
        }
        bail!("no valid answer in {MAX_ATTEMPTS} tries: nothing was written")
    }

    fn line(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut line = Vec::new();
        let read = self.input.by_ref().take(MAX_LINE);
        let read = { read }.read_until(b'\n', &mut line);
        if read.context("reading the answer")? == 0 {
            bail!("the input ended: nothing was written");
        }
        Ok(line)
    }
}

/// Returns the answer of a line, or the default for an empty line.
fn answer<'a>(line: &'a [u8], default: &'a str) -> anyhow::Result<&'a str> {
    let line = std::str::from_utf8(line).map_err(|_| anyhow!("the answer is no UTF-8 text"))?;
    Ok(match line.trim() {
        "" => default,
        answer => answer,
    })
}

const HOSTS: &str = "Name that people type, such as home.example.org (several with commas)";

const AWAY: &str = "Who may enter from outside? At home, everyone may.\n  \
    1 nobody\n  2 users with a password\n  3 phones that you enrol\n  4 both, 2 and 3\nNumber";

const EMAIL: &str = "Your e-mail address, which the CA may write to (can be empty)";

/// Returns the name of this machine in its home network, or nothing.
fn hostname() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        name if name.contains('.') => name.to_owned(),
        name if config::check_host(name).is_ok() => format!("{name}.local"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(init: &Init, answers: impl AsRef<[u8]>) -> (anyhow::Result<Draft>, String) {
        let mut output = Vec::new();
        let mut dialogue = Dialogue {
            input: answers.as_ref(),
            output: &mut output,
        };
        let draft = dialogue.draft(init);
        (draft, String::from_utf8(output).unwrap())
    }

    #[test]
    fn questions_are_asked_until_the_answers_are_valid() {
        let answers = "_\nhome.example.org\nhub\n\n9\n2\nme\nme@example.org\n#a\nanna\n";
        let (draft, shown) = answered(&Init::default(), answers);
        let draft = draft.unwrap();
        assert_eq!(draft.hosts, ["home.example.org"]);
        assert_eq!((&*draft.hub, draft.away), (HUB, Away::Password));
        assert_eq!(draft.email.as_deref(), Some("me@example.org"));
        assert_eq!(draft.user.unwrap().as_str(), "anna");
        for fault in [
            "every other name",
            "no scheme",
            "from 1 to 4",
            "no e-mail address",
            "begins with #",
        ] {
            assert!(shown.contains(fault), "{fault}: {shown}");
        }
    }

    #[test]
    fn a_question_with_a_flag_is_not_asked() {
        let init = Init {
            hosts: vec!["openhabian.local".into()],
            hub: Some(HUB.into()),
            away: Some(Away::Phones),
            ..Init::default()
        };
        let (draft, _) = answered(&init, "");
        let draft = draft.unwrap();
        assert!(draft.email.is_none() && draft.user.is_none());
    }

    #[test]
    fn the_dialogue_ends_with_the_input_or_after_too_many_invalid_answers() {
        let ended = answered(&Init::default(), "home.example.org\n")
            .0
            .unwrap_err();
        assert!(ended.to_string().contains("nothing was written"), "{ended}");
        let wrong = answered(&Init::default(), "_\n".repeat(99)).0.unwrap_err();
        assert!(wrong.to_string().contains("nothing was written"), "{wrong}");
    }

    #[test]
    fn an_answer_that_is_no_text_or_too_long_is_asked_again() {
        let long = [b"a".repeat(5000), b"\n".to_vec()].concat();
        let answers = [b"h\xe4us\n", &*long, b"a\x1b[2J\nhome.local\n\n1\n"].concat();
        let (draft, shown) = answered(&Init::default(), answers);
        assert_eq!(draft.unwrap().hosts, ["home.local"], "{shown}");
        assert!(
            shown.contains("no UTF-8") && !shown.contains('\u{1b}'),
            "{shown}"
        );
    }

    #[test]
    fn without_a_terminal_the_flags_must_be_sufficient() {
        let refused = Init::default().draft_from_flags().unwrap_err().to_string();
        assert!(refused.contains("--host"), "{refused}");
        let mut init = Init {
            hosts: vec!["a".into()],
            ..Init::default()
        };
        let refused = init.draft_from_flags().unwrap_err().to_string();
        assert!(refused.contains("--user"), "{refused}");
        init.user = Some("anna".into());
        assert_eq!(init.draft_from_flags().unwrap().hub, HUB);
    }
}
