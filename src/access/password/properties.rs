//! A password file is read as it is listed, lets in whom it should, and is changed for one user
//! only.

use std::sync::LazyLock;

use super::{
    entry::UserName,
    hash::{Hash, Work},
    htpasswd::Htpasswd,
    lines::Lines,
    listing,
};
use crate::access::basic::Basic;

/// What is tried on those of the file's hashes that are little work; its SHA-1 is `NEW`.
const PASSWORD: &str = "correct horse";
const NEW: &str = "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=";
/// How many users are tried.
const SOME: usize = 4;
/// What a search may verify often.
static LITTLE: LazyLock<Vec<Work>> = LazyLock::new(|| {
    let hashes = [
        "$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjUX/",
        "$2y$04$OnWaMhiZXUzCxvVE0XVcr.XiGGGwhvxygfZxOSDt.DAF/MAO3hjXu",
        NEW,
    ];
    let little = hashes.iter().filter_map(|hash| Hash::parse(hash).ok());
    little.map(|hash| hash.work()).collect()
});

/// What is read of a password file is what is listed of it, and every user can be changed and
/// removed without touching another.
pub fn htpasswd(bytes: &[u8]) {
    assert_eq!(Lines::parse(bytes).content(), bytes);
    let lines = listing::lines(bytes);
    let users: Vec<_> = lines.iter().filter(|it| it.fault.is_none()).collect();
    let file = Htpasswd::parse(bytes);
    assert_eq!(file.is_ok(), !users.is_empty());
    assert_eq!(file.is_ok(), listing::is_usable(bytes));
    let Ok(file) = file else { return };
    assert_eq!(file.faults().len(), lines.len() - users.len());
    if !file.is_little_work() {
        return;
    }
    for user in lines.iter().filter_map(|it| it.user.as_deref()).take(SOME) {
        lets_in(&file, user);
    }
    for user in &named(bytes) {
        let Ok(name) = UserName::parse(user) else {
            continue;
        };
        changes_one(bytes, &file, &name);
        removes_one(bytes, &file, &name);
    }
}

/// Whose lines there are, as others than hubgate read them too.
fn named(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let names = text.lines().filter_map(|line| line.trim().split_once(':'));
    names.map(|(name, _)| name.to_owned()).take(SOME).collect()
}

/// What is proven is what was right; nobody else is.
fn lets_in(file: &Htpasswd, user: &str) {
    let basic = |password: &str| Basic {
        user: user.to_owned(),
        password: password.to_owned(),
    };
    let right = file.verify(&basic(PASSWORD));
    assert_eq!(file.is_proven(&basic(PASSWORD)), right);
    assert!(!right || !file.verify(&basic("correct horsf")));
    assert!(!file.is_proven(&basic("correct horsf")));
}

fn changes_one(bytes: &[u8], file: &Htpasswd, user: &UserName) {
    let mut lines = Lines::parse(bytes);
    assert!(lines.has(user), "{user:?} is listed and not found");
    lines.change(user, NEW);
    let Ok(changed) = Htpasswd::parse(&lines.content()) else {
        panic!("{user:?} has a new password, and nobody is let in");
    };
    let basic = Basic {
        user: user.as_str().to_owned(),
        password: PASSWORD.to_owned(),
    };
    assert!(
        changed.verify(&basic),
        "{user:?} has a new password that is not taken"
    );
    others_stay(file, &changed, user);
}

fn removes_one(bytes: &[u8], file: &Htpasswd, user: &UserName) {
    let mut lines = Lines::parse(bytes);
    lines.remove(user);
    assert!(!lines.has(user));
    match Htpasswd::parse(&lines.content()) {
        Ok(left) => {
            assert!(
                !left.knows(user.as_str()),
                "{user:?} was removed and is let in"
            );
            others_stay(file, &left, user);
        }
        Err(_) => assert!(file.users().all(|other| other == user.as_str())),
    }
}

/// Whoever else was let in has the same password still.
fn others_stay(before: &Htpasswd, after: &Htpasswd, user: &UserName) {
    let others = before.users().filter(|other| *other != user.as_str());
    for other in others {
        assert_eq!(
            before.digest(other),
            after.digest(other),
            "{other:?} changed with {user:?}"
        );
    }
    assert!(
        after
            .users()
            .all(|it| it == user.as_str() || before.knows(it))
    );
}

impl Htpasswd {
    fn users(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(String::as_str)
    }

    /// Whether the file has this user.
    pub(super) fn knows(&self, user: &str) -> bool {
        self.users.contains_key(user)
    }

    /// A verification hashes every kind that the file has.
    fn is_little_work(&self) -> bool {
        let mut entries = self.users.values();
        entries.all(|entry| LITTLE.contains(&entry.hash.work()))
    }
}
