//! Random passwords of PKCS#12 files.

use std::fmt;

use zeroize::Zeroizing;

use crate::devices::random;

/// A password that is easy to type on a phone; wiped on drop and hidden by `Debug`.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Generates a password of 74 random bits, such as `kfmr4-xtzp7-dwh3n`.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn generate() -> anyhow::Result<Self> {
        let mut text = Zeroizing::new(String::with_capacity(GROUPS * (GROUP + 1)));
        for place in 0..GROUPS * GROUP {
            if place > 0 && place % GROUP == 0 {
                text.push('-');
            }
            text.push(Self::symbol()?);
        }
        Ok(Self(text))
    }

    /// Draws a symbol; rejects bytes that would make some symbols more likely.
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

    /// Returns the secret text.
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

/// Lower-case letters and digits without the similar `0` and `o`, `1`, `i` and `l`.
const SYMBOLS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS: usize = 3;
const GROUP: usize = 5;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_password_is_random_and_has_no_similar_symbols() {
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
    fn a_password_has_three_groups_and_debug_hides_it() {
        let password = Password::generate().unwrap();
        let groups: Vec<_> = password.as_str().split('-').map(str::len).collect();
        assert_eq!(groups, [5, 5, 5]);
        assert_eq!(format!("{password:?}"), "Password(..)");
    }
}
