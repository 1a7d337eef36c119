//! `hubgate doctor`: the findings of all checks, as a page or as JSON.

use std::{fmt, path::Path};

use anyhow::bail;
use clap::Args;

use super::{print, print_json, table::Table};
use crate::doctor::{self, Finding, Level};

/// The form of the findings.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Prints the findings.
    ///
    /// # Errors
    /// A check failed.
    pub(super) fn run(&self, path: &Path) -> anyhow::Result<()> {
        let findings = doctor::examine(path);
        let page = Page(&findings);
        match self.json {
            true => print_json(&findings)?,
            false => print(&page.to_string())?,
        }
        match page.count(Level::Fail) {
            0 => Ok(()),
            1 => bail!("1 check failed: apply its cure"),
            fails => bail!("{fails} checks failed: apply their cures"),
        }
    }
}

/// A row for each finding, with its cure below.
struct Page<'a>(&'a [Finding]);

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subjects = self.0.iter().map(|finding| {
            let label = label(finding.level).to_owned();
            [label, finding.subject.clone()]
        });
        let heads = Table::without_header(subjects).lines();
        let width = heads.iter().map(|head| head.chars().count()).max();
        let width = width.unwrap_or(0);
        let indent = format!("\n{}", " ".repeat(width + 2));
        for (head, finding) in heads.iter().zip(self.0) {
            let cause = finding.cause.replace('\n', &indent);
            writeln!(f, "{head:<width$}  {cause}")?;
            if let Some(cure) = &finding.cure {
                writeln!(f, "{}  → {cure}", " ".repeat(width))?;
            }
        }
        let [good, warnings, fails] =
            [Level::Ok, Level::Warn, Level::Fail].map(|level| self.count(level));
        writeln!(f, "\n{good} ok, {warnings} warn, {fails} fail")
    }
}

impl Page<'_> {
    fn count(&self, level: Level) -> usize {
        let findings = self.0.iter();
        findings.filter(|finding| finding.level == level).count()
    }
}

fn label(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Fail => "fail",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_row_for_each_finding_and_its_cure_below() {
        let found = |level, subject: &str, cause: &str, cure: Option<&str>| Finding {
            level,
            subject: subject.into(),
            cause: cause.into(),
            cure: cure.map(str::to_owned),
        };
        let page = Page(&[
            found(Level::Ok, "clock", "today", None),
            found(
                Level::Fail,
                "port 443",
                "nginx holds it\nfor long",
                Some("stop it"),
            ),
        ])
        .to_string();
        let expected = "\
ok    clock     today
fail  port 443  nginx holds it
                for long
                → stop it

1 ok, 0 warn, 1 fail
";
        assert_eq!(page, expected);
    }
}
