//! The questions of `hubgate init`: those that no flag answers, each until its answer is valid.

use std::{
    fs,
    io::{self, BufRead, IsTerminal, Read, Write},
    path::Path,
};

use anyhow::{Context, anyhow, bail};

use super::{Away, Init, draft::Draft};
use crate::{access::password::entry::UserName, config, telemetry::Printable};

/// A hub on this machine, as openHAB listens.
const HUB: &str = "http://127.0.0.1:8080";

/// Wrong answers to one question before the command ends.
const MOST_TRIES: usize = 10;

/// Bytes of an answer at most.
const LONGEST_LINE: u64 = 4096;

/// Completes the flags: by questions at a terminal, else by the defaults.
///
/// # Errors
/// A flag is invalid, or one without a default is missing where nobody can be asked.
pub(super) fn complete(init: &Init) -> anyhow::Result<Draft> {
    match io::stdin().is_terminal() {
        true => Dialogue::new(io::stdin().lock(), io::stdout()).complete(init),
        false => by_flags(init),
    }
}

fn by_flags(init: &Init) -> anyhow::Result<Draft> {
    if init.hosts.is_empty() {
        bail!("standard input is no terminal, so nothing can be asked: give --host HOST");
    }
    let away = init.away.unwrap_or(Away::Both);
    if away.takes_password() && init.user.is_none() {
        bail!(
            "a password needs a user: give --user NAME and the password as one line of standard \
             input, or --away nobody or phones"
        );
    }
    let user = init.user.as_deref().filter(|_| away.takes_password());
    Ok(Draft {
        hosts: hosts(&init.hosts.join(","))?,
        hub: hub(init.hub.as_deref().unwrap_or(HUB))?,
        away,
        email: init.email.as_deref().map(email).transpose()?,
        user: user.map(UserName::parse).transpose()?,
    })
}

/// A conversation; tests bring both ends.
struct Dialogue<R, W> {
    input: R,
    output: W,
}

impl<R: BufRead, W: Write> Dialogue<R, W> {
    fn new(input: R, output: W) -> Self {
        Self { input, output }
    }

    fn complete(&mut self, init: &Init) -> anyhow::Result<Draft> {
        if Path::new("/etc/nginx/nginx.conf").exists() {
            let note =
                "NGINX is on this machine: `hubgate import-nginx` takes its sites over instead.";
            writeln!(self.output, "{note}\n")?;
        }
        let hosts = match init.hosts.as_slice() {
            [] => self.ask(&host_question(), &hostname(), hosts)?,
            given => hosts(&given.join(","))?,
        };
        let hub = match &init.hub {
            None => self.ask("Address of the hub", HUB, hub)?,
            Some(given) => hub(given)?,
        };
        let away = match init.away {
            None => self.ask(AWAY, "4", away)?,
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
            Some(given) => Some(email(given)?),
            None if draft.is_public() => self.ask(EMAIL, "", optional_email)?,
            None => None,
        };
        draft.user = match &init.user {
            _ if !away.takes_password() => None,
            Some(given) => Some(UserName::parse(given)?),
            None => Some(self.ask("Name of the first user", "", |name| {
                Ok(UserName::parse(name)?)
            })?),
        };
        Ok(draft)
    }

    /// Asks until the answer is valid; an empty one is the default.
    fn ask<T>(
        &mut self,
        question: &str,
        default: &str,
        parse: impl Fn(&str) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        for _ in 0..MOST_TRIES {
            let shown = if default.is_empty() {
                String::new()
            } else {
                format!(" [{default}]")
            };
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
        bail!("no valid answer in {MOST_TRIES} tries: nothing was written")
    }

    fn line(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut line = Vec::new();
        let read = self.input.by_ref().take(LONGEST_LINE);
        let read = { read }.read_until(b'\n', &mut line);
        if read.context("reading the answer")? == 0 {
            bail!("the input ended: nothing was written");
        }
        Ok(line)
    }
}

/// The answer of a line; an empty one is the default.
fn answer<'a>(line: &'a [u8], default: &'a str) -> anyhow::Result<&'a str> {
    let line = std::str::from_utf8(line).map_err(|_| anyhow!("the answer is no UTF-8 text"))?;
    Ok(match line.trim() {
        "" => default,
        answer => answer,
    })
}

const AWAY: &str = "Who may enter from elsewhere? At home everybody may.\n  \
    1 nobody\n  2 users with a password\n  3 phones that you enrol\n  4 both, 2 and 3\nNumber";

const EMAIL: &str = "Your e-mail address, which the CA may write to (may stay empty)";

fn host_question() -> String {
    "Name that people type, such as home.example.org (several with commas)".to_owned()
}

/// The name of this machine in its home network.
fn hostname() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        name if name.contains('.') => name.to_owned(),
        name if config::check_host(name).is_ok() => format!("{name}.local"),
        _ => String::new(),
    }
}

fn hosts(text: &str) -> anyhow::Result<Vec<String>> {
    let hosts: Vec<_> = text
        .split(',')
        .map(str::trim)
        .filter(|host| !host.is_empty())
        .collect();
    if hosts.is_empty() {
        bail!("no host: write a name such as home.example.org");
    }
    let checked = hosts.into_iter().map(|host| {
        config::check_host(host).map_err(|fault| anyhow!(fault))?;
        if host.starts_with('*') {
            bail!("\"{host}\" needs a DNS provider, which this does not ask for: write the names");
        }
        Ok(host.to_owned())
    });
    checked.collect()
}

fn hub(text: &str) -> anyhow::Result<String> {
    config::check_server(text).map_err(|fault| anyhow!(fault))?;
    Ok(text.to_owned())
}

fn away(text: &str) -> anyhow::Result<Away> {
    Ok(match text {
        "1" | "nobody" => Away::Nobody,
        "2" | "password" => Away::Password,
        "3" | "phones" => Away::Phones,
        "4" | "both" => Away::Both,
        _ => bail!("\"{text}\" is none of these: write a number from 1 to 4"),
    })
}

fn email(text: &str) -> anyhow::Result<String> {
    config::check_email(text).map_err(|fault| anyhow!(fault))?;
    Ok(text.to_owned())
}

fn optional_email(text: &str) -> anyhow::Result<Option<String>> {
    match text {
        "" => Ok(None),
        text => email(text).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(init: &Init, answers: impl AsRef<[u8]>) -> (anyhow::Result<Draft>, String) {
        let mut output = Vec::new();
        let draft = Dialogue::new(answers.as_ref(), &mut output).complete(init);
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
    fn a_question_that_a_flag_answers_is_not_asked() {
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
    fn an_input_that_ends_or_goes_on_wrongly_ends_the_dialogue() {
        let ended = answered(&Init::default(), "home.example.org\n")
            .0
            .unwrap_err();
        assert!(ended.to_string().contains("nothing was written"), "{ended}");
        let wrong = answered(&Init::default(), "_\n".repeat(99)).0.unwrap_err();
        assert!(wrong.to_string().contains("nothing was written"), "{wrong}");
    }

    #[test]
    fn an_answer_that_is_no_text_or_too_long_is_asked_for_again() {
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
    fn without_a_terminal_the_flags_must_say_enough() {
        let refused = by_flags(&Init::default()).unwrap_err().to_string();
        assert!(refused.contains("--host"), "{refused}");
        let mut init = Init {
            hosts: vec!["a".into()],
            ..Init::default()
        };
        assert!(by_flags(&init).unwrap_err().to_string().contains("--user"));
        init.user = Some("anna".into());
        assert_eq!(by_flags(&init).unwrap().hub, HUB);
    }
}
