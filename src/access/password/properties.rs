//! Property: an htpasswd file is listed as it is parsed, admits exactly its users, and a change of
//! one user leaves the others as they are.

use std::sync::LazyLock;

use super::{
    entry::UserName,
    hash::{Hash, Work},
    htpasswd::Htpasswd,
    lines::Lines,
    listing,
};
use crate::access::basic::Basic;

/// The password that is verified; its SHA-1 is `NEW`.
const PASSWORD: &str = "correct horse";
const NEW: &str = "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=";
/// Number of users that are checked.
const SOME: usize = 4;
/// Work of the hashes that are fast enough for fuzzing.
static FAST: LazyLock<Vec<Work>> = LazyLock::new(|| {
    let hashes = [
        "$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjUX/",
        "$2y$04$OnWaMhiZXUzCxvVE0XVcr.XiGGGwhvxygfZxOSDt.DAF/MAO3hjXu",
        NEW,
    ];
    let hashes = hashes.iter().filter_map(|hash| Hash::parse(hash).ok());
    hashes.map(|hash| hash.work()).collect()
});

/// Checks that the listing agrees with the parsed file, and that each user can be changed and
/// removed without an effect on another.
pub fn htpasswd(bytes: &[u8]) {
    assert_eq!(Lines::parse(bytes).content(), bytes);
    let lines = listing::lines(bytes);
    let users: Vec<_> = lines.iter().filter(|line| line.fault.is_none()).collect();
    let file = Htpasswd::parse(bytes);
    assert_eq!(file.is_ok(), !users.is_empty());
    assert_eq!(file.is_ok(), listing::is_usable(bytes));
    let Ok(file) = file else { return };
    assert_eq!(file.faults().len(), lines.len() - users.len());
    if !file.is_fast() {
        return;
    }
    for user in lines
        .iter()
        .filter_map(|line| line.user.as_deref())
        .take(SOME)
    {
        verifies(&file, user);
    }
    for user in &named(bytes) {
        let Ok(name) = UserName::parse(user) else {
            continue;
        };
        changes_one(bytes, &file, &name);
        removes_one(bytes, &file, &name);
    }
}

/// Returns the users of the lines, also of those that only other programs read.
fn named(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let names = text.lines().filter_map(|line| line.trim().split_once(':'));
    names.map(|(name, _)| name.to_owned()).take(SOME).collect()
}

/// Checks that exactly the correct password becomes proven.
fn verifies(file: &Htpasswd, user: &str) {
    let basic = |password: &str| Basic {
        user: user.to_owned(),
        password: password.to_owned(),
    };
    let correct = file.verify(&basic(PASSWORD));
    assert_eq!(file.is_proven(&basic(PASSWORD)), correct);
    assert!(!correct || !file.verify(&basic("correct horsf")));
    assert!(!file.is_proven(&basic("correct horsf")));
}

fn changes_one(bytes: &[u8], file: &Htpasswd, user: &UserName) {
    let mut lines = Lines::parse(bytes);
    assert!(lines.has(user), "{user:?} is listed and has no line");
    lines.change(user, NEW);
    let Ok(changed) = Htpasswd::parse(&lines.content()) else {
        panic!("{user:?} has a new password, and the file has no usable line");
    };
    let basic = Basic {
        user: user.as_str().to_owned(),
        password: PASSWORD.to_owned(),
    };
    assert!(
        changed.verify(&basic),
        "{user:?} has a new password that is wrong"
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
                "{user:?} was removed and has an entry"
            );
            others_stay(file, &left, user);
        }
        Err(_) => assert!(file.users().all(|other| other == user.as_str())),
    }
}

/// Checks that the other users have the same entries.
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
            .all(|other| other == user.as_str() || before.knows(other))
    );
}

impl Htpasswd {
    fn users(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(String::as_str)
    }

    /// Reports whether the file has a usable entry of this user.
    pub(super) fn knows(&self, user: &str) -> bool {
        self.users.contains_key(user)
    }

    /// Reports whether every hash is fast, as a verification computes one of each kind.
    fn is_fast(&self) -> bool {
        let mut entries = self.users.values();
        entries.all(|entry| FAST.contains(&entry.hash.work()))
    }
}
