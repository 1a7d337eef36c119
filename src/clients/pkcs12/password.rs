//! Passwords of files: made once, copied or typed once.

use std::fmt;

use zeroize::Zeroizing;

use crate::clients::random;

/// A password that is easy to type on a phone; never shown by accident, and wiped when it goes.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Its text, for the page of the device and nobody else.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A new random password of 74 bits, such as `kfmr4-xtzp7-dwh3n`.
///
/// # Errors
/// When the system has no random numbers.
pub fn password() -> anyhow::Result<Password> {
    let mut text = Zeroizing::new(String::with_capacity(GROUPS * (GROUP + 1)));
    for place in 0..GROUPS * GROUP {
        if place > 0 && place % GROUP == 0 {
            text.push('-');
        }
        text.push(symbol()?);
    }
    Ok(Password(text))
}

/// Each symbol is as likely as any other: bytes past the last whole round are thrown away.
fn symbol() -> anyhow::Result<char> {
    let rounds = 256 / SYMBOLS.len();
    loop {
        let [byte] = random()?;
        let byte = usize::from(byte);
        if byte < rounds * SYMBOLS.len() {
            return Ok(char::from(SYMBOLS[byte % SYMBOLS.len()]));
        }
    }
}

/// Lower case and digits but for those that look alike: `0` and `o`, `1`, `i` and `l`.
const SYMBOLS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS: usize = 3;
const GROUP: usize = 5;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_is_long_random_and_of_letters_and_digits_that_do_not_look_alike() {
        let passwords: Vec<_> = (0..200).map(|_| password().unwrap()).collect();
        let distinct: BTreeSet<_> = passwords.iter().map(Password::as_str).collect();
        assert_eq!(distinct.len(), 200);
        let used: BTreeSet<_> = distinct.iter().flat_map(|text| text.bytes()).collect();
        let allowed: BTreeSet<_> = SYMBOLS.iter().copied().chain([b'-']).collect();
        assert_eq!(used, allowed);
    }

    #[test]
    fn nobody_guesses_it() {
        let (symbols, length) = (SYMBOLS.len() as f64, (GROUPS * GROUP) as f64);
        assert!(length * symbols.log2() >= 60.0);
    }

    #[test]
    fn it_comes_in_three_groups_and_is_not_shown_by_debug() {
        let password = password().unwrap();
        let groups: Vec<_> = password.as_str().split('-').map(str::len).collect();
        assert_eq!(groups, [5, 5, 5]);
        assert_eq!(format!("{password:?}"), "Password(..)");
    }
}
