//! The file format of a TSIG key, shared with `tsig-keygen` and `nsupdate -k`.

use anyhow::{Context, bail};

use super::{Algorithm, Key};

impl Key {
    /// Parses `key "NAME" { algorithm hmac-sha256; secret "BASE64"; };`.
    ///
    /// # Errors
    /// A text without a name, algorithm or secret, or an algorithm that is not supported. The
    /// errors omit the secret.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let tokens = tokens(text);
        let value = |keyword: &str| {
            let index = tokens.iter().position(|token| token == keyword)?;
            tokens.get(index + 1).cloned()
        };
        Ok(Self {
            name: value("key").context("no key in it; make one with tsig-keygen NAME")?,
            algorithm: Algorithm::parse(&value("algorithm").context("no algorithm in it")?)?,
            secret: value("secret").context("no secret in it")?,
        })
    }
}

impl Algorithm {
    fn parse(name: &str) -> anyhow::Result<Self> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "hmac-sha256" => Self::HmacSha256,
            "hmac-sha384" => Self::HmacSha384,
            "hmac-sha512" => Self::HmacSha512,
            other => bail!("{other} is not supported; use hmac-sha256, hmac-sha384 or hmac-sha512"),
        })
    }
}

/// Splits a text at blanks and punctuation, and removes the comments.
fn tokens(text: &str) -> Vec<String> {
    // `//` can be within Base64, so a comment has to start a word.
    let is_comment = |word: &str| word.starts_with("//") || word.starts_with('#');
    let words = text.lines().flat_map(|line| {
        let words = line.split_whitespace();
        words.take_while(move |word| !is_comment(word))
    });
    let words = words.flat_map(|word| word.split(|c| "{};\"".contains(c)));
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_parsed_in_any_layout() {
        let long =
            "# made today\nkey \"home\" {\n\talgorithm hmac-sha512;\n\tsecret \"c2VjcmV0\";\n};\n";
        let short = "key home{algorithm hmac-sha512;secret c2VjcmV0;};";
        for text in [long, short] {
            let key = Key::parse(text).unwrap();
            assert_eq!(
                (key.name.as_str(), key.secret.as_str()),
                ("home", "c2VjcmV0")
            );
            assert_eq!(key.algorithm, Algorithm::HmacSha512);
        }
    }

    #[test]
    fn a_secret_can_contain_two_slashes() {
        let key =
            Key::parse("key a { algorithm hmac-sha256; secret \"ab//cd==\"; }; // old").unwrap();
        assert_eq!(key.secret, "ab//cd==");
    }

    #[test]
    fn the_error_for_a_malformed_key_omits_the_secret() {
        let error = |text: &str| format!("{:#}", Key::parse(text).err().unwrap());
        assert!(error("").contains("tsig-keygen"));
        assert!(error("key a { secret c2VjcmV0; };").contains("no algorithm"));
        let md5 = error("key a { algorithm hmac-md5; secret c2VjcmV0; };");
        assert!(
            md5.contains("hmac-sha256") && !md5.contains("c2VjcmV0"),
            "{md5}"
        );
    }
}
