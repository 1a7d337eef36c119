//! `hubgate doctor`: all that a front door depends on, on one page or as JSON.

use std::path::Path;

use anyhow::bail;

use super::{print, print_json, table};
use crate::doctor::{self, Finding, Level};

/// Prints what is found.
///
/// # Errors
/// When something fails.
pub(super) fn run(path: &Path, json: bool) -> anyhow::Result<()> {
    let found = doctor::examine(path);
    match json {
        true => print_json(&found)?,
        false => print(&told(&found))?,
    }
    match count(&found, Level::Fail) {
        0 => Ok(()),
        1 => bail!("1 of these must be put right"),
        fails => bail!("{fails} of these must be put right"),
    }
}

/// The page: a row for each finding, and below it its cure.
fn told(found: &[Finding]) -> String {
    let subjects: Vec<_> = found
        .iter()
        .map(|it| [label(it.level), it.subject.clone()])
        .collect();
    let heads = table::lines(&subjects);
    let width = heads.iter().map(|it| it.chars().count()).max().unwrap_or(0);
    let indent = format!("\n{}", " ".repeat(width + 2));
    let mut page = String::new();
    for (head, finding) in heads.iter().zip(found) {
        let cause = finding.cause.replace('\n', &indent);
        page += &format!("{head:<width$}  {cause}\n");
        if let Some(cure) = &finding.cure {
            page += &format!("{}  → {cure}\n", " ".repeat(width));
        }
    }
    let (good, warnings) = (count(found, Level::Ok), count(found, Level::Warn));
    let fails = count(found, Level::Fail);
    page + &format!("\n{good} ok, {warnings} to know, {fails} to put right\n")
}

fn label(level: Level) -> String {
    match level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Fail => "fail",
    }
    .to_owned()
}

fn count(found: &[Finding], level: Level) -> usize {
    found.iter().filter(|it| it.level == level).count()
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
        let page = told(&[
            found(Level::Ok, "clock", "today", None),
            found(
                Level::Fail,
                "port 443",
                "nginx holds it\nfor long",
                Some("stop it"),
            ),
        ]);
        let expected = "\
ok    clock     today
fail  port 443  nginx holds it
                for long
                → stop it

1 ok, 0 to know, 1 to put right
";
        assert_eq!(page, expected);
    }
}
