//! Passwords of PKCS#12 files: generated once, and copied or typed once.

use std::fmt;

use zeroize::Zeroizing;

use crate::clients::random;

/// A password that is easy to type on a phone; `Debug` hides it, and it is wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Generates a random password of 74 bits, such as `kfmr4-xtzp7-dwh3n`.
    ///
    /// # Errors
    /// The system provides no random numbers.
    pub fn generate() -> anyhow::Result<Self> {
        let mut text = Zeroizing::new(String::with_capacity(GROUPS * (GROUP + 1)));
        for index in 0..GROUPS * GROUP {
            if index > 0 && index % GROUP == 0 {
                text.push('-');
            }
            text.push(random_symbol()?);
        }
        Ok(Self(text))
    }

    /// Returns the text, for the page of the device only.
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

/// Returns a uniformly random symbol: bytes beyond the last multiple of their number are rejected.
fn random_symbol() -> anyhow::Result<char> {
    let rounds = 256 / SYMBOLS.len();
    loop {
        let [byte] = random()?;
        let byte = usize::from(byte);
        if byte < rounds * SYMBOLS.len() {
            return Ok(char::from(SYMBOLS[byte % SYMBOLS.len()]));
        }
    }
}

/// Lower-case letters and digits, without `0` and `o`, `1`, `i` and `l`, which look alike.
const SYMBOLS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS: usize = 3;
const GROUP: usize = 5;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_password_is_random_and_of_all_symbols() {
        let passwords: Vec<_> = (0..200).map(|_| Password::generate().unwrap()).collect();
        let distinct: BTreeSet<_> = passwords.iter().map(Password::as_str).collect();
        assert_eq!(distinct.len(), 200);
        let used: BTreeSet<_> = distinct.iter().flat_map(|text| text.bytes()).collect();
        let allowed: BTreeSet<_> = SYMBOLS.iter().copied().chain([b'-']).collect();
        assert_eq!(used, allowed);
    }

    #[test]
    fn a_password_has_at_least_60_bits() {
        let (symbols, length) = (SYMBOLS.len() as f64, (GROUPS * GROUP) as f64);
        assert!(length * symbols.log2() >= 60.0);
    }

    #[test]
    fn a_password_has_three_groups_and_is_hidden_by_debug() {
        let password = Password::generate().unwrap();
        let groups: Vec<_> = password.as_str().split('-').map(str::len).collect();
        assert_eq!(groups, [5, 5, 5]);
        assert_eq!(format!("{password:?}"), "Password(..)");
    }
}
