use std::{fs, time::Instant};

use rustix::process::{Pid, test_kill_process};
use tempfile::TempDir;

use super::*;
use crate::acme::{dns::Held, problem::Class};

/// Makes a hook that is a shell script, in a folder of its own.
fn hook(script: &str) -> (Hook, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hook");
    let script = format!("#!/bin/sh\ncd {}\n{script}", folder.path().display());
    // Another process writes the file: a child that is forked meanwhile would inherit our handle,
    // and a file that is open for writing cannot be executed.
    let write = "printf %s \"$1\" > \"$0\" && chmod 700 \"$0\"";
    let mut writer = std::process::Command::new("sh");
    let written = writer.arg("-c").arg(write).arg(&file).arg(script).status();
    assert!(written.unwrap().success());
    (Hook::new(file), folder)
}

fn record() -> Record {
    Record {
        fqdn: "_acme-challenge.home.example.org.".to_owned(),
        value: "-abc_123".to_owned(),
        held: Held::Exec,
    }
}

#[tokio::test]
async fn a_hook_gets_the_arguments_of_lego() {
    let (hook, folder) = hook("echo \"$@\" >> calls; cat >> calls");
    hook.present(&record()).await.unwrap();
    hook.cleanup(&record()).await.unwrap();
    assert_eq!(
        fs::read_to_string(folder.path().join("calls")).unwrap(),
        "present _acme-challenge.home.example.org. -abc_123\n\
         cleanup _acme-challenge.home.example.org. -abc_123\n"
    );
}

#[tokio::test]
async fn a_hook_gets_a_reduced_environment() {
    let (hook, folder) = hook("env > seen");
    hook.present(&record()).await.unwrap();
    let environment = fs::read_to_string(folder.path().join("seen")).unwrap();
    assert!(environment.contains("EXEC_PATH=/"), "{environment}");
    assert!(environment.contains("PATH="), "{environment}");
    assert!(!environment.contains("CARGO"), "{environment}");
}

#[tokio::test]
async fn the_problem_has_the_exit_code_and_the_first_lines() {
    let (hook, _folder) = hook("echo fine; echo 'no such zone' >&2; yes | head -c 999999; exit 3");
    let problem = hook.present(&record()).await.unwrap_err();
    assert_eq!(problem.class, Class::Provider);
    let expected = "present _acme-challenge.home.example.org.: exit status: 3: no such zone / fine";
    assert!(problem.detail.contains(expected), "{problem}");
    assert!(problem.detail.ends_with("y / y / y"), "{problem}");
}

#[tokio::test]
async fn a_missing_hook_is_a_problem() {
    let problem = Hook::new("/no/such").present(&record()).await.unwrap_err();
    assert!(problem.detail.contains("cannot be started"), "{problem}");
}

#[tokio::test]
async fn a_slow_hook_is_killed_with_its_children() {
    let (hook, folder) = hook("sleep 1000 & echo $! > child; wait");
    let hook = hook.within(Duration::from_millis(500));
    let problem = hook.present(&record()).await.unwrap_err();
    assert!(
        problem.detail.contains("not done within 500ms"),
        "{problem}"
    );
    let child = fs::read_to_string(folder.path().join("child")).unwrap();
    let child = Pid::from_raw(child.trim().parse().unwrap()).unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while is_running(child) {
        assert!(Instant::now() < end, "still running");
        tokio::task::yield_now().await;
    }
}

/// Returns true for a process that is not a zombie: a killed orphan stays one until it is reaped.
fn is_running(process: Pid) -> bool {
    let stat = format!("/proc/{}/stat", process.as_raw_pid());
    let is_zombie = fs::read_to_string(stat).is_ok_and(|stat| stat.contains(") Z "));
    test_kill_process(process).is_ok() && !is_zombie
}

#[tokio::test]
async fn a_background_process_of_a_hook_does_not_delay_it() {
    let (hook, _folder) = hook("sleep 5 & exit 0");
    let begin = Instant::now();
    hook.present(&record()).await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(4));
}
