//! An htpasswd file as read once: its users, its faults, what was proven against it.
//!
//! What was proven lives and dies with the reading, so that a changed file
//! forgets every password that was right before.

use std::{
    collections::{HashMap, HashSet},
    sync::OnceLock,
};

use anyhow::anyhow;
use aws_lc_rs::{
    digest::{SHA256, SHA256_OUTPUT_LEN, digest},
    hmac,
    rand::SystemRandom,
};

use super::{
    fault::{Cause, Fault},
    hash::Hash,
};
use crate::access::basic::Basic;

/// The users of one reading of a file; never none.
pub(super) struct Htpasswd {
    pub(super) users: HashMap<String, Entry>,
    /// One hash of each kind in the file.
    decoys: Vec<Hash>,
    key: hmac::Key,
    faults: Vec<Fault>,
}

/// One user's line.
pub(super) struct Entry {
    pub(super) hash: Hash,
    /// SHA-256 of the hash as it is written.
    digest: Vec<u8>,
    pub(super) line: usize,
    proven: OnceLock<hmac::Tag>,
}

impl Htpasswd {
    /// Reads the lines of a file; broken ones become faults.
    ///
    /// # Errors
    /// No line lets anybody in, or the system gives no random key.
    pub(super) fn parse(text: &[u8]) -> anyhow::Result<Self> {
        let mut users = HashMap::new();
        let mut named = HashMap::new();
        let lines = text.split(|byte| *byte == b'\n').zip(1..);
        let faults = lines
            .filter_map(|(text, line)| {
                let cause = add_line(&mut users, &mut named, text, line).err()?;
                Some(Fault { line, cause })
            })
            .collect::<Vec<_>>();
        let decoys = decoys(&users);
        if decoys.is_empty() {
            return Err(nobody(&faults));
        }
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| anyhow!("the system gives no random bytes"))?;
        Ok(Self {
            users,
            decoys,
            key,
            faults,
        })
    }

    /// The lines that let nobody in.
    pub(super) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// What tells this user's password from any other he had or will have.
    pub(super) fn digest(&self, user: &str) -> Option<&[u8]> {
        self.users.get(user).map(|entry| &entry.digest[..])
    }

    /// Whether the credential was found right in this reading; hashes no password. Takes as long
    /// for an unknown user as for a known one.
    pub(super) fn is_proven(&self, basic: &Basic) -> bool {
        let entry = self.users.get(&basic.user);
        let tag = entry.and_then(|entry| entry.proven.get());
        let compared = tag.map_or(&[0; SHA256_OUTPUT_LEN][..], AsRef::as_ref);
        hmac::verify(&self.key, basic.password.as_bytes(), compared).is_ok() && tag.is_some()
    }

    /// Takes the credential for right from now on, if the file has its user.
    pub(super) fn assume(&self, basic: &Basic) {
        if let Some(entry) = self.users.get(&basic.user) {
            let password = basic.password.as_bytes();
            entry.proven.get_or_init(|| hmac::sign(&self.key, password));
        }
    }

    /// Whether the credential is right; blocks for one hash of each kind in the file, whichever
    /// user it names: the time tells neither whether there is such a user nor how old the hash is.
    pub(super) fn verify(&self, basic: &Basic) -> bool {
        let password = basic.password.as_bytes();
        let entry = self.users.get(&basic.user);
        let mut right = false;
        for decoy in &self.decoys {
            match entry.filter(|entry| entry.hash.kind() == decoy.kind()) {
                Some(entry) => right = entry.hash.verify(password),
                None => _ = decoy.verify(password),
            }
        }
        if let Some(entry) = entry.filter(|_| right) {
            entry.proven.get_or_init(|| hmac::sign(&self.key, password));
        }
        right
    }
}

/// Adds the user of a line, if it has one; `named` has the first line of each, which alone counts
/// as in NGINX, be its hash taken or not.
pub(super) fn add_line(
    users: &mut HashMap<String, Entry>,
    named: &mut HashMap<String, usize>,
    text: &[u8],
    line: usize,
) -> Result<(), Cause> {
    // NGINX ends a line at a carriage return, and takes spaces for a part of name or hash.
    let text = text.split(|byte| *byte == b'\r').next().unwrap_or(text);
    if text.trim_ascii().is_empty() || text.starts_with(b"#") {
        return Ok(());
    }
    let mut fields = text.split(|byte| *byte == b':');
    let user = fields.next().unwrap_or_default();
    let user = std::str::from_utf8(user).map_err(|_| Cause::NotUtf8)?;
    // A second colon begins a comment, as in NGINX.
    let hash = fields.next().ok_or(Cause::NoColon)?;
    if user.is_empty() {
        return Err(Cause::NoUser);
    }
    let user = user.to_owned();
    if let Some(first) = named.get(&user) {
        let first = *first;
        return Err(Cause::Duplicate { user, first });
    }
    named.insert(user.clone(), line);
    let hash = std::str::from_utf8(hash).map_err(|_| Cause::NotUtf8)?;
    match Hash::parse(hash) {
        Ok(parsed) => users.insert(user, Entry::new(parsed, hash, line)),
        Err(refused) => return Err(Cause::Hash { user, refused }),
    };
    Ok(())
}

impl Entry {
    fn new(hash: Hash, written: &str, line: usize) -> Self {
        Self {
            hash,
            digest: digest(&SHA256, written.as_bytes()).as_ref().to_vec(),
            line,
            proven: OnceLock::new(),
        }
    }
}

/// One hash of each kind.
fn decoys(users: &HashMap<String, Entry>) -> Vec<Hash> {
    let mut kinds = HashSet::new();
    let hashes = users.values().map(|entry| &entry.hash);
    let first = hashes.filter(|hash| kinds.insert(hash.kind()));
    first.cloned().collect()
}

fn nobody(faults: &[Fault]) -> anyhow::Error {
    let told: Vec<String> = faults.iter().map(Fault::to_string).collect();
    if told.is_empty() {
        return anyhow!("no users: add one with `hubgate user add NAME`");
    }
    anyhow!("no usable line: {}", told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::{super::hash::counted, *};

    const ANNA: &str = "anna:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=";
    const BERT: &str = "bert:$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjUX/";

    fn basic(user: &str, password: &str) -> Basic {
        Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        }
    }

    #[test]
    fn broken_lines_are_told_and_the_others_work() {
        let text = format!(
            "# people\n{ANNA}\r\n\ncarl\n:x\n{ANNA}\ndora:gezlltSR9xVM.\nemil:\n{BERT}:a comment\n\u{0}"
        );
        let mut text = text.into_bytes();
        text.extend(b"\nf\xfcr:x");
        let file = Htpasswd::parse(&text).unwrap();
        assert!(file.verify(&basic("anna", "correct horse")));
        assert!(file.verify(&basic("bert", "correct horse")));
        assert!(!file.verify(&basic("dora", "correct horse")));
        let told: Vec<String> = file.faults().iter().map(Fault::to_string).collect();
        let expected = [
            "4: no colon: a line is user:hash",
            "5: no user before the colon: a line is user:hash",
            "6: user \"anna\" is on line 2 already, which counts: remove one of them",
            "7: user \"dora\": crypt(3) DES is not supported: set a new password with `hubgate user passwd`",
            "8: user \"emil\": no hash after the colon: set a password with `hubgate user passwd`",
            "10: no colon: a line is user:hash",
            "11: not utf-8: write the user's name in utf-8",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn the_first_line_of_a_user_counts_even_if_it_is_broken() {
        let broken = format!("anna:$1$x\n{ANNA}\n{BERT}\n");
        let file = Htpasswd::parse(broken.as_bytes()).unwrap();
        assert!(!file.verify(&basic("anna", "correct horse")));
        let told: Vec<String> = file.faults().iter().map(Fault::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].contains("is on line 1 already"), "{told:?}");
    }

    #[test]
    fn spaces_belong_to_the_name_and_the_hash_as_in_nginx() {
        let spaced = format!(" {ANNA}\n{BERT} \ncarl:{}\r\n", &ANNA[5..]);
        let file = Htpasswd::parse(spaced.as_bytes()).unwrap();
        assert!(!file.verify(&basic("anna", "correct horse")));
        assert!(file.verify(&basic(" anna", "correct horse")));
        assert!(!file.verify(&basic("bert", "correct horse")));
        assert!(file.verify(&basic("carl", "correct horse")));
    }

    #[test]
    fn a_file_that_lets_nobody_in_is_an_error() {
        let told = |text: &str| Htpasswd::parse(text.as_bytes()).err().unwrap().to_string();
        assert!(told("").starts_with("no users"));
        assert!(told("# nobody\n").starts_with("no users"));
        assert_eq!(
            told("anna"),
            "no usable line: 1: no colon: a line is user:hash"
        );
    }

    #[test]
    fn only_what_was_verified_is_proven() {
        let file = Htpasswd::parse(ANNA.as_bytes()).unwrap();
        let right = basic("anna", "correct horse");
        assert!(!file.is_proven(&right));
        assert!(!file.verify(&basic("anna", "wrong")));
        assert!(!file.is_proven(&basic("anna", "wrong")));
        assert!(file.verify(&right) && file.is_proven(&right));
        assert!(!file.is_proven(&basic("anna", "correct horse ")));
        assert!(!file.is_proven(&basic("bert", "correct horse")));
    }

    #[test]
    fn a_verification_hashes_the_same_kinds_whichever_user_it_names() {
        let bcrypt = "$2y$04$OnWaMhiZXUzCxvVE0XVcr.XiGGGwhvxygfZxOSDt.DAF/MAO3hjXu";
        let short = "$apr1$ab$OA7kGbeDypLm10ibT/NBm.";
        let lines = [ANNA, BERT, "broken:!", &format!("c:{bcrypt}")];
        let text = format!("{}\nd:{bcrypt}\ne:{short}", lines.join("\n"));
        let file = Htpasswd::parse(text.as_bytes()).unwrap();
        let kinds = |user: &str, password: &str| {
            counted::take();
            file.verify(&basic(user, password));
            counted::take()
        };
        let unknown = kinds("nobody", "correct horse");
        assert_eq!(unknown.len(), 4, "two salts of $apr1$, {{SHA}}, bcrypt");
        for user in ["anna", "bert", "broken", "c", "d", "e", ""] {
            assert_eq!(kinds(user, "correct horse"), unknown, "{user}");
            assert_eq!(kinds(user, "wrong"), unknown, "{user}");
        }
        assert!(file.verify(&basic("d", "correct horse")));
        assert!(!file.verify(&basic("nobody", "correct horse")));
        assert!(!file.knows("nobody") && file.knows("anna"));
    }
}
