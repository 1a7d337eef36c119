//! Commands of root in folders of the service user: no planted file makes root's own files change,
//! and each command works or fails with its cause.

mod fixture;

use self::fixture::{Attack, Fixture, SERVICE};

const SHOWN: &[&[&str]] = &[
    &["client", "list"],
    &["cert", "status"],
    &["status"],
    &["reload"],
    &["check"],
    &["explain", "https://home.test/", "--from", "203.0.113.7"],
];

#[tokio::test]
async fn no_link_pipe_or_hard_link_in_state_makes_client_commands_touch_roots_files() {
    let Some(fixture) = Fixture::new().await else {
        return;
    };
    let add = ["client", "add", "Ben", "--key", "ec", "--out", "out"];
    let renew = ["client", "renew", "Anna", "--key", "ec", "--out", "out"];
    let invite = ["client", "add", "Carl"];
    let commands: [&[&str]; 4] = [&invite, &add, &renew, &["client", "revoke", "Anna"]];
    for name in fixture
        .files("state")
        .iter()
        .chain(&fixture.folders("state"))
    {
        fixture.attacked(name, &commands, "");
    }
}

#[tokio::test]
async fn no_link_pipe_or_hard_link_in_state_makes_backups_touch_roots_files() {
    let Some(fixture) = Fixture::new().await else {
        return;
    };
    let export = ["client", "export", "out-backup"];
    let import = ["client", "import", "backup"];
    let replace = ["client", "import", "backup", "--replace"];
    let mut names = fixture.files("state/clients");
    names.extend(["state/clients", "state/clients.replaced"].map(str::to_owned));
    for name in names {
        fixture.attacked(&name, &[&export, &import, &replace], fixture::PASSPHRASE);
    }
}

#[tokio::test]
async fn no_link_pipe_or_hard_link_in_state_makes_reading_commands_touch_roots_files() {
    let Some(fixture) = Fixture::new().await else {
        return;
    };
    for name in fixture
        .files("state")
        .iter()
        .chain(&fixture.folders("state"))
    {
        fixture.attacked(name, SHOWN, "");
    }
    for attack in Attack::ALL {
        fixture.restore();
        for name in fixture.files("state") {
            fixture.lay(attack, &name);
        }
        fixture.unharmed_by(&["doctor", "--json"], "");
    }
}

#[tokio::test]
async fn no_link_pipe_or_hard_link_makes_user_commands_touch_roots_files() {
    let Some(fixture) = Fixture::new().await else {
        return;
    };
    let commands: [&[&str]; 4] = [
        &["user", "add", "ben"],
        &["user", "passwd", "anna"],
        &["user", "del", "anna"],
        &["user", "list"],
    ];
    for name in ["users/htpasswd", "users/htpasswd.1.new", "users"] {
        fixture.attacked(name, &commands, "secret");
    }
}

#[tokio::test]
async fn no_link_pipe_or_hard_link_in_state_makes_the_first_start_touch_roots_files() {
    let Some(fixture) = Fixture::new().await else {
        return;
    };
    for attack in Attack::ALL {
        fixture.restore();
        for name in fixture.files("state") {
            fixture.lay(attack, &name);
        }
        for left in [
            "state/a.1.new",
            "state/clients/b.1.new",
            "state/control.new",
        ] {
            fixture.lay(attack, left);
        }
        fixture.unharmed_by(&["run"], "");
    }
    fixture.restore();
    for name in fixture.folders("state") {
        fixture.restore();
        fixture.lay(Attack::Link, &name);
        fixture.unharmed_by(&["run"], "");
    }
}

#[tokio::test]
async fn files_that_root_writes_go_nowhere_by_a_link_of_the_folders_owner() {
    let Some(fixture) = Fixture::new().await else {
        return;
    };
    let out = ["client", "add", "Ben", "--key", "ec", "--out", "users/out"];
    fixture.attacked("users/out", &[&out], "");
    let export = ["client", "export", "users/out"];
    fixture.attacked("users/out", &[&export], fixture::PASSPHRASE);
    let import = [
        "import-nginx",
        "nginx.conf",
        "--force",
        "--out",
        "users/out.yaml",
    ];
    fixture.attacked("users/out.yaml", &[&import], "");
}

#[tokio::test]
async fn files_that_root_writes_in_state_belong_to_the_service() {
    let Some(fixture) = Fixture::new().await else {
        return;
    };
    fixture.restore();
    let run = fixture.run(&["client", "revoke", "Anna"], "");
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let add = ["client", "add", "Ben", "--key", "ec", "--out", "out"];
    let run = fixture.run(&add, "");
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let run = fixture.run(&["client", "import", "backup"], fixture::PASSPHRASE);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let run = fixture.run(&["user", "add", "ben"], "secret");
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let run = fixture.run(&["run"], "");
    assert!(run.stderr.contains("ready on"), "{}", run.stderr);
    for folder in ["state", "users"] {
        for name in fixture.files(folder) {
            assert_eq!(fixture.owner(&name), SERVICE, "{name}");
        }
    }
}
