//! Lines of a file as NGINX reads them, and the time that a verification takes.

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
fn broken_lines_are_faults_and_the_others_work() {
    let text = format!(
        "# people\n{ANNA}\r\n\ncarl\n:x\n{ANNA}\ndora:gezlltSR9xVM.\nemil:\n{BERT}:a comment\n\u{0}"
    );
    let mut text = text.into_bytes();
    text.extend(b"\nf\xfcr:x");
    let file = Htpasswd::parse(&text).unwrap();
    assert!(file.verify(&basic("anna", "correct horse")));
    assert!(file.verify(&basic("bert", "correct horse")));
    assert!(!file.verify(&basic("dora", "correct horse")));
    let faults: Vec<String> = file.faults().iter().map(Fault::to_string).collect();
    let expected = [
        "4: no colon: a line is user:hash",
        "5: no user before the colon: a line is user:hash",
        "6: user \"anna\" is on line 2 already, which counts: remove one of them",
        "7: user \"dora\": crypt(3) DES is not supported: set a new password with `hubgate user passwd`",
        "8: user \"emil\": no hash after the colon: set a password with `hubgate user passwd`",
        "10: no colon: a line is user:hash",
        "11: not utf-8: write the user's name in utf-8",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn the_first_line_of_a_user_counts_even_if_it_is_broken() {
    let broken = format!("anna:$1$x\n{ANNA}\n{BERT}\n");
    let file = Htpasswd::parse(broken.as_bytes()).unwrap();
    assert!(!file.verify(&basic("anna", "correct horse")));
    let faults: Vec<String> = file.faults().iter().map(Fault::to_string).collect();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[1].contains("is on line 1 already"), "{faults:?}");
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
fn a_file_without_a_usable_line_is_an_error() {
    let error = |text: &str| Htpasswd::parse(text.as_bytes()).err().unwrap().to_string();
    assert!(error("").starts_with("no users"));
    assert!(error("# comment\n").starts_with("no users"));
    assert_eq!(
        error("anna"),
        "no usable line: 1: no colon: a line is user:hash"
    );
}

#[test]
fn only_a_verified_password_is_proven() {
    let file = Htpasswd::parse(ANNA.as_bytes()).unwrap();
    let correct = basic("anna", "correct horse");
    assert!(!file.is_proven(&correct));
    assert!(!file.verify(&basic("anna", "wrong")));
    assert!(!file.is_proven(&basic("anna", "wrong")));
    assert!(file.verify(&correct) && file.is_proven(&correct));
    assert!(!file.is_proven(&basic("anna", "correct horse ")));
    assert!(!file.is_proven(&basic("bert", "correct horse")));
}

#[test]
fn a_verification_hashes_the_same_kinds_for_every_user() {
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
    let unknown = kinds("unknown", "correct horse");
    assert_eq!(unknown.len(), 4, "two salts of $apr1$, {{SHA}}, bcrypt");
    for user in ["anna", "bert", "broken", "c", "d", "e", ""] {
        assert_eq!(kinds(user, "correct horse"), unknown, "{user}");
        assert_eq!(kinds(user, "wrong"), unknown, "{user}");
    }
    assert!(file.verify(&basic("d", "correct horse")));
    assert!(!file.verify(&basic("unknown", "correct horse")));
    assert!(!file.knows("unknown") && file.knows("anna"));
}
