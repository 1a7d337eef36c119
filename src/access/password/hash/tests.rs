//! Hashes that `htpasswd`, `openssl passwd`, libxcrypt and Python's hashlib made.

use proptest::prelude::{prop, proptest};

use super::{Hash, Refused};

const HORSE: &str = "correct horse";
const UMLAUT: &str = "pässwörd";
const LONG: &str = "a much longer password than sixteen bytes, twice over";

#[rustfmt::skip]
const VECTORS: [(&str, &str); 19] = [
    (HORSE, "$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjUX/"),
    ("", "$apr1$abcdefgh$L.PT565ESX4Tp2bqNs7Ie."),
    (UMLAUT, "$apr1$abcdefgh$030j6I3f1zNCF9tihqdd11"),
    (LONG, "$apr1$ab$OA7kGbeDypLm10ibT/NBm."),
    (HORSE, "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/"),
    (UMLAUT, "$5$saltsalt$JUyX9J5pA1EE4ZvGcIA.vpwPCUQ8GlJbo51r7M84au8"),
    ("hi", "$5$rounds=1000$saltstring$hGLxSftPdcVgwdI4njk0G6D3Ru5ZDR4fHJPoKkGZbt."),
    (HORSE, "$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0"),
    (UMLAUT, "$6$saltsalt$TQjRhpJdqmLx0U8it3EsUajwkmOMMvw5vhUFc7mohzFFoj/QHrfYUHU1oSkwyCEoTUCDOiAOW135nel3bqtKe."),
    (HORSE, "$2y$04$OnWaMhiZXUzCxvVE0XVcr.XiGGGwhvxygfZxOSDt.DAF/MAO3hjXu"),
    ("", "$2y$04$z8jMS/HhGsd9x1bOZqDGheXgxNV0hbyLWKPeMACZ0S2dVoqmW2tBm"),
    (UMLAUT, "$2b$04$dcWifciiZOFdyMTeypAwreNfJ1DySZ/oCpmDKvbpXwNvpW5c6Gyuu"),
    (UMLAUT, "$2a$04$dcWifciiZOFdyMTeypAwreNfJ1DySZ/oCpmDKvbpXwNvpW5c6Gyuu"),
    (HORSE, "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A="),
    ("secret", "$y$j9T$hubgatesalt1$tsGQ0GLB6lZGJ58SVx8qbwZ5WBMscSe12ZWwZZCmS7."),
    ("secret", "$y$jAT$hubgatesalt1$gegsMbgCN0Onb7jzGg6uAQgX2a5Br7aulkxQin1IWF9"),
    ("", "$y$j75$hubgatesalt1$hkTy56.OOtn0pBskkPYoLRAXnyMg4JsVdgdE3vCRQBD"),
    ("Jäger", "$y$j8T$F5Jx5fExrKuPp53xLKQ..1$r6q4rtfkrvNXDzrTwc0smRrD2IDCx5Aq5F/K1EUKnOA"),
    (HORSE, "{SSHA}Ki+Q9Ri8Nn2QN1jUbcaqfsgK/pJOYUNs"),
];

fn refusal(text: &str) -> Option<Refused> {
    Hash::parse(text).err()
}

#[test]
fn hashes_of_other_programs_verify() {
    for (password, text) in VECTORS {
        let hash = Hash::parse(text).unwrap_or_else(|refused| panic!("{text}: {refused}"));
        assert!(hash.verify(password.as_bytes()), "{text}");
        assert!(!hash.verify(b"wrong"), "{text}");
        assert!(!hash.verify(format!("{password}x").as_bytes()), "{text}");
    }
}

#[test]
fn the_refusal_of_an_unsupported_hash_names_its_format() {
    for (text, name) in [
        ("gezlltSR9xVM.", "crypt(3) DES"),
        ("{PLAIN}secret", "{PLAIN} (clear text)"),
        ("$1$abcdefgh$znAnv9M.XU2pRYfmSs46h/", "$1$ (md5-crypt)"),
        ("$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA", "argon2"),
        ("$7$x", "scrypt"),
    ] {
        assert_eq!(refusal(text), Some(Refused::Unsupported(name)), "{text}");
    }
    assert_eq!(refusal(""), Some(Refused::Empty));
    assert_eq!(refusal("secret"), Some(Refused::Unknown));
    assert_eq!(refusal("ü"), Some(Refused::Unknown));
}

#[test]
fn a_hash_with_too_much_work_is_refused() {
    let costly = VECTORS[9].1.replace("$04$", "$15$");
    let message = refusal(&costly).map(|refused| refused.to_string());
    let expected = "bcrypt cost 15 would hold up every login: make a new hash with at most 14";
    assert_eq!(message.as_deref(), Some(expected));

    let costly = VECTORS[14].1.replace("j9T", "jBT");
    assert!(matches!(refusal(&costly), Some(Refused::TooCostly { .. })));
    let costly = VECTORS[6].1.replace("rounds=1000", "rounds=1000001");
    assert!(matches!(refusal(&costly), Some(Refused::TooCostly { .. })));
}

#[test]
fn the_refusal_of_a_malformed_hash_names_its_format() {
    for (text, format) in [
        ("$apr1$", "$apr1$"),
        ("$apr1$$sIQmFnT1CuEXAsyjuXjUX/", "$apr1$"),
        ("$apr1$abcdefgh$short", "$apr1$"),
        ("$apr1$abcdefghi$sIQmFnT1CuEXAsyjuXjUX/", "$apr1$"),
        ("$2y$04$short", "bcrypt"),
        (
            "$2y$03$OnWaMhiZXUzCxvVE0XVcr.XiGGGwhvxygfZxOSDt.DAF/MAO3hjXu",
            "bcrypt",
        ),
        ("$5$", "$5$"),
        (
            "$5$rounds=999$saltstring$hGLxSftPdcVgwdI4njk0G6D3Ru5ZDR4fHJPoKkGZbt.",
            "$5$",
        ),
        (
            "$5$rounds=x$saltstring$hGLxSftPdcVgwdI4njk0G6D3Ru5ZDR4fHJPoKkGZbt.",
            "$5$",
        ),
        ("$6$salt$short", "$6$"),
        ("$y$", "yescrypt"),
        ("$y$j9T$x$y", "yescrypt"),
        (
            "$y$/9T$hubgatesalt1$tsGQ0GLB6lZGJ58SVx8qbwZ5WBMscSe12ZWwZZCmS7.",
            "yescrypt",
        ),
        (
            "$y$j9T/.$hubgatesalt1$tsGQ0GLB6lZGJ58SVx8qbwZ5WBMscSe12ZWwZZCmS7.",
            "yescrypt",
        ),
        (
            "$y$j9T$$tsGQ0GLB6lZGJ58SVx8qbwZ5WBMscSe12ZWwZZCmS7.",
            "yescrypt",
        ),
        ("{SHA}", "{SHA}"),
        ("{SHA}Ki+Q9Ri8Nn2QN1jUbcaqfsgK/pJOYUNs", "{SHA}"),
        ("{SSHA}L55TUjtiq8FBorTWAZ0jy6g129A=", "{SSHA}"),
        ("{SSHA}???", "{SSHA}"),
    ] {
        assert_eq!(refusal(text), Some(Refused::Malformed(format)), "{text}");
    }
}

proptest! {
    #[test]
    fn no_hash_panics(
        start in prop::sample::select(vec!["", "$apr1$", "$2y$04$", "$5$", "$6$", "$y$j75$", "{SHA}", "{SSHA}"]),
        rest in "[$./=a-z0-9ü]{0,70}",
    ) {
        if let Ok(hash) = Hash::parse(&format!("{start}{rest}")) {
            hash.verify(b"secret");
        }
    }
}
